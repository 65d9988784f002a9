"""Add up the results of test suites: `summary.py FOLDER SUITE …` reads `FOLDER/SUITE.xml` (JUnit).

The last line is `N passed, N failed`. The exit code is 0 only if nothing failed and every suite ran at least one test. A suite
that was skipped completely, or that failed before it wrote its results, counts as a failure.
"""
# ruff: noqa: INP001, T201  a script of its own

import sys
from pathlib import Path
from xml.etree import ElementTree as ET

__all__ = ["main"]


def main(arguments: list[str]) -> int:
    """Print a line for each suite and the total; return 1 if anything failed or did not run, else 0."""
    folder, *suites = arguments
    total_passed = total_failed = 0
    for suite in suites:
        passed, failed, skipped = _counts(Path(folder) / f"{suite}.xml")
        remark = "" if passed + failed else "  <- ran no test, which counts as a failure"
        print(f"{suite:12} {passed:5} passed {failed:5} failed {skipped:5} skipped{remark}")
        total_passed += passed
        total_failed += failed or not passed
    print(f"{total_passed} passed, {total_failed} failed")
    return 1 if total_failed else 0


def _counts(path: Path) -> tuple[int, int, int]:
    """Return the numbers of passed, failed (including errors) and skipped tests; all are 0 if there are no results."""
    if not path.exists():
        return 0, 0, 0
    suites = list(ET.parse(path).getroot().iter("testsuite"))  # noqa: S314  pytest wrote the file
    tests, failures, errors, skipped = (
        sum(int(suite.get(name, "0")) for suite in suites) for name in ("tests", "failures", "errors", "skipped")
    )
    return tests - failures - errors - skipped, failures + errors, skipped


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
