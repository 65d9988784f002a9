"""The stock scheduler's own handler tests, run against `AwsScheduler`."""

import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree as ET

ROOT = Path(__file__).parents[2]

STOCK_TESTS = 50
"""The minimum number of tests in `test_handlers.py` of jupyter-scheduler 2.12.1, which skips one of them."""


def test_the_stock_handler_tests_pass(tmp_path: Path) -> None:
    report = tmp_path / "report.xml"
    command = [sys.executable, "-m", "pytest", "--pyargs", "jupyter_scheduler.tests.test_handlers"]
    # The later plugin's fixtures take the place of the earlier one's.
    options = ["-p", "pytest_jupyter.jupyter_server", "-p", "tests.contract.stock_plugin"]
    where = ["--rootdir", str(tmp_path), "-c", "/dev/null", "-p", "no:cacheprovider", f"--junitxml={report}"]
    done = subprocess.run([*command, *options, *where], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-5000:]
    [suite] = ET.parse(report).getroot().iter("testsuite")
    counts = {name: int(suite.get(name, "0")) for name in ("tests", "failures", "errors", "skipped")}
    assert counts["tests"] >= STOCK_TESTS
    assert (counts["failures"], counts["errors"], counts["skipped"]) == (0, 0, 1)
