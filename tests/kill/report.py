"""Write docs/reliability.md from the results of the last run: `python -m tests.kill.report [--partial]`.

With `--partial`, rows that were not run are in the document without a result.
"""

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from tests.kill.results import known_failures, read_results, write_known_failures
from tests.kill.rows import ROWS, Row
from tests.kill.shortened import FACTOR

__all__ = ["DOCUMENT", "main"]

DOCUMENT: Final = Path(__file__).parents[2] / "docs" / "reliability.md"

_INTRODUCTION: Final = f"""# Reliability

The promise: no job runs twice when it should run once, none is lost, none stays "running" for ever, none is called a success or a failure that it was not, and what exists can be downloaded.

`make reliability` writes this page. It starts a local cloud, causes each fault in a real run with real processes, and notes what a person sees at the end.
A proxy between the runner and the service shows when the runner has come to a moment, and cuts it off. The notebook appends a line to a file outside each time it runs.

The service's and the runner's time limits are {FACTOR} times shorter than in production, so an outage of ten minutes takes one. Times are measured with these limits, from the fault to the end of the job, and include the work of the machine.
Another job runs meanwhile: while no runner at all is heard, silence may be an outage, and a hanging runner is stopped after two hours instead of fifteen minutes.
`make kill-tests` fails if a row breaks the promise. The rows are in `tests/kill/rows.py`.

| fault | moment | status | outcome | can be downloaded | ran | attempts | time to the end |
| --- | --- | --- | --- | --- | --- | --- | --- |
"""

_ELSEWHERE: Final = """
## Faults that other tests cause

These need a container with a memory limit, a small disk, or many jobs; each test checks what the person sees.

- Memory full, by the kernel: FAILED, *Out of memory*, with the cell and the limit; the notebook and the files can be downloaded (`tests/image/test_outcomes.py::test_a_kernel_that_runs_out_of_memory_is_reported`).
- Memory full, by a process that the notebook started: the outcome of the cell, with a sentence about the memory (`tests/image/test_outcomes.py::test_a_process_of_a_notebook_that_runs_out_of_memory_is_reported`).
- Memory full, the runner itself is killed: its init counts the kernel's kills and exits with the code of *Out of memory* (`tests/image/test_outcomes.py::test_a_runner_that_is_killed_because_memory_is_full_is_reported_by_its_init`).
- A container is killed with memory left: not called *Out of memory*; the rows with SIGKILL above show the retry (`tests/image/test_outcomes.py::test_a_container_that_is_killed_for_another_reason_is_not_out_of_memory`).
- Disk full: the outcome of the cell, with what to do; the notebook and its formats can be downloaded (`tests/runner/test_outcomes.py::test_a_full_disk_is_explained`).
- A cell that kills every process: its kernel ends, the outputs are kept (`tests/image/test_leftover_processes_and_files.py::test_a_cell_that_kills_all_processes_ends_only_its_kernel`).
- Many jobs of two owners at once: each runs exactly once (`tests/kill/test_many_jobs.py::test_many_jobs_of_two_owners_each_run_once`; `make kill-tests JOBS=300`).
- Each AWS call of each background function and of each request fails before it is sent, loses its response, is throttled, fails inside AWS, or is sent twice (`tests/faults/test_handlers.py`, `tests/faults/test_faults.py`).
- Every order of events of one job, with up to two functions at a time (`tests/model/test_model.py`).
"""


def main() -> int:
    """Write the document, and remove mended rows from the known failures.

    Returns
    -------
    The exit code: 1 if a row was not run, or breaks the promise without being known to.
    """
    results, reasons = read_results(), known_failures()
    missing = [row.name for row in ROWS if row.name not in results]
    if missing and "--partial" not in sys.argv:
        print(f"These rows were not run: {'; '.join(missing)}", file=sys.stderr)
        return 1
    broken = {name: result["problems"] for name, result in results.items() if result["problems"]}
    reasons = {name: reason for name, reason in reasons.items() if name in broken or name in missing}
    write_known_failures(reasons)
    DOCUMENT.write_text(_document(results, reasons), encoding="utf-8")
    unknown = {name: problems for name, problems in broken.items() if name not in reasons}
    for name, problems in unknown.items():
        print(f"{name}: {'; '.join(problems)}", file=sys.stderr)
    return 1 if unknown else 0


def _document(results: Mapping[str, Mapping[str, Any]], reasons: Mapping[str, str]) -> str:
    table = "".join(_line(row, results.get(row.name)) for row in ROWS)
    if not reasons:
        return _INTRODUCTION + table + _ELSEWHERE
    open_rows = "".join(f"- {name}: {reason}\n" for name, reason in reasons.items())
    return f"{_INTRODUCTION}{table}\n## Not kept yet\n\n{open_rows}{_ELSEWHERE}"


def _line(row: Row, result: Mapping[str, Any] | None) -> str:
    if result is None:
        return f"| {row.fault} | {row.phase} | not measured yet | | | | | |\n"
    outcome = result["title"] or ("nothing is left" if result["status"] == "deleted" else "")
    if result["message"]:
        outcome += f": {_one_line(result['message'])}"
    cells = (
        row.fault,
        row.phase,
        result["status"],
        outcome,
        ", ".join(_kinds(result["files"])) or "nothing",
        _times(result["runs"]),
        str(result["attempts"] or ""),
        f"{result['seconds']:.0f} s",
    )
    return f"| {' | '.join(cells)} |\n"


def _kinds(files: list[str]) -> list[str]:
    kinds = {".ipynb": "notebook", ".html": "HTML", ".py": "script"}
    return sorted(
        {kinds.get(Path(name).suffix, "file") for name in files}, key=["notebook", "HTML", "script", "file"].index
    )


def _times(count: int) -> str:
    return {0: "never", 1: "once", 2: "twice"}.get(count, f"{count} times")


def _one_line(text: str) -> str:
    line = text.splitlines()[0].replace("|", "\\|")
    return line if len(line) <= 120 else f"{line[:119]}…"


if __name__ == "__main__":
    sys.exit(main())
