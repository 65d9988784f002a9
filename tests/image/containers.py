"""Runners in real containers: the image's own entry point, with the options of the deployed task definition."""

import json
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import nbformat

from local_cloud.container_engine import RealContainers
from local_cloud.container_options import ContainerOptions
from local_cloud.paths import RUNNER_IMAGE
from local_cloud.real_container import RealContainer
from tests.runner.fake_service import STARTED_WITH, FakeService

__all__ = ["ImageRunner", "Run", "printed"]

MEMORY_MIB = 1024
"""Small enough to run two containers at the same time."""


class Run:
    """One container. Its log is read as it comes."""

    def __init__(self, container: RealContainer) -> None:
        self.container = container
        self.lines: list[str] = []
        self._changed = threading.Condition()
        self._reader = threading.Thread(target=self._read)
        self._reader.start()

    def _read(self) -> None:
        for line in self.container.logs(stream=True, follow=True):
            assert isinstance(line, bytes)
            with self._changed:
                self.lines.append(line.decode("utf-8", "replace"))
                self._changed.notify_all()

    def wait_for_line(self, part: str, *, seconds: float = 120) -> str:
        with self._changed:
            found = self._changed.wait_for(
                lambda: next((line for line in self.lines if part in line), None), timeout=seconds
            )
        assert found, f"{part!r} is not in the log:\n{self.log}"
        return found

    def end(self, *, seconds: float = 200) -> int:
        """Wait for the end, and return the exit code."""
        code = self.container.wait(seconds)["StatusCode"]
        self._reader.join(30)
        return code

    @property
    def log(self) -> str:
        return "\n".join(self.lines)


@dataclass
class ImageRunner:
    """Starts containers of the image for a fake service."""

    containers: RealContainers
    options: ContainerOptions
    service: FakeService
    started: list[Run] = field(default_factory=list)

    def start(self, *, memory_mib: int = MEMORY_MIB, image: str = RUNNER_IMAGE, **changed: Any) -> Run:
        """Start a container as the service does, optionally with another image and other options than the task definition's."""
        environment = {"RUN_URL": self.service.run_url, **STARTED_WITH}
        options = replace(self.options, memory_mib=memory_mib, **changed)
        run = Run(self.containers.run(image, environment=environment, options=options))
        self.started.append(run)
        return run

    def run(self, **changed: Any) -> tuple[int, Run]:
        """Start a container and wait for its end."""
        run = self.start(**changed)
        return run.end(), run

    @property
    def outcome(self) -> Mapping[str, Any]:
        """The outcome in the only report."""
        assert len(self.service.reports) == 1, self.started[-1].log
        outcome: Mapping[str, Any] = self.service.reports[0]["outcome"]
        return outcome

    def text(self, cell: int) -> str:
        """Return what a code cell of the uploaded notebook printed, counted from 1."""
        return printed(self.service.outputs["report-out.ipynb"], cell)

    def facts(self, cell: int) -> Any:
        """Return the JSON that a code cell printed."""
        return json.loads(self.text(cell))

    def close(self) -> None:
        """Kill the containers that still run."""
        for run in self.started:
            run.container.kill()
            run.end()


def printed(notebook: bytes, cell: int) -> str:
    """Return what a code cell of an executed notebook printed, counted from 1."""
    read: Any = nbformat.v4.reads(notebook.decode())  # type: ignore[no-untyped-call]
    cells = [item for item in read.cells if item.cell_type == "code"]
    return "".join(output.get("text", "") for output in cells[cell - 1].outputs)
