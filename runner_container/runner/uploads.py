"""Upload outputs: presigned URLs are requested in batches just before use, a few uploads run at a time, within the job's limits."""

import logging
import mimetypes
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from runner.errors import RefusedError, TransferError, UnreachableError
from runner.presigned_transfers import upload
from runner.scheduler_api import SchedulerApi
from runner.work_order import Limits

__all__ = ["Output", "Uploads"]

_LOG = logging.getLogger(__name__)
_BATCH_FILES: Final = 100
"""The most files in one request for URLs (docs/runner-protocol.md)."""
_PARALLEL_UPLOADS: Final = 8
"""Enough to use the network of a small task fully, few enough for its memory."""
_TOO_LARGE: Final = 413
"""The response to outputs over the service's limits, which it enforces whatever the runner does."""
_FORBIDDEN: Final = 403
"""The response of S3 if a URL has expired, or if the bytes are not those that were declared."""
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

    @property
    def size_bytes(self) -> int:
        """The current size."""
        return len(self.source) if isinstance(self.source, bytes) else self.source.stat().st_size

    def declaration(self) -> dict[str, Any]:
        """Return what a request for a presigned URL declares about the file."""
        suffix = Path(self.path).suffix.lower()
        kind = _TYPES.get(suffix) or _MIME_TYPES.guess_type(self.path)[0] or "application/octet-stream"
        return {"format": self.format, "path": self.path, "size_bytes": self.size_bytes, "content_type": kind}


class Uploads:
    """Uploads outputs and counts them. Safe to use from several threads.

    Parameters
    ----------
    api
        Returns the presigned URLs.
    limits
        Limits on the outputs of one run.
    """

    def __init__(self, api: SchedulerApi, limits: Limits) -> None:
        self._api = api
        self._limits = limits
        self._sizes: dict[str, int] = {}
        self.skipped: list[str] = []
        """What was left out on purpose: `path: reason`."""
        self.failures: list[str] = []
        """What could not be uploaded: `path: reason`."""

    @property
    def count(self) -> int:
        """The number of uploaded files."""
        return len(self._sizes)

    @property
    def size_bytes(self) -> int:
        """Their total size."""
        return sum(self._sizes.values())

    def upload_now(self, output: Output) -> None:
        """Upload one output, replacing it if it was uploaded before.

        Raises
        ------
        RunRevokedError, RefusedError, UnreachableError, TransferError
            If the upload failed.
        """
        self._upload(output, self._api.output_urls([output.declaration()])[0])

    def upload_all(self, outputs: Sequence[Output]) -> None:
        """Upload what the limits allow. An output that cannot be uploaded is recorded in `failures` and does not affect the others.

        Raises
        ------
        RunRevokedError
            If the run no longer belongs to this container.
        """
        chosen = self._within_limits(outputs)
        with ThreadPoolExecutor(_PARALLEL_UPLOADS, thread_name_prefix="uploads") as pool:
            for start in range(0, len(chosen), _BATCH_FILES):
                self._upload_batch(chosen[start : start + _BATCH_FILES], pool)

    def _within_limits(self, outputs: Sequence[Output]) -> list[Output]:
        chosen: list[Output] = []
        paths = set(self._sizes)
        count, size_bytes = self.count, self.size_bytes
        for output in outputs:
            try:
                size = output.size_bytes
            except OSError as error:
                reason = f"cannot be read ({error.strerror})"
            else:
                reason = self._over_limit(output, paths, count, size_bytes + size)
            if reason:
                self.skipped.append(f"{output.path}: {reason}")
                continue
            chosen.append(output)
            paths.add(output.path)
            count, size_bytes = count + 1, size_bytes + size
        return chosen

    def _over_limit(self, output: Output, paths: set[str], count: int, size_bytes: int) -> str:
        if output.path in paths:
            return "another output of the run has this name"
        if count >= self._limits.max_output_files:
            return f"more than {self._limits.max_output_files} files"
        if size_bytes > self._limits.max_output_bytes:
            return f"larger than the rest of the limit ({self._limits.max_output_bytes} bytes in total)"
        return ""

    def _upload_batch(self, batch: Sequence[Output], pool: ThreadPoolExecutor) -> None:
        try:
            urls = self._api.output_urls([output.declaration() for output in batch])
        except UnreachableError as error:
            self.failures += [f"{output.path}: {error}" for output in batch]
        except RefusedError as error:
            if len(batch) == 1:
                problems = self.skipped if error.status == _TOO_LARGE else self.failures
                problems.append(f"{batch[0].path}: {error}")
                return
            middle = len(batch) // 2
            self._upload_batch(batch[:middle], pool)
            self._upload_batch(batch[middle:], pool)
        else:
            self.failures += [problem for problem in pool.map(self._try_upload, batch, urls) if problem]

    def _try_upload(self, output: Output, url: Mapping[str, Any]) -> str:
        try:
            self._upload(output, url)
        except (TransferError, RefusedError, UnreachableError) as error:
            return f"{output.path}: {error}"
        except OSError as error:
            return f"{output.path}: cannot be read ({error.strerror})"
        return ""

    def _upload(self, output: Output, url: Mapping[str, Any]) -> None:
        try:
            sent = upload(output.source, url=url["url"], headers=url["headers"], retry_seconds=self._api.reach_seconds)
        except TransferError as error:
            if error.status != _FORBIDDEN:
                raise
            _LOG.info("%s: %s; requesting a new URL", output.path, error)
            fresh = self._api.output_urls([output.declaration()])[0]
            sent = upload(
                output.source, url=fresh["url"], headers=fresh["headers"], retry_seconds=self._api.reach_seconds
            )
        self._sizes[output.path] = sent
