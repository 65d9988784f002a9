"""One method for both versions: version 2 awaits `<method>`, version 3 awaits `<method>_async`."""

import asyncio
import inspect
import threading
from typing import Any

import pytest

from jupyter_scheduler_aws import AwsEnvironmentManager, AwsJobFilesManager, AwsScheduler
from jupyter_scheduler_aws.api.deadline import remaining_seconds
from jupyter_scheduler_aws.connector.async_adapter import (
    GRACE_SECONDS,
    add_async_methods,
    is_read,
    read,
    request,
    transfer,
)
from jupyter_scheduler_aws.connector.workers import Workers
from jupyter_scheduler_aws.errors import SchedulerClientError

TIMEOUT_SECONDS = 60
VERSIONS = ["2.12.1", "2.9.0rc1", "3.0.0", "3.0.0a1", "10.1"]


class ShownError(Exception):
    """What a user sees."""


def shown(error: SchedulerClientError) -> ShownError:
    return ShownError(f"shown: {error.message}")


def adapted_class(version: str) -> Any:
    @add_async_methods(shown, version=version)
    class Scheduler:
        """One of each kind of method."""

        def __init__(self) -> None:
            self.requests, self.transfers = Workers(2), Workers(1)
            self.held = threading.Event()

        @request
        def ask(self, first: str, *, second: str = "b") -> tuple[str, str, threading.Thread]:
            """Return the arguments and the thread it runs in."""
            return first, second, threading.current_thread()

        @transfer
        def send(self) -> str:
            """Block until the test continues."""
            assert self.held.wait(TIMEOUT_SECONDS)
            return "sent"

        @request
        def refuse(self) -> None:
            """Raise an error of the client."""
            raise SchedulerClientError("There is no such job.")

        @request
        def break_down(self) -> None:
            """Raise an unexpected error."""
            raise KeyError("a defect")

        def plain(self) -> threading.Thread:
            """Has no coroutine."""
            return threading.current_thread()

    return Scheduler


def is_version_2(version: str) -> bool:
    return version.startswith("2.")


@pytest.mark.parametrize("version", VERSIONS)
def test_the_plain_name_is_a_coroutine_only_in_version_2(version: str) -> None:
    scheduler = adapted_class(version)
    assert inspect.iscoroutinefunction(scheduler.ask) == is_version_2(version)
    assert inspect.iscoroutinefunction(scheduler.ask_async)
    assert not hasattr(scheduler, "plain_async")
    assert not inspect.iscoroutinefunction(scheduler.plain)


@pytest.mark.parametrize("version", VERSIONS)
def test_coroutines_pass_arguments_and_keep_names(version: str) -> None:
    scheduler = adapted_class(version)()

    first, second, thread = asyncio.run(scheduler.ask_async("a", second="c"))

    assert (first, second) == ("a", "c")
    assert thread is not threading.current_thread()
    assert scheduler.ask_async.__name__ == "ask"
    assert "the thread it runs in" in scheduler.ask.__doc__


def test_in_version_3_the_plain_name_runs_in_the_calling_thread() -> None:
    scheduler = adapted_class("3.0.0")()
    assert scheduler.ask("a") == ("a", "b", threading.current_thread())


@pytest.mark.parametrize("version", VERSIONS)
def test_lists_do_not_wait_behind_uploads(version: str) -> None:
    scheduler = adapted_class(version)()

    async def main() -> None:
        sending = [asyncio.create_task(scheduler.send_async()) for _ in range(5)]
        assert (await scheduler.ask_async("a"))[0] == "a"
        scheduler.held.set()
        assert await asyncio.gather(*sending) == ["sent"] * 5

    asyncio.run(main())


@pytest.mark.parametrize("version", VERSIONS)
def test_client_errors_are_converted(version: str) -> None:
    scheduler = adapted_class(version)()
    with pytest.raises(ShownError, match=r"^shown: There is no such job\.$") as caught:
        asyncio.run(scheduler.refuse_async())
    assert isinstance(caught.value.__cause__, SchedulerClientError)
    if not is_version_2(version):
        with pytest.raises(ShownError):
            scheduler.refuse()


@pytest.mark.parametrize("version", VERSIONS)
def test_unexpected_errors_are_not_converted(version: str) -> None:
    with pytest.raises(KeyError):
        asyncio.run(adapted_class(version)().break_down_async())


class Reader:
    """A class with a read that hangs before it sends a request, as in a login."""

    read_timeout_seconds = 0.1

    def __init__(self) -> None:
        self.requests = self.transfers = Workers(1)
        self.go_on = threading.Event()

    @read
    def look(self) -> str:
        """Block until the test continues."""
        assert self.go_on.wait(TIMEOUT_SECONDS)
        return f"{remaining_seconds()}"

    @request
    def change(self) -> float | None:
        """Return the deadline."""
        return remaining_seconds()


@pytest.mark.parametrize("version", VERSIONS)
def test_a_read_that_hangs_ends_with_an_error_and_keeps_its_slot(version: str) -> None:
    reader: Any = add_async_methods(shown, version=version)(type("Copy", (Reader,), dict(vars(Reader))))()

    async def main() -> None:
        with pytest.raises(ShownError, match=r"no response within 0\.1 s"):
            await reader.look_async()
        waiting = asyncio.create_task(reader.requests.run(lambda: "next"))
        assert await asyncio.wait({waiting}, timeout=0) == (set(), {waiting})
        reader.go_on.set()
        assert await waiting == "next"
        assert float(await reader.look_async()) <= reader.read_timeout_seconds
        assert await reader.change_async() is None

    asyncio.run(main())


def test_an_error_can_be_converted_to_a_result() -> None:
    reader: Any = add_async_methods(lambda error: error.message)(type("Copy", (Reader,), dict(vars(Reader))))()
    assert "no response" in asyncio.run(reader.look_async())
    reader.go_on.set()


READS = [
    *(
        (AwsScheduler, name)
        for name in ("list_jobs", "count_jobs", "get_job", "get_job_definition", "list_job_definitions")
    ),
    (AwsEnvironmentManager, "list_environments"),
]


@pytest.mark.parametrize(("owner", "name"), READS, ids=lambda value: getattr(value, "__name__", value))
def test_what_the_panel_shows_has_a_deadline(owner: type, name: str) -> None:
    assert is_read(getattr(owner, name))


def test_the_deadline_is_under_ten_seconds() -> None:
    assert AwsScheduler.read_timeout_seconds.default_value + GRACE_SECONDS < 10


CALLED = [
    *(
        (AwsScheduler, name)
        for name in ("create_job", "update_job", "list_jobs", "count_jobs", "get_job", "delete_job")
    ),
    *((AwsScheduler, name) for name in ("stop_job", "create_job_definition", "update_job_definition")),
    *((AwsScheduler, name) for name in ("delete_job_definition", "get_job_definition", "list_job_definitions")),
    (AwsScheduler, "create_job_from_definition"),
    (AwsEnvironmentManager, "list_environments"),
    (AwsJobFilesManager, "copy_from_staging"),
]
"""The methods that the handlers of jupyter-scheduler await."""


@pytest.mark.parametrize(("owner", "name"), CALLED, ids=lambda value: getattr(value, "__name__", value))
def test_every_blocking_method_has_a_coroutine(owner: type, name: str) -> None:
    assert inspect.iscoroutinefunction(getattr(owner, f"{name}_async"))
    assert inspect.iscoroutinefunction(getattr(owner, name)), "the installed version is 2"
