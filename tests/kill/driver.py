"""Run one row: submit a notebook, wait for the phase, cause the fault, and watch how the job ends."""

import json
import os
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

from jupyter_scheduler_aws.api.job_models import Job
from jupyter_scheduler_aws.client import Client
from jupyter_scheduler_aws.errors import NotFoundError, SchedulerClientError
from tests.kill.cloud import Cloud
from tests.kill.proxy import Gate, Request
from tests.kill.rows import Fault, Phase, Row
from tests.kill.shortened import FACTOR, QUICK_FORMAT

__all__ = ["Result", "healthy_neighbor", "problems", "run_row"]

_NEIGHBOR_SECONDS: Final = 2400

_WAIT_SECONDS: Final = 280
"""How long a notebook waits in its cell, unless it is told to continue [s]."""

_POLL_SECONDS: Final = 0.5
_PHASE_SECONDS: Final = 300
"""How long a job may take to its phase, on a machine that does much else [s]."""

_SLACK_SECONDS: Final = 90
"""What the end of a job may take here beyond the limits, for the same reason [s]."""

_MINUTE: Final = 60 / FACTOR
"""A minute with the shortened limits [s]."""

_CELLS: Final = """
import os, pathlib, time
outside = pathlib.Path({folder!r})
with open(outside / "runs", "a") as file:
    file.write("run\\n")
pathlib.Path("result.txt").write_text("result")
(outside / "kernel").write_text(str(os.getpid()))
"""
_WAIT: Final = """
end = time.monotonic() + {wait_seconds}
while not (outside / "continue").exists() and time.monotonic() < end:
    time.sleep(0.05)
"""


@dataclass(frozen=True, kw_only=True)
class Result:
    """What a person sees of a row's job at its end."""

    row: str
    status: str
    """`deleted` if the job is gone, `still` and its status if it has not ended in time."""
    outcome: str
    title: str
    message: str
    runs: int
    attempts: int
    files: list[str]
    """The files that can be downloaded."""
    seconds: float
    """The time from the fault to the end [s], with the shortened limits."""
    tasks_left: int

    def as_json(self) -> dict[str, Any]:
        """Return it as JSON."""
        return asdict(self)


def run_row(cloud: Cloud, row: Row, folder: Path) -> Result:
    """Run a row.

    Parameters
    ----------
    folder
        An existing folder for the files of the row.
    """
    deployed = cloud.deployed
    with Client(deployed.api_url, region=deployed.region, session=deployed.session) as client:
        run = _Run(cloud, row, folder, client)
        run.submit()
        run.wait_for_phase()
        run.cause_fault()
        return run.watch()


@contextmanager
def healthy_neighbor(cloud: Cloud, folder: Path) -> Iterator[None]:
    """Keep another job running meanwhile, whose heartbeats prove that runners can reach the service.

    Without it, silence may be an outage, and a hanging runner is stopped after two hours instead of fifteen minutes.
    """
    notebook = _write_notebook(folder, wait_seconds=_NEIGHBOR_SECONDS)
    with Client(cloud.deployed.api_url, region=cloud.deployed.region, session=cloud.deployed.session) as client:
        job_id = client.submit(notebook, name="healthy neighbor")
        try:
            yield
        finally:
            client.stop_job(job_id)


def problems(row: Row, result: Result) -> list[str]:
    """Return what of the promise is broken."""
    found = []
    if row.status and result.status not in row.status:
        found.append(f"{result.status} instead of {' or '.join(sorted(row.status))}")
    if not row.status and result.status != "deleted":
        found.append(f"{result.status} instead of deleted")
    if row.outcome and result.outcome not in row.outcome:
        found.append(f"outcome {result.outcome} ({result.message}) instead of {' or '.join(sorted(row.outcome))}")
    if result.runs not in row.runs:
        found.append(f"ran {result.runs} times instead of {' or '.join(map(str, sorted(row.runs)))}")
    if row.has_outputs and not any(name.endswith(".ipynb") for name in result.files):
        found.append("the executed notebook cannot be downloaded")
    if result.seconds > _longest(row):
        found.append(f"ended after {result.seconds:.0f} s")
    if result.tasks_left:
        found.append("a container still runs")
    return found


def _longest(row: Row) -> float:
    return row.minutes * 60 / FACTOR + _SLACK_SECONDS


class _Run:
    def __init__(self, cloud: Cloud, row: Row, folder: Path, client: Client) -> None:
        self._cloud = cloud
        self._row = row
        self._folder = folder
        self._client = client
        self._job_id = ""
        self._gate: Gate | None = None

    def submit(self) -> None:
        row = self._row
        if row.phase is not Phase.CELL or row.fault in (Fault.NONE, Fault.EVENTS_DOUBLED, Fault.EVENTS_REVERSED):
            self._continue()
        notebook = _write_notebook(self._folder)
        converted = "html" if row.phase is Phase.CONVERT else QUICK_FORMAT  # html: so slow that a heartbeat says so
        self._job_id = self._client.submit(notebook, output_formats=["ipynb", converted], name=row.name[:100])
        faults = {Fault.EVENTS_LOST: "lost", Fault.EVENTS_DOUBLED: "doubled", Fault.EVENTS_REVERSED: "reversed"}
        if row.fault in faults:
            self._cloud.set_event_fault(self._job_id, faults[row.fault])
        action = _ACTIONS.get(row.phase)
        if action is not None:
            self._gate = self._cloud.proxy.gate(self._is(action), after=row.phase is Phase.REPORTED)

    def wait_for_phase(self) -> None:
        if self._gate is not None:
            reached = self._gate.reached.wait(_PHASE_SECONDS)
        else:
            reached = _until((self._folder / "kernel").exists, _PHASE_SECONDS)
        assert reached, f"the job has not come to: {self._row.phase}"

    def cause_fault(self) -> None:
        self._since = time.monotonic()
        fault, job_id = self._row.fault, self._job_id
        if fault in _SIGNALS:
            self._signal(_SIGNALS[fault])
        elif fault in _OUTAGES:
            self._cut_off(*_OUTAGES[fault])
        elif fault is Fault.PAUSE:
            self._signal(signal.SIGSTOP)
            time.sleep(2 * _MINUTE)
            self._signal(signal.SIGCONT)
        elif fault is Fault.KERNEL_KILL:
            os.kill(int((self._folder / "kernel").read_text(encoding="ascii")), signal.SIGKILL)
        elif fault is Fault.STOP:
            self._client.stop_job(job_id)
        elif fault is Fault.DELETE:
            self._client.delete_jobs([job_id])
        elif fault is Fault.RESTART:
            self._cloud.restart()
        self._release()
        if fault not in (Fault.STOP, Fault.SUSPEND):
            self._continue()

    def _cut_off(self, service: str, minutes: int) -> None:
        self._cloud.proxy.cut(self._job_id, service)
        self._release()
        self._wait_for_end(minutes * _MINUTE)
        self._cloud.proxy.mend(self._job_id, service)

    def watch(self) -> Result:
        job = self._wait_for_end(_longest(self._row) + 30)
        seconds = time.monotonic() - self._since
        self._continue()
        _until(lambda: not self._cloud.running_tasks(self._job_id), 60)
        outcome = job.outcome if job else None
        return Result(
            row=self._row.name,
            status="deleted" if job is None else job.status if job.is_ended else f"still {job.status}",
            outcome=outcome.code if outcome else "",
            title=outcome.title if outcome else "",
            message=(job.status_message or "") if job else "",
            runs=len(_lines(self._folder / "runs")),
            attempts=job.attempt if job else 0,
            files=self._downloadable() if job else [],
            seconds=seconds,
            tasks_left=self._cloud.running_tasks(self._job_id),
        )

    def _wait_for_end(self, seconds: float) -> Job | None:
        end = time.monotonic() + seconds
        while True:
            try:
                job = self._client.get_job(self._job_id)
            except NotFoundError:
                return None
            if job.is_ended or time.monotonic() > end:
                return job
            if self._row.fault is Fault.SUSPEND and job.attempt > 1:
                self._continue()
            time.sleep(_POLL_SECONDS)

    def _downloadable(self) -> list[str]:
        try:
            return sorted(path.name for path in self._client.download(self._job_id, self._folder / "outputs"))
        except SchedulerClientError:
            return []

    def _signal(self, number: int) -> None:
        pid = self._cloud.runner(self._job_id, 1)
        assert pid is not None
        with suppress(ProcessLookupError):
            os.kill(pid, number)

    def _is(self, action: str) -> Callable[[Request], bool]:
        return lambda request: request.job_id == self._job_id and request.action.startswith(action)

    def _release(self) -> None:
        if self._gate is not None:
            self._gate.opened.set()

    def _continue(self) -> None:
        (self._folder / "continue").touch()


_ACTIONS: Final = {
    Phase.CHECK_IN: "check-in",
    Phase.KERNEL: "heartbeat starting_kernel",
    Phase.CONVERT: "heartbeat converting",
    Phase.UPLOAD: "PUT outputs/1/files/",
    Phase.REPORT: "report",
    Phase.REPORTED: "report",
}
"""The request of the runner that shows that it has come to a phase."""

_SIGNALS: Final = {
    Fault.KILL: signal.SIGKILL,
    Fault.EVENTS_LOST: signal.SIGKILL,
    Fault.TERM: signal.SIGTERM,
    Fault.SUSPEND: signal.SIGSTOP,
}
"""What the runner's process is sent."""

_OUTAGES: Final = {
    Fault.API_SHORT: ("api", 1),
    Fault.API_LONG: ("api", 10),
    Fault.S3_SHORT: ("s3", 1),
    Fault.S3_LONG: ("s3", 10),
}
"""What is cut off, and for how long [min]."""


def _write_notebook(folder: Path, wait_seconds: int = _WAIT_SECONDS) -> Path:
    cells: list[dict[str, object]] = [
        {"cell_type": "code", "id": f"c{i}", "metadata": {}, "execution_count": None, "outputs": [], "source": source}
        for i, source in enumerate(
            (_CELLS.format(folder=str(folder)), _WAIT.format(wait_seconds=wait_seconds), "print('the end')")
        )
    ]
    kernel = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
    path = folder / "report.ipynb"
    path.write_text(
        json.dumps({"cells": cells, "metadata": kernel, "nbformat": 4, "nbformat_minor": 5}), encoding="utf-8"
    )
    return path


def _lines(path: Path) -> list[str]:
    return path.read_text(encoding="utf-8").splitlines() if path.exists() else []


def _until(condition: Callable[[], object], seconds: float) -> bool:
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            return False
        time.sleep(0.1)
    return True
