"""Sends a snapshot to the place that the service named: a presigned POST form of S3."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import IO, Final

import httpx

from jupyter_scheduler_aws.api.job_endpoints import Api
from jupyter_scheduler_aws.api.response_models import UploadForm
from jupyter_scheduler_aws.api.retry_policy import RepeatError, RetryPolicy
from jupyter_scheduler_aws.api.transport import REPEATED_STATUSES, asked_delay
from jupyter_scheduler_aws.errors import UploadError
from jupyter_scheduler_aws.snapshots.notebook_file import read_notebook
from jupyter_scheduler_aws.snapshots.pack import Snapshot, pack_folder, pack_notebook, upload_filename

__all__ = ["Progress", "ignore_progress", "send_form", "upload_notebook", "upload_snapshot"]

Progress = Callable[[int, int], None]
"""Called with bytes done and bytes in all, now and then, and at the end. The first may go back when a part is repeated."""

_S3_ERROR: Final = re.compile(r"<Code>([^<]*)</Code>\s*<Message>([^<]*)</Message>")

_REPEATED: Final = REPEATED_STATUSES | {500}
"""S3 asks to repeat its InternalError."""


def ignore_progress(_done: int, _total: int) -> None:
    """Do nothing, where nobody watches."""


def upload_notebook(
    api: Api, notebook: Path, *, folder: bool, on_packed: Callable[[Snapshot], None] | None, on_progress: Progress
) -> str:
    """Pack and upload a notebook, alone or with its folder, and give the URI that names the snapshot.

    The service is asked for its limits first, with the form that the upload needs anyway, so that nothing is packed in vain.

    Raises
    ------
    SnapshotError
        If the notebook or its folder cannot be packed.
    SnapshotTooLargeError
        If it is larger than the operator allows.
    UploadError
        If the snapshot did not arrive.
    """
    content = read_notebook(notebook)
    form = api.begin_upload(filename=upload_filename(notebook, folder=folder))
    pack = pack_folder if folder else pack_notebook
    with pack(notebook, content=content, limits=form.limits) as snapshot:
        if on_packed:
            on_packed(snapshot)
        return _send(api, form, snapshot, on_progress)


def upload_snapshot(api: Api, snapshot: Snapshot, *, on_progress: Progress) -> str:
    """Upload a snapshot and give the URI that names it.

    Raises
    ------
    UploadError
        If it did not arrive.
    TooLargeError
        If it is larger than the operator allows.
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
        pace=api.pace,
        on_progress=on_progress,
    )
    return form.input_uri


class _WatchedFile:
    """A file that tells how much of it was read; httpx needs no more than this of it."""

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
    pace: RetryPolicy,
    on_progress: Progress,
) -> None:
    """Send a file with a presigned form, in parts as they are read; repeat it where that may help.

    Raises
    ------
    UploadError
        If it did not arrive.
    """
    watched = _WatchedFile(file, size_bytes, on_progress)

    def step() -> None:
        part = (filename, watched, "application/octet-stream")
        try:
            # httpx goes back to the file's beginning, and writes the fields first; S3 ignores what comes after the file.
            response = http.post(form.url, data=form.fields, files={"file": part})  # type: ignore[dict-item]
        except httpx.RequestError as error:
            raise RepeatError(
                UploadError(
                    f"{filename} could not be uploaded: {str(error) or 'no response in time'}. Check the network and try again."
                )
            ) from error
        if not response.is_success:
            raise _refusal(response, filename)

    pace.repeat(step)


def _refusal(response: httpx.Response, filename: str) -> Exception:
    match = _S3_ERROR.search(response.text)
    said = f"{match[1]}: {match[2]}" if match else f"status {response.status_code}"
    error = UploadError(f"S3 did not take {filename} ({said}). Submit it again; if it stays so, tell the operator.")
    if response.status_code in _REPEATED:
        return RepeatError(error, after_seconds=asked_delay(response))
    return error
