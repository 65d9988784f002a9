"""The part of the Python client for definitions: what takes more than one request."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Unpack

from jupyter_scheduler_aws.api.definition_endpoints import DefinitionApi
from jupyter_scheduler_aws.api.definition_models import Definition
from jupyter_scheduler_aws.api.pagination import iterate_pages
from jupyter_scheduler_aws.api.request_fields import (
    DefinitionChanges,
    DefinitionOptions,
    changed_fields,
    definition_fields,
    encode_time,
)
from jupyter_scheduler_aws.parameters.values import encode_parameters
from jupyter_scheduler_aws.transfers.callbacks import Progress, ignore_progress

if TYPE_CHECKING:
    from jupyter_scheduler_aws.snapshots.pack import Snapshot

__all__ = ["DefinitionClient"]


class DefinitionClient(DefinitionApi):
    """Schedule notebooks. `Client` describes the parameters."""

    def schedule(
        self,
        notebook: str | Path,
        *,
        cron: str | None,
        folder: bool = False,
        on_packed: "Callable[[Snapshot], None] | None" = None,
        on_progress: Progress = ignore_progress,
        **options: Unpack[DefinitionOptions],
    ) -> str:
        """Pack and upload a notebook, create a definition that creates jobs from it, and return the definition's id.

        The snapshot is the notebook as it is now; `update_definition` can replace it.

        Parameters
        ----------
        notebook
            Path of the notebook.
        cron
            When to run it: a crontab of five fields, or a macro such as `@daily`. None: only with `run_definition`.
        folder
            Whether to include its folder, which becomes the working directory.
        on_packed
            Called with the snapshot before the upload.
        on_progress
            Called with the number of bytes sent and the total.
        **options
            See `DefinitionOptions`. The default name is the notebook's, the default environment is the first one that the
            service lists, and the default formats are `DEFAULT_OUTPUT_FORMATS`.

        Raises
        ------
        SnapshotError
            If the notebook or its folder cannot be packed, or is above a limit of the service.
        UploadError
            If the upload fails.
        ParameterError
            If the notebook's language does not have a parameter's name, or a value cannot be written as a Python literal.
        ValueError
            If a time has no time zone, or a retention is not in whole days.
        """
        from jupyter_scheduler_aws.transfers.upload import upload_request

        fields = definition_fields(**options) | ({} if cron is None else {"schedule": cron})
        return self.create_definition(
            upload_request(self, Path(notebook), fields, folder=folder, on_packed=on_packed, on_progress=on_progress)
        )

    def update_definition(
        self,
        definition_id: str,
        *,
        notebook: str | Path | None = None,
        on_packed: "Callable[[Snapshot], None] | None" = None,
        on_progress: Progress = ignore_progress,
        **changes: Unpack[DefinitionChanges],
    ) -> None:
        """Change only what is named. None takes an option off again: `update_definition(definition_id, end=None)`.

        Existing jobs do not change. Parameters are merged with the existing ones; formats and tags replace them.

        Parameters
        ----------
        definition_id
            The definition.
        notebook
            Notebook for a new snapshot, with its folder if the definition has one.
        on_packed
            Called with the snapshot before the upload.
        on_progress
            Called with the number of bytes sent and the total.
        **changes
            See `DefinitionChanges`.

        Raises
        ------
        SnapshotError
            If the notebook or its folder cannot be packed, or is above a limit of the service.
        UploadError
            If the upload fails.
        ParameterError
            If the notebook's language does not have a parameter's name, or a value cannot be written as a Python literal.
        ValueError
            If a time has no time zone, or a retention is not in whole days.
        """
        from jupyter_scheduler_aws.transfers.upload import upload_notebook

        fields = changed_fields(**changes)
        if fields.get("parameters"):
            fields["parameters"] = {**self.get_definition(definition_id).parameters, **fields["parameters"]}
        if notebook is not None:
            path, folder = Path(notebook), self.get_definition(definition_id).package_input_folder
            names = fields.get("parameters") or ()
            uri = upload_notebook(
                self, path, folder=folder, on_packed=on_packed, on_progress=on_progress, parameters=names
            )
            fields |= {"input_uri": uri, "input_filename": path.name}
        self.change_definition(definition_id, fields)

    def run_definition(
        self,
        definition_id: str,
        *,
        parameters: Mapping[str, Any] | None = None,
        scheduled_time: datetime | None = None,
        idempotency_token: str | None = None,
    ) -> str:
        """Create a job from a definition now, even if it is paused or has no schedule, and return the job's id.

        Parameters
        ----------
        definition_id
            The definition.
        parameters
            Values for this job, merged with the definition's. See `encode_parameters`.
        scheduled_time
            The time that the job is for; the default is now. Requires a time zone. Templates in parameters show it in the definition's zone.
        idempotency_token
            The same token with the same request returns the same job. The default is a random token.

        Raises
        ------
        ParameterError
            If the notebook's language does not have a parameter's name, or a value cannot be written as a Python literal.
        ValueError
            If the time has no time zone.
        """
        request: dict[str, Any] = {}
        if own := encode_parameters(parameters or {}):
            request["parameters"] = {**self.get_definition(definition_id).parameters, **own}
        if scheduled_time is not None:
            request["scheduled_time"] = encode_time("scheduled_time", scheduled_time)
        if idempotency_token is not None:
            request["idempotency_token"] = idempotency_token
        return self.create_job_of_definition(definition_id, request)

    def list_definitions(
        self, *, name: str | None = None, tags: Sequence[str] = (), page_size: int = 100
    ) -> Iterator[Definition]:
        """Iterate over your definitions, newest first, page by page.

        Parameters
        ----------
        name
            Only definitions whose name starts with this.
        tags
            Only definitions that have all of these tags.
        page_size
            Number of definitions per request.
        """
        query = ([("name", name)] if name else []) + [("tags", tag) for tag in tags]
        for page in iterate_pages(
            lambda token: self.list_definition_page(query=query, max_items=page_size, next_token=token)
        ):
            yield from page.definitions
