"""What all endpoints share: the scheduler's connection, threads for blocking calls, and errors as JSON."""

import asyncio
import json
import os
from collections.abc import Callable, Mapping
from typing import Any, Final

from jupyter_server.base.handlers import APIHandler

from jupyter_scheduler_aws.api.deadline import deadline
from jupyter_scheduler_aws.client import Client
from jupyter_scheduler_aws.connector.async_adapter import GRACE_SECONDS, no_response
from jupyter_scheduler_aws.connector.environments import AwsEnvironmentManager
from jupyter_scheduler_aws.connector.error_messages import panel_message
from jupyter_scheduler_aws.connector.handlers.plain_documents import plain
from jupyter_scheduler_aws.connector.handlers.statuses import http_status
from jupyter_scheduler_aws.connector.scheduler import AwsScheduler
from jupyter_scheduler_aws.connector.workers import Workers
from jupyter_scheduler_aws.errors import BadOptionError, SchedulerClientError

__all__ = ["EndpointHandler", "Work"]

_OWN_SCHEDULER: Final = "jupyter_scheduler_aws.scheduler"
"""The server's setting with our scheduler, if jupyter-scheduler uses another one."""

_INLINE: Final = "problems=inline"

Work = Callable[[Client], Any]
"""A blocking call that returns the document of the response; None: a response without content."""


class EndpointHandler(APIHandler):
    """An endpoint. Its methods check the login and the right of the user, as those of the Jupyter server do."""

    auth_resource = "jupyter-scheduler-aws"

    @property
    def scheduler(self) -> AwsScheduler:
        """The scheduler of the panel, or, if that is not ours, one with the same settings."""
        panels = self.settings.get("scheduler")
        if isinstance(panels, AwsScheduler):
            return panels
        if _OWN_SCHEDULER not in self.settings:
            self.settings[_OWN_SCHEDULER] = AwsScheduler(
                root_dir=os.path.expanduser(self.settings["server_root_dir"]),  # noqa: PTH111 - as the server does
                environments_manager=AwsEnvironmentManager(),
                config=self.config,
            )
        own: AwsScheduler = self.settings[_OWN_SCHEDULER]
        return own

    async def answer_read(self, work: Work) -> None:
        """Respond with what is read within the time that the panel waits, over all tries."""
        await self._answer(work, self.scheduler.requests, seconds=self.scheduler.read_timeout_seconds)

    async def answer_change(self, work: Work) -> None:
        """Respond after a change."""
        await self._answer(work, self.scheduler.requests, seconds=None)

    async def answer_transfer(self, work: Work) -> None:
        """Respond after a download."""
        await self._answer(work, self.scheduler.transfers, seconds=None)

    async def _answer(self, work: Work, workers: Workers, *, seconds: float | None) -> None:
        connection = self.scheduler.connection
        try:
            document = await _run(workers, lambda: work(connection.client), seconds)
        except SchedulerClientError as error:
            document = self._refusal(http_status(error), panel_message(error))
        if document is None:
            self.set_status(204)
            self.finish()
        else:
            self.finish(json.dumps(plain(document)))

    def _refusal(self, status: int, message: str) -> Mapping[str, Any]:
        """Return the document of an error.

        Browsers report each failed request in their console. A reader that shows the reason itself asks for it in a response that
        succeeds, with RFC 7240's header `Prefer: problems=inline`.
        """
        if self.request.method == "GET" and _INLINE in self.request.headers.get_list("Prefer"):
            return {"refusal": {"status": status, "message": message}}
        self.set_status(status)
        return {"message": message}

    def number(self, name: str) -> int | None:
        """Return a positive whole number of the query; None if it is not there.

        Raises
        ------
        BadOptionError
            If it is something else.
        """
        text = self.get_query_argument(name, "")
        if not text:
            return None
        if not (text.isascii() and text.isdigit() and 0 < int(text) < _TOO_LARGE):
            raise BadOptionError(f"{name} is {text!r}. It must be a whole number from 1.")
        return int(text)


_TOO_LARGE: Final = 10**9


async def _run(workers: Workers, call: Callable[[], Any], seconds: float | None) -> Any:
    if seconds is None:
        return await workers.run(call)

    def bounded() -> Any:
        with deadline(seconds):
            return call()

    try:
        return await asyncio.wait_for(workers.run(bounded), seconds + GRACE_SECONDS)
    except TimeoutError:
        raise no_response(seconds) from None
