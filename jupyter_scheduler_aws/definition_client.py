"""What a person does with definitions, where it takes more than one request."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Unpack

from jupyter_scheduler_aws.api.definition_endpoints import DefinitionApi
from jupyter_scheduler_aws.api.definition_models import Definition
from jupyter_scheduler_aws.api.request_fields import DEFAULT_OUTPUT_FORMATS, DefinitionOptions, definition_fields
from jupyter_scheduler_aws.parameters import encode_parameters
from jupyter_scheduler_aws.snapshots.pack import Snapshot
from jupyter_scheduler_aws.transfers.upload import Progress, ignore_progress, upload_notebook

__all__ = ["DefinitionClient"]


class DefinitionClient(DefinitionApi):
    """Schedules notebooks; `Client` says the parameters."""

    def schedule(
        self,
        notebook: str | Path,
        *,
        cron: str | None,
        folder: bool = False,
        on_packed: Callable[[Snapshot], None] | None = None,
        on_progress: Progress = ignore_progress,
        **options: Unpack[DefinitionOptions],
    ) -> str:
        """Pack and upload a notebook, create a definition that makes jobs of it, and give the definition's id.

        The snapshot is the notebook as it is now; `update_definition` brings a newer one.

        Parameters
        ----------
        notebook
            Path of the notebook.
        cron
            When to run it: a crontab of five fields, or a macro such as `@daily`. None: only when `run_definition` says so.
        folder
            Whether its folder goes with it and becomes the working directory.
        on_packed
            Called with the snapshot before it is uploaded.
        on_progress
            Called with bytes sent and bytes in all.
        **options
            See `DefinitionOptions`. Without a name it gets the notebook's, without an environment the first that the
            service lists, without formats `DEFAULT_OUTPUT_FORMATS`.

        Raises
        ------
        SnapshotError
            If the notebook or its folder cannot be packed, or is larger than the operator allows.
        UploadError
            If the snapshot did not arrive.
        TypeError
            If a parameter's value has no literal.
        ValueError
            If a time has no zone, or a retention is not in whole days.
        """
        path = Path(notebook)
        defaults = {"name": path.stem, "output_formats": list(DEFAULT_OUTPUT_FORMATS)}
        fields = defaults | definition_fields(**options) | ({} if cron is None else {"schedule": cron})
        self.check_own()
        uri = upload_notebook(self, path, folder=folder, on_packed=on_packed, on_progress=on_progress)
        environment = fields.get("runtime_environment_name") or self.first_environment()
        snapshot = {"input_uri": uri, "input_filename": path.name, "package_input_folder": folder}
        return self.create_definition(fields | snapshot | {"runtime_environment_name": environment})

    def update_definition(
        self,
        definition_id: str,
        *,
        cron: str | None = None,
        notebook: str | Path | None = None,
        on_packed: Callable[[Snapshot], None] | None = None,
        on_progress: Progress = ignore_progress,
        **options: Unpack[DefinitionOptions],
    ) -> None:
        """Change what is named, and only that.

        Jobs that are there already stay as they are. Parameters that are not named stay, too; formats and tags take the
        place of all that were there.

        Parameters
        ----------
        definition_id
            The definition.
        cron
            Another crontab.
        notebook
            A notebook to take a new snapshot of, with its folder if the definition has one.
        on_packed
            Called with the snapshot before it is uploaded.
        on_progress
            Called with bytes sent and bytes in all.
        **options
            See `DefinitionOptions`.

        Raises
        ------
        SnapshotError
            If the notebook or its folder cannot be packed, or is larger than the operator allows.
        UploadError
            If the snapshot did not arrive.
        TypeError
            If a parameter's value has no literal.
        ValueError
            If a time has no zone, or a retention is not in whole days.
        """
        changes = definition_fields(**options) | ({} if cron is None else {"schedule": cron})
        if "parameters" in changes:
            changes["parameters"] = {**self.get_definition(definition_id).parameters, **changes["parameters"]}
        if notebook is not None:
            path, folder = Path(notebook), self.get_definition(definition_id).package_input_folder
            uri = upload_notebook(self, path, folder=folder, on_packed=on_packed, on_progress=on_progress)
            changes |= {"input_uri": uri, "input_filename": path.name}
        self.change_definition(definition_id, changes)

    def run_definition(self, definition_id: str, *, parameters: Mapping[str, Any] | None = None) -> str:
        """Make a job of a definition now, whether it has a schedule, is paused or not, and give the job's id.

        Parameters
        ----------
        definition_id
            The definition.
        parameters
            Values for this job; those that are not named are the definition's. See `encode_parameters`.

        Raises
        ------
        TypeError
            If a parameter's value has no literal.
        """
        own = encode_parameters(parameters or {})
        if not own:
            return self.create_job_of_definition(definition_id, {})
        merged = {**self.get_definition(definition_id).parameters, **own}
        return self.create_job_of_definition(definition_id, {"parameters": merged})

    def list_definitions(
        self, *, name: str | None = None, tags: Sequence[str] = (), page_size: int = 100
    ) -> Iterator[Definition]:
        """Go through your definitions, newest first, asking for more as they are used up.

        Parameters
        ----------
        name
            Only definitions whose name begins so.
        tags
            Only definitions that have all of these.
        page_size
            Definitions to ask for at one time.
        """
        query = ([("name", name)] if name else []) + [("tags", tag) for tag in tags]
        page = self.list_definition_page(query=query, max_items=page_size)
        yield from page.definitions
        while page.next_token:
            page = self.list_definition_page(query=query, max_items=page_size, next_token=page.next_token)
            yield from page.definitions
