"""The endpoints: their addresses below `jupyter-scheduler-aws/`, and what each of them does."""

from typing import Any, Final

from jupyter_server.auth.decorator import authorized
from tornado.web import authenticated

from jupyter_scheduler_aws.connector.handlers.base import EndpointHandler
from jupyter_scheduler_aws.connector.handlers.definition_details import change_options, describe_definition
from jupyter_scheduler_aws.connector.handlers.folder import describe_folder
from jupyter_scheduler_aws.connector.handlers.job_details import describe_job, log_page, unfinished_jobs
from jupyter_scheduler_aws.connector.handlers.partial_notebook import save_partial_notebook
from jupyter_scheduler_aws.connector.handlers.service import explain_schedule, service_config

__all__ = ["ROUTES"]

_ID: Final = r"(?P<item_id>[\w:%-]{1,200})"


class ConfigHandler(EndpointHandler):
    """`GET config`: environments, compute types with prices, limits, and channels of notifications."""

    @authenticated
    @authorized
    async def get(self) -> None:
        """Respond with what the operator allows."""
        await self.answer_read(service_config)


class ScheduleHandler(EndpointHandler):
    """`GET schedule`: a crontab in words, and its next due times."""

    @authenticated
    @authorized
    async def get(self) -> None:
        """Respond with what a crontab means, or with the reason why it is refused."""
        crontab, timezone = self.get_query_argument("schedule", ""), self.get_query_argument("timezone", "")
        await self.answer_read(lambda client: explain_schedule(client, crontab, timezone or None))


class FolderHandler(EndpointHandler):
    """`GET folder`: what an input folder contains."""

    @authenticated
    @authorized
    async def get(self) -> None:
        """Respond with the size of a notebook's folder, and what is left out of it."""
        path, workspace = self.get_query_argument("path", ""), self.scheduler.workspace
        await self.answer_read(lambda client: describe_folder(client, workspace, path))


class JobHandler(EndpointHandler):
    """`GET jobs/<id>`: a job and its attempts."""

    @authenticated
    @authorized
    async def get(self, item_id: str) -> None:
        """Respond with a job and, if there may be several, its attempts."""
        await self.answer_read(lambda client: describe_job(client, item_id))


class LogHandler(EndpointHandler):
    """`GET jobs/<id>/log`: a page of a job's log."""

    @authenticated
    @authorized
    async def get(self, item_id: str) -> None:
        """Respond with the first page, the one after a token, or the last lines."""
        token = self.get_query_argument("next_token", "") or None
        await self.answer_read(
            lambda client: log_page(
                client, item_id, attempt=self.number("attempt"), next_token=token, tail=self.number("tail")
            )
        )


class PartialNotebookHandler(EndpointHandler):
    """`POST jobs/<id>/notebook`: the notebook of a running job, as last saved."""

    @authenticated
    @authorized
    async def post(self, item_id: str) -> None:
        """Download it into the workspace, and respond with its path."""
        workspace = self.scheduler.workspace
        await self.answer_transfer(lambda client: save_partial_notebook(client, workspace, item_id))


class RunningHandler(EndpointHandler):
    """`GET running`: the jobs that have not ended."""

    @authenticated
    @authorized
    async def get(self) -> None:
        """Respond with the newest ones, and which of them were started here."""
        started = frozenset(self.scheduler.started_jobs)
        await self.answer_read(lambda client: unfinished_jobs(client, started))


class DefinitionHandler(EndpointHandler):
    """`GET` and `PATCH definitions/<id>`: a definition with its runs, and its options."""

    @authenticated
    @authorized
    async def get(self, item_id: str) -> None:
        """Respond with a definition, its next and last runs, and what they cost."""
        await self.answer_read(lambda client: describe_definition(client, item_id))

    @authenticated
    @authorized
    async def patch(self, item_id: str) -> None:
        """Change options."""
        body = self.get_json_body()
        await self.answer_change(lambda client: change_options(client, item_id, body))


ROUTES: Final[list[tuple[str, Any]]] = [
    ("config", ConfigHandler),
    ("schedule", ScheduleHandler),
    ("folder", FolderHandler),
    (f"jobs/{_ID}", JobHandler),
    (f"jobs/{_ID}/log", LogHandler),
    (f"jobs/{_ID}/notebook", PartialNotebookHandler),
    ("running", RunningHandler),
    (f"definitions/{_ID}", DefinitionHandler),
]
"""Patterns below `jupyter-scheduler-aws/`, and their handlers."""
