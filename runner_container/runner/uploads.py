"""Upload outputs: presigned URLs are requested in batches just before use, and a few uploads run at a time."""

import logging
import mimetypes
import os
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

from runner.errors import RefusedError, TransferError, UnreachableError
from runner.presigned_transfers import upload
from runner.scheduler_api import SchedulerApi

__all__ = ["MAX_PUT_BYTES", "Output", "Uploads"]

_LOG = logging.getLogger(__name__)
_BATCH_FILES: Final = 100
"""The most files in one request for URLs (docs/runner-protocol.md)."""
_PARALLEL_UPLOADS: Final = 8
"""Enough to use the network of a small task fully, few enough for its memory."""
MAX_PUT_BYTES: Final = 5 * 1024**3
"""The largest object that one PUT can upload (Amazon S3 User Guide, "Uploading objects")."""
_TOO_LARGE: Final = 413
"""The response to outputs over the service's limits, which it enforces whatever the runner does."""
_FORBIDDEN: Final = 403
"""The response of S3 if a URL has expired, or if the bytes are not those that were declared."""
_SERVER_ERRORS: Final = range(500, 600)
_TYPES: Final = {
    ".ipynb": "application/x-ipynb+json",
    ".md": "text/markdown",
    ".parquet": "application/vnd.apache.parquet",
    ".xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
_MIME_TYPES: Final = mimetypes.MimeTypes()
"""Python's own table, which is the same on every machine, without the system's files."""


@dataclass(frozen=True, kw_only=True)
class Output:
    """One file to upload."""

    format: str
    """An output format, or `files`."""
    path: str
    """Relative, with `/`."""
    source: Path | bytes
    size_bytes: int
    """The size when it was found. The upload uses the current one."""

    def declaration(self) -> dict[str, Any]:
        """Return what a request for a presigned URL declares about the file."""
        suffix = Path(self.path).suffix.lower()
        kind = _TYPES.get(suffix) or _MIME_TYPES.guess_type(self.path)[0] or "application/octet-stream"
        return {"format": self.format, "path": self.path, "size_bytes": self.size_bytes, "content_type": kind}

    def renewed(self) -> "Output":
        """Return this output with its current size.

        Raises
        ------
        OSError
            If the file cannot be read.
        """
        size = len(self.source) if isinstance(self.source, bytes) else os.lstat(self.source).st_size
        return replace(self, size_bytes=size)


class Uploads:
    """Uploads outputs and counts them. An output that cannot be uploaded does not affect the others. Safe to use from several threads.

    Parameters
    ----------
    api
        Returns the presigned URLs.
    patience_seconds
        How long to retry while no upload succeeds.
    """

    def __init__(self, api: SchedulerApi, *, patience_seconds: float) -> None:
        self._api = api
        self._patience_seconds = patience_seconds
        self._last_success = 0.0
        self._sizes: dict[str, int] = {}
        self.refused: dict[Output, str] = {}
        """Outputs that cannot be read, or that the service or the store refused, and why. Another attempt would not change that."""
        self.over_limit: list[Output] = []
        """Outputs that the service refused because the run has used its limits."""
        self.unreachable: dict[Output, str] = {}
        """Outputs that could not be uploaded because the service or the store could not be reached, and why."""

    @property
    def count(self) -> int:
        """The number of uploaded files."""
        return len(self._sizes)

    @property
    def size_bytes(self) -> int:
        """Their total size."""
        return sum(self._sizes.values())

    def upload_now(self, output: Output) -> None:
        """Upload one output, replacing it if it was uploaded before, with one attempt.

        Raises
        ------
        RunRevokedError, RefusedError, UnreachableError, TransferError
            If the upload failed.
        """
        self._upload(output, self._api.output_urls([output.declaration()])[0], retry_seconds=0)

    def upload_all(self, outputs: Sequence[Output]) -> None:
        """Upload outputs, replacing those that were uploaded before, and record those that could not be uploaded.

        Raises
        ------
        RunRevokedError
            If the run no longer belongs to this container.
        """
        self._last_success = time.monotonic()
        with ThreadPoolExecutor(_PARALLEL_UPLOADS, thread_name_prefix="uploads") as pool:
            for start in range(0, len(outputs), _BATCH_FILES):
                self._upload_batch(outputs[start : start + _BATCH_FILES], pool)

    def _upload_batch(self, batch: Sequence[Output], pool: ThreadPoolExecutor) -> None:
        try:
            urls = self._api.output_urls([output.declaration() for output in batch])
        except UnreachableError as error:
            self.unreachable |= dict.fromkeys(batch, str(error))
        except RefusedError as error:
            if len(batch) == 1:
                self._record_refusal(batch[0], error)
                return
            middle = len(batch) // 2
            self._upload_batch(batch[:middle], pool)
            self._upload_batch(batch[middle:], pool)
        else:
            list(pool.map(self._try_upload, batch, urls))

    def _try_upload(self, output: Output, url: Mapping[str, Any]) -> None:
        patience_seconds = max(0, self._last_success + self._patience_seconds - time.monotonic())
        try:
            self._upload(output, url, retry_seconds=patience_seconds)
        except RefusedError as error:
            self._record_refusal(output, error)
        except UnreachableError as error:
            self.unreachable[output] = str(error)
        except TransferError as error:
            is_refusal = error.status is not None and error.status not in _SERVER_ERRORS
            (self.refused if is_refusal else self.unreachable)[output] = str(error)
        except OSError as error:
            self.refused[output] = f"cannot be read ({error.strerror})"
        else:
            self._last_success = time.monotonic()

    def _record_refusal(self, output: Output, error: RefusedError) -> None:
        if error.status == _TOO_LARGE:
            self.over_limit.append(output)
        else:
            self.refused[output] = str(error)

    def _upload(self, output: Output, url: Mapping[str, Any], *, retry_seconds: float) -> None:
        try:
            sent = upload(output.source, url=url["url"], headers=url["headers"], retry_seconds=retry_seconds)
        except TransferError as error:
            if error.status != _FORBIDDEN:
                raise
            _LOG.info("%s: %s; requesting a new URL", output.path, error)
            fresh = self._api.output_urls([output.renewed().declaration()])[0]
            sent = upload(output.source, url=fresh["url"], headers=fresh["headers"], retry_seconds=retry_seconds)
        self._sizes[output.path] = sent
