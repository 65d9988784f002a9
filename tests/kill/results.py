"""The results of the last run of each row, and the rows that are known to break the promise."""

import json
import threading
import tomllib
from pathlib import Path
from typing import Any, Final

from tests.kill.driver import Result

__all__ = ["KNOWN_FAILURES", "RESULTS", "add_result", "known_failures", "read_results", "write_known_failures"]

_ROOT: Final = Path(__file__).parents[2]

RESULTS: Final = _ROOT / "build" / "reliability.json"
"""The results by row, with the problems found."""

KNOWN_FAILURES: Final = Path(__file__).with_name("known_failures.toml")
"""The rows whose promise is not kept yet, and what is missing."""

_LOCK: Final = threading.Lock()


def add_result(result: Result, problems: list[str]) -> None:
    """Keep the result of a row; it replaces an earlier one."""
    with _LOCK:
        results = read_results()
        results[result.row] = {**result.as_json(), "problems": problems}
        RESULTS.parent.mkdir(exist_ok=True)
        RESULTS.write_text(json.dumps(results, indent=1), encoding="utf-8")


def read_results() -> dict[str, dict[str, Any]]:
    """Return the kept results by row."""
    if not RESULTS.exists():
        return {}
    results: dict[str, dict[str, Any]] = json.loads(RESULTS.read_text(encoding="utf-8"))
    return results


def known_failures() -> dict[str, str]:
    """Return what is missing, by row."""
    return dict(tomllib.loads(KNOWN_FAILURES.read_text(encoding="utf-8")))


def write_known_failures(reasons: dict[str, str]) -> None:
    """Write what is missing, by row."""
    head = "# Rows of tests/kill whose promise is not kept yet, and what is missing. `make reliability` removes those that are mended.\n"
    lines = [f"{json.dumps(row)} = {json.dumps(reason)}\n" for row, reason in reasons.items()]
    KNOWN_FAILURES.write_text(head + "".join(lines), encoding="utf-8")
