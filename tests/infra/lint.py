"""Gives the templates that operators may deploy to cfn-lint: `python -m tests.infra.lint`, a part of `make check`.

The stack as it comes, and an operator's, with a network and environments of theirs, for each version of Python that the
settings allow. One process makes them all: what starts the CDK is started once, a template more costs some 2 s.
"""

import json
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final, get_args

from aws_cdk import App

from infra.main import build
from infra.settings import FunctionsSection
from tests.infra.conftest import OPERATORS
from tests.infra.synthesized import ROOT

__all__ = ["PYTHONS", "lint", "main", "variants", "write_template"]

PYTHONS: Final = tuple(get_args(FunctionsSection.model_fields["python"].annotation))
"""Versions of Lambda's Python that an operator may choose."""


def variants() -> Iterator[tuple[str, str]]:
    """Name each kind of stack, with its settings file's text."""
    yield "default", (ROOT / "scheduler.toml").read_text(encoding="utf-8")
    for version in PYTHONS:
        text, changes = re.subn(r'^python = ".+"$', f'python = "{version}"', OPERATORS, flags=re.MULTILINE)
        assert changes == 1, "the operator's settings choose no version of Python any more"
        yield f"operators-python{version}", text


def write_template(folder: Path, settings: str) -> Path:
    """Synthesize the stack of these settings; its functions' code is this machine's, which the template does not show."""
    folder.mkdir(parents=True)
    file = folder / "scheduler.toml"
    file.write_text(settings, encoding="utf-8")
    flags = json.loads((ROOT / "cdk.json").read_text(encoding="utf-8"))["context"]
    context = {**flags, "settings": str(file), "bundle_target": "local"}
    app = App(context=context, outdir=str(folder / "cdk.out"), analytics_reporting=False)
    build(app)
    app.synth()
    return folder / "cdk.out" / "Scheduler.template.json"


def lint(templates: Sequence[Path]) -> int:
    """Have cfn-lint print what it finds, as `.cfnlintrc.yaml` says; anything found gives another exit code than 0."""
    command = [str(Path(sys.executable).with_name("cfn-lint")), "--", *map(str, templates)]
    return subprocess.run(command, cwd=ROOT, check=False).returncode


def main() -> int:
    """Lint every kind of stack."""
    with tempfile.TemporaryDirectory() as scratch:
        return lint([write_template(Path(scratch, name), settings) for name, settings in variants()])


if __name__ == "__main__":
    sys.exit(main())
