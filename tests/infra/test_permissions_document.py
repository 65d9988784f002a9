"""docs/permissions.md is what the synthesized template says."""

import subprocess
import sys

from tests.infra.synthesized import ROOT


def test_the_page_is_up_to_date() -> None:
    """Every permission has a purpose, or the page could not be made."""
    command = [sys.executable, "-m", "infra.permissions"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout == (ROOT / "docs" / "permissions.md").read_text(encoding="utf-8"), "run `make permissions`"
