"""Inputs that cannot be downloaded, or are not what the work order says."""

from collections.abc import Callable

import psutil  # type: ignore[import-not-found,import-untyped,unused-ignore]

from tests.runner.conftest import FAST, Runner, notebook
from tests.runner.fake_service import FakeService

Order = Callable[..., None]


def test_an_input_of_another_size_is_an_input_problem(runner: Runner, service: FakeService, order: Order) -> None:
    order(notebook("1"), input={"size_bytes": 10})

    assert (runner.run()[0], runner.outcome["code"]) == (13, "input_problem")
    assert "the input has more than 10 bytes, expected 10" in runner.outcome["message"]


def test_a_missing_input_is_an_input_problem(runner: Runner, service: FakeService, order: Order) -> None:
    order(notebook("1"))
    service.rules["input"] = lambda _: 404

    assert (runner.run()[0], runner.outcome["code"]) == (13, "input_problem")


def test_an_interrupted_download_is_retried(runner: Runner, service: FakeService, order: Order) -> None:
    order(notebook("1"))
    service.cut["input"] = [10]

    assert runner.run()[0] == 0
    assert len(service.requests_to("input")) == 2


def test_an_unreachable_input_is_a_runner_error(runner: Runner, service: FakeService, order: Order) -> None:
    order(notebook("1"), heartbeat_seconds=0.5)
    service.rules["input"] = lambda _: 503

    assert (runner.run(script=FAST, retry_seconds="2")[0], runner.outcome["code"]) == (19, "runner_error")


def test_an_unreadable_work_order_is_a_runner_error(runner: Runner, service: FakeService, order: Order) -> None:
    order(notebook("1"))
    del service.order["limits"]

    code, running = runner.run()

    assert code == 19
    assert "the work order cannot be read: KeyError('limits')" in running.log
    assert not psutil.pid_exists(running.process.pid)
