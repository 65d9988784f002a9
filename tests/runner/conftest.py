import io
import json
import os
import subprocess
import sys
import textwrap
import threading
import zipfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import nbformat
import psutil  # type: ignore[import-not-found,import-untyped,unused-ignore]
import pytest

from tests.runner.fake_service import STARTED_WITH, FakeService

RUNNER_CONTAINER = Path(__file__).parents[2] / "runner_container"
FAST = Path(__file__).with_name("fast_runner.py")
PID = "import os, time\nprint('pid', os.getpid(), flush=True)\n"
"""A cell that prints the kernel's process id."""
WAIT = PID + "time.sleep(600)"


def notebook(
    *sources: str, kernel: str | None = "python3", language: str = "python", tags: Mapping[int, str] | None = None
) -> bytes:
    cells: list[dict[str, Any]] = [
        {
            "id": f"cell-{index}",
            "cell_type": "code",
            "execution_count": None,
            "metadata": {"tags": [tags[index]]} if tags and index in tags else {},
            "outputs": [],
            "source": textwrap.dedent(source).strip(),
        }
        for index, source in enumerate(sources)
    ]
    spec = {"kernelspec": {"name": kernel, "display_name": kernel, "language": language}} if kernel else {}
    return json.dumps({"nbformat": 4, "nbformat_minor": 5, "metadata": spec, "cells": cells}).encode()


def zipped(files: Mapping[str, bytes | str]) -> bytes:
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return data.getvalue()


@dataclass
class Running:
    """The process of a runner. Its log is read as it comes."""

    process: subprocess.Popen[str]
    lines: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._changed = threading.Condition()
        self._reader = threading.Thread(target=self._read)
        self._reader.start()

    def _read(self) -> None:
        assert self.process.stdout
        with self.process.stdout as stdout:
            for line in stdout:
                with self._changed:
                    self.lines.append(line.rstrip("\n"))
                    self._changed.notify_all()
        with self._changed:
            self._changed.notify_all()

    def wait_for_line(self, part: str, *, seconds: float = 60) -> str:
        with self._changed:
            found = self._changed.wait_for(
                lambda: next((line for line in self.lines if part in line), None), timeout=seconds
            )
        assert found, f"{part!r} is not in the log:\n" + "\n".join(self.lines)
        return found

    def end(self, *, seconds: float = 120) -> int:
        code = self.process.wait(seconds)
        self._reader.join(30)
        return code

    @property
    def log(self) -> str:
        return "\n".join(self.lines)


def kernel_of(running: Running) -> psutil.Process:
    """Wait until a cell has printed the kernel's process id, and return the process."""
    return psutil.Process(int(running.wait_for_line("pid ").split()[-1]))


def assert_ended(kernel: psutil.Process) -> None:
    _, alive = psutil.wait_procs([kernel], timeout=20)
    assert not alive


@dataclass
class Runner:
    """Starts runners for a fake service."""

    service: FakeService
    folder: Path
    started: list[Running] = field(default_factory=list)

    def start(self, *, script: Path | None = None, **environment: str) -> Running:
        command = [sys.executable, str(script)] if script else [sys.executable, "-m", "runner"]
        process = subprocess.Popen(
            command,
            cwd=self.folder,
            env=self.environment(**environment),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self.started.append(Running(process))
        return self.started[-1]

    def environment(self, **changed: str) -> dict[str, str]:
        (self.folder / "home").mkdir(exist_ok=True)
        return {
            "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
            "HOME": str(self.folder / "home"),
            "TMPDIR": str(self.folder),
            "PYTHONPATH": str(RUNNER_CONTAINER),
            "RUN_URL": self.service.run_url,
            **STARTED_WITH,
            **changed,
        }

    def run(self, *, script: Path | None = None, **environment: str) -> tuple[int, Running]:
        running = self.start(script=script, **environment)
        return running.end(), running

    @property
    def outcome(self) -> dict[str, Any]:
        assert len(self.service.reports) == 1, self.started[-1].log
        outcome: dict[str, Any] = self.service.reports[0]["outcome"]
        return outcome

    def output(self, path: str = "report-out.ipynb") -> Any:
        return nbformat.v4.reads(self.service.outputs[path].decode())  # type: ignore[no-untyped-call]

    def text(self, cell: int, path: str = "report-out.ipynb") -> str:
        """Return what a code cell of the uploaded notebook printed, counted from 1."""
        cells = [cell for cell in self.output(path).cells if cell.cell_type == "code"]
        return "".join(output.get("text", "") for output in cells[cell - 1].outputs)


@pytest.fixture
def service() -> Iterator[FakeService]:
    with FakeService() as fake:
        yield fake


@pytest.fixture
def order(service: FakeService) -> Callable[..., None]:
    """Set the input and the work order of the fake service."""

    def set_order(data: bytes, *, filename: str = "report.ipynb", packaged: bool = False, **changed: Any) -> None:
        service.input = data
        limits = {
            "max_unpacked_bytes": 50 << 20,
            "max_unpacked_files": 1000,
            "max_output_bytes": 50 << 20,
            "max_output_files": 100,
        }
        defaults = {
            "job_id": "0199-1",
            "name": "Report",
            "attempt": 1,
            "input": {"filename": filename, "packaged": packaged, **changed.pop("input", {})},
            "parameters": {},
            "environment": {"name": "analysis", "kernel": "python3"},
            "output_formats": ["ipynb"],
            "output_stem": "report-out",
            "timeout_seconds": 600,
            "heartbeat_seconds": 15,
            "finish_seconds": 600,
            "limits": {**limits, **changed.pop("limits", {})},
        }
        service.order = json.loads(json.dumps({**defaults, **changed}))

    return set_order


@pytest.fixture
def runner(service: FakeService, tmp_path: Path) -> Iterator[Runner]:
    runner = Runner(service, tmp_path)
    yield runner
    for running in runner.started:
        if running.process.poll() is None:
            running.process.kill()
        running.end()
