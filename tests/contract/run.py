"""Send every request to both servers, one after the other, and record the differences."""

import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Final

from tests.contract.comparing import Difference, Response, compare
from tests.contract.hostile_bodies import bodies_that_create, bodies_that_create_nothing, paths, schedules
from tests.contract.hostile_changes import (
    DEFINITION,
    definition_changes,
    job_changes,
    repeated_token,
    runs_of_definitions,
)
from tests.contract.hostile_queries import queries
from tests.contract.replay import Exchange, recorded_exchanges
from tests.contract.sides import Request, Side

__all__ = ["Comparison"]

_TIMEOUT_SECONDS: Final = 120
"""The timeout for one condition. On an idle machine, a job takes about five seconds."""

_AT_ONCE: Final = ThreadPoolExecutor(2)
_OUR_CODE: Final = "/jupyter_scheduler_aws/"
"""A text in tracebacks of errors that come from our code, not from jupyter-scheduler's own handlers and models."""

_ENDED: Final = {"COMPLETED", "FAILED", "STOPPED", "DELETED"}
_STARTED_STATES: Final = {"IN_PROGRESS", *_ENDED}


@dataclass
class Comparison:
    """Both servers, and the differences between them."""

    stock: Side
    here: Side
    compared: int = 0
    differences: list[tuple[str, Difference]] = field(default_factory=list)
    """Each with the name of its request."""
    generic: list[str] = field(default_factory=list)
    """Requests that reached our code, but to which our server responded with a generic message."""

    def replay(self) -> None:
        """Send the recorded requests, each when its jobs have reached the recorded state."""
        for exchange in recorded_exchanges():
            self._await_jobs(exchange)
            self.send(exchange.request)
            if exchange.is_download:
                self._await(lambda exchange=exchange: self._is_downloaded(exchange.request))  # type: ignore[misc]

    def settle(self) -> None:
        """Wait until the jobs of deleted definitions are gone; our service deletes them in the background."""
        stock = {row["name"] for row in self.stock.server.get("/jobs")["jobs"]}
        self._await(lambda: {row["name"] for row in self.here.server.get("/jobs")["jobs"]} == stock)

    def attack(self) -> None:
        """Send the unusual requests. `job 1` and all other jobs have ended."""
        for request in queries():
            self.send(request)
        self._create("/job_definitions", "definition", self._definition_bodies())
        self._create("/jobs", "job", self._job_bodies())
        for request in (*job_changes("job 1"), *repeated_token()):
            self.send(request)
        self._change_definitions()

    def send(self, request: Request) -> tuple[Response, Response]:
        """Send a request to both servers and record differences between the responses. Delete what only one of them created."""
        logged = self.here.log_size
        responses = list(_AT_ONCE.map(lambda side: side.send(request), (self.stock, self.here)))
        stock, here = responses
        self.compared += 1
        self.differences += [(request.name, difference) for difference in compare(stock, here)]
        if _says_nothing(here) and _OUR_CODE in (log := self.here.log_since(logged)):
            self.generic.append(f"{request.name}: {here.status} {_message(here)!r}, from {log[-1500:]}")
        if stock.is_success != here.is_success:
            for side in (self.stock, self.here):
                side.forget(request.creates)
        return stock, here

    def tidy(self) -> None:
        """Delete everything, including what a request created that got an error response."""
        for side in (self.stock, self.here):
            side.clear()

    def _definition_bodies(self) -> Iterator[tuple[str, object]]:
        yield from bodies_that_create_nothing()
        yield from bodies_that_create()
        yield from paths()
        yield from schedules()

    def _job_bodies(self) -> Iterator[tuple[str, object]]:
        """Reduce the number of running jobs, because each one is a process on both sides."""
        yield from bodies_that_create_nothing()
        yield from (each for number, each in enumerate(bodies_that_create()) if number % 4 == 0)
        yield from (each for each in paths() if "sub" in str(each) or "out" in str(each))

    def _create(self, path: str, noun: str, bodies: Iterator[tuple[str, object]]) -> None:
        for case, body in bodies:
            label = f"{noun}: {case}"
            responses = self.send(Request(case, "POST", path, body, creates=label))
            if all(response.is_success for response in responses):
                self.send(Request(f"after {case}", "GET", f"{path}/<{label}>"))
                self.send(Request(f"after {case}", "DELETE", f"{path}/<{label}>"))
            self.stock.forget_strangers()

    def _change_definitions(self) -> None:
        for case, body in definition_changes():
            self._make_definition("definition to change")
            path = "/job_definitions/<definition to change>"
            self.send(Request(case, "PATCH", path, body))
            self.send(Request(f"after {case}", "GET", path))
            for side in (self.stock, self.here):
                side.forget("definition to change")
        self._make_definition("definition to run")
        for request in runs_of_definitions("definition to run"):
            self.send(request)
            for side in (self.stock, self.here):
                side.forget(request.creates)

    def _make_definition(self, label: str) -> None:
        for side in (self.stock, self.here):
            assert side.send(Request("setup", "POST", "/job_definitions", DEFINITION, creates=label)).is_success

    def _await_jobs(self, exchange: Exchange) -> None:
        for side in (self.stock, self.here):
            for labels, states in ((exchange.running, _STARTED_STATES), (exchange.ended, _ENDED)):
                for label in labels:
                    self._await(lambda side=side, label=label, states=states: _has_come(side, label, states))  # type: ignore[misc]

    def _is_downloaded(self, request: Request) -> bool:
        label = request.path.split("<")[1].split(">")[0]
        documents = [side.server.get(f"/jobs/{side.ids[label]}") for side in (self.stock, self.here)]
        return all(document["downloaded"] for document in documents)

    def _await(self, condition: Callable[[], bool]) -> None:
        end = time.monotonic() + _TIMEOUT_SECONDS
        while not condition():
            assert time.monotonic() < end, "what the next request is about did not happen"
            time.sleep(0.2)


def _has_come(side: Side, label: str, states: set[str]) -> bool:
    """Check whether a job has one of the given statuses. The stock scheduler uses STOPPED for a job that has not started."""
    document = side.server.get(f"/jobs/{side.ids[label]}")
    return document["status"] in states and (document["status"] != "STOPPED" or document["start_time"] is not None)


def _message(response: Response) -> str:
    return str(response.body.get("message", "")) if isinstance(response.body, dict) and not response.is_success else ""


def _says_nothing(response: Response) -> bool:
    return _message(response).startswith(("Unexpected error", "Unhandled error"))
