"""Adds up the suites' results: `summary.py FOLDER SUITE …` reads `FOLDER/SUITE.xml`, as pytest writes it.

The last line is `N passed, N failed`. The exit code is 0 only if nothing failed and every suite ran at least one test: a
suite that was skipped as a whole, or broke before it wrote its results, counts as a failure.
"""
# ruff: noqa: INP001, T201  a script of its own

import sys
from pathlib import Path
from xml.etree import ElementTree as ET

__all__ = ["main"]


def main(arguments: list[str]) -> int:
    """Print a line for each suite and the sum; give 1 if anything failed or did not run."""
    folder, *suites = arguments
    total_passed = total_failed = 0
    for suite in suites:
        passed, failed, skipped = _counts(Path(folder) / f"{suite}.xml")
        remark = "" if passed + failed else "  <- ran no test, which counts as a failure"
        print(f"{suite:10} {passed:5} passed {failed:5} failed {skipped:5} skipped{remark}")
        total_passed += passed
        total_failed += failed or not passed
    print(f"{total_passed} passed, {total_failed} failed")
    return 1 if total_failed else 0


def _counts(path: Path) -> tuple[int, int, int]:
    """Give how many passed, failed (errors are failures) and were skipped; all 0 without results."""
    if not path.exists():
        return 0, 0, 0
    suites = list(ET.parse(path).getroot().iter("testsuite"))  # noqa: S314  pytest wrote it a moment ago
    tests, failures, errors, skipped = (
        sum(int(suite.get(name, "0")) for suite in suites) for name in ("tests", "failures", "errors", "skipped")
    )
    return tests - failures - errors - skipped, failures + errors, skipped


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
