"""Upload a snapshot with a presigned POST form of S3, with retries."""

import re
from collections.abc import Callable, Collection, Mapping
from pathlib import Path
from typing import IO, Any, Final

import httpx

from jupyter_scheduler_aws.api.job_endpoints import Api
from jupyter_scheduler_aws.api.request_fields import DEFAULT_OUTPUT_FORMATS
from jupyter_scheduler_aws.api.response_models import UploadForm
from jupyter_scheduler_aws.api.retry_policy import RetryableError, RetryPolicy
from jupyter_scheduler_aws.api.transport import S3_RETRYABLE_STATUSES, retry_after_seconds
from jupyter_scheduler_aws.errors import UploadError
from jupyter_scheduler_aws.parameters.defaults import read_notebook_parameters
from jupyter_scheduler_aws.parameters.names import check_names
from jupyter_scheduler_aws.snapshots.notebook_file import read_notebook
from jupyter_scheduler_aws.snapshots.pack import Snapshot, pack_folder, pack_notebook, upload_filename
from jupyter_scheduler_aws.transfers.callbacks import Progress

__all__ = ["send_form", "upload_notebook", "upload_request", "upload_snapshot"]

_S3_ERROR: Final = re.compile(r"<Code>([^<]*)</Code>\s*<Message>([^<]*)</Message>")


def upload_notebook(
    api: Api,
    notebook: Path,
    *,
    folder: bool,
    on_packed: Callable[[Snapshot], None] | None,
    on_progress: Progress,
    parameters: Collection[str] = (),
) -> str:
    """Pack and upload a notebook, alone or with its folder, and return the URI that identifies the snapshot.

    The upload form comes first, because it states the service's limits: nothing is packed that would be refused.

    Parameters
    ----------
    api, notebook, folder, on_packed, on_progress
        As in `Client.submit`.
    parameters
        Names of parameters, which are checked for the notebook's language.

    Raises
    ------
    ParameterError
        If the notebook's language does not have such a name.
    SnapshotError
        If the notebook or its folder cannot be packed.
    SnapshotTooLargeError
        If it is above a limit of the service.
    UploadError
        If the upload fails.
    """
    content = read_notebook(notebook)
    if parameters:
        check_names(parameters, read_notebook_parameters(content).language)
    form = api.begin_upload(filename=upload_filename(notebook, folder=folder))
    pack = pack_folder if folder else pack_notebook
    with pack(notebook, content=content, limits=form.limits) as snapshot:
        if on_packed:
            on_packed(snapshot)
        return _send(api, form, snapshot, on_progress)


def upload_request(
    api: Api,
    notebook: Path,
    fields: Mapping[str, Any],
    *,
    folder: bool,
    on_packed: Callable[[Snapshot], None] | None,
    on_progress: Progress,
) -> dict[str, Any]:
    """Upload a notebook, and complete the request for a job or a definition of it with its snapshot and defaults.

    Raises
    ------
    ConfigurationError
        If the client is for somebody else's jobs.
    """
    api.check_own()
    uri = upload_notebook(
        api,
        notebook,
        folder=folder,
        on_packed=on_packed,
        on_progress=on_progress,
        parameters=fields.get("parameters") or (),
    )
    request = {"name": notebook.stem, "output_formats": list(DEFAULT_OUTPUT_FORMATS)} | dict(fields)
    request |= {"input_uri": uri, "input_filename": notebook.name, "package_input_folder": folder}
    request["name"] = request["name"] or notebook.stem
    request["runtime_environment_name"] = request.get("runtime_environment_name") or api.first_environment()
    return request


def upload_snapshot(api: Api, snapshot: Snapshot, *, on_progress: Progress) -> str:
    """Upload a snapshot, and return the URI that identifies it.

    Raises
    ------
    UploadError
        If the upload fails.
    TooLargeError
        If it is above a limit of the service.
    """
    form = api.begin_upload(filename=snapshot.upload_filename, size_bytes=snapshot.size_bytes)
    return _send(api, form, snapshot, on_progress)


def _send(api: Api, form: UploadForm, snapshot: Snapshot, on_progress: Progress) -> str:
    send_form(
        api.transport.http,
        form,
        file=snapshot.file,
        filename=snapshot.upload_filename,
        size_bytes=snapshot.size_bytes,
        retry_policy=api.retry_policy,
        on_progress=on_progress,
    )
    return form.input_uri


class _ProgressFile:
    """Report how much of a file was read. httpx needs only these methods."""

    def __init__(self, file: IO[bytes], size_bytes: int, on_progress: Progress) -> None:
        self._file = file
        self._size = size_bytes
        self._on_progress = on_progress

    def read(self, size: int = -1) -> bytes:
        chunk = self._file.read(size)
        if chunk:
            self._on_progress(self._file.tell(), self._size)
        return chunk

    def seek(self, offset: int, whence: int = 0) -> int:
        return self._file.seek(offset, whence)

    def tell(self) -> int:
        return self._file.tell()


def send_form(
    http: httpx.Client,
    form: UploadForm,
    *,
    file: IO[bytes],
    filename: str,
    size_bytes: int,
    retry_policy: RetryPolicy,
    on_progress: Progress,
) -> None:
    """Upload a file with a presigned form, streaming it, with retries.

    Raises
    ------
    UploadError
        If the upload fails.
    """
    stream = _ProgressFile(file, size_bytes, on_progress)

    def attempt() -> None:
        part = (filename, stream, "application/octet-stream")
        try:
            # httpx seeks to the beginning of the file, and writes the fields first, because S3 ignores fields after the file.
            response = http.post(form.url, data=form.fields, files={"file": part})  # type: ignore[dict-item]
        except httpx.RequestError as error:
            raise RetryableError(
                UploadError(
                    f"{filename} could not be uploaded: {str(error) or 'no response in time'}. Check the network and try again."
                )
            ) from error
        if not response.is_success:
            raise _error_of(response, filename)

    retry_policy.run(attempt)


def _error_of(response: httpx.Response, filename: str) -> Exception:
    match = _S3_ERROR.search(response.text)
    reason = f"{match[1]}: {match[2]}" if match else f"status {response.status_code}"
    error = UploadError(f"S3 refused {filename} ({reason}). Submit it again; if that does not help, ask the operator.")
    if response.status_code in S3_RETRYABLE_STATUSES:
        return RetryableError(error, retry_after_seconds=retry_after_seconds(response))
    return error
