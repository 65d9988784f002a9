"""Uploading outputs: addresses minted in batches just before use, a few transfers at a time, within the job's limits."""

import logging
import mimetypes
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from runner.errors import RefusedError, TransferError, UnreachableError
from runner.scheduler_api import Service
from runner.transfer import put
from runner.work_order import Limits

__all__ = ["Output", "Uploads"]

_LOG = logging.getLogger(__name__)
_BATCH: Final = 100
"""Most files in one request for addresses (docs/runner-protocol.md)."""
_PARALLEL: Final = 8
"""Transfers at a time: enough to fill the network of a small task, few enough for its memory."""
_TOO_LARGE: Final = 413
"""What the service answers to outputs over its limits, which it holds whatever the runner's own are."""
_FORBIDDEN: Final = 403
"""What S3 answers to an address that has expired, or to other bytes than were announced."""
_TYPES: Final = {
    ".ipynb": "application/x-ipynb+json",
    ".md": "text/markdown",
    ".parquet": "application/vnd.apache.parquet",
    ".xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
_MIME_TYPES: Final = mimetypes.MimeTypes()
"""Python's own table, the same on every machine: not what files of the system say."""


@dataclass(frozen=True, kw_only=True)
class Output:
    """One thing to upload."""

    format: str
    """An output format, or `files`."""
    path: str
    """Relative, with `/`."""
    source: Path | bytes

    @property
    def size_bytes(self) -> int:
        """The size now."""
        return len(self.source) if isinstance(self.source, bytes) else self.source.stat().st_size

    def announced(self) -> dict[str, Any]:
        """Give what the service wants to know before it gives an address."""
        suffix = Path(self.path).suffix.lower()
        kind = _TYPES.get(suffix) or _MIME_TYPES.guess_type(self.path)[0] or "application/octet-stream"
        return {"format": self.format, "path": self.path, "size_bytes": self.size_bytes, "content_type": kind}


class Uploads:
    """Uploads outputs and keeps count. Safe to use from several threads.

    Parameters
    ----------
    service
        Gives the addresses.
    limits
        What the outputs of one run may take.
    """

    def __init__(self, service: Service, limits: Limits) -> None:
        self._service = service
        self._limits = limits
        self._sizes: dict[str, int] = {}
        self.skipped: list[str] = []
        """What was left out on purpose: `path: why`."""
        self.failures: list[str] = []
        """What should have been uploaded and was not: `path: why`."""

    @property
    def count(self) -> int:
        """How many files are uploaded."""
        return len(self._sizes)

    @property
    def size_bytes(self) -> int:
        """Their size in all."""
        return sum(self._sizes.values())

    def upload_now(self, output: Output) -> None:
        """Upload one output; again, if it was uploaded before.

        Raises
        ------
        NotMyRunError, RefusedError, UnreachableError, TransferError
            If it could not be done.
        """
        self._put(output, self._service.output_urls([output.announced()])[0])

    def upload_all(self, outputs: Sequence[Output]) -> None:
        """Upload what the limits allow; what cannot be uploaded is noted in `failures` and does not keep back the rest.

        Raises
        ------
        NotMyRunError
            If the run is no longer ours.
        """
        chosen = self._within_limits(outputs)
        with ThreadPoolExecutor(_PARALLEL, thread_name_prefix="uploads") as pool:
            for start in range(0, len(chosen), _BATCH):
                self._upload_batch(chosen[start : start + _BATCH], pool)

    def _within_limits(self, outputs: Sequence[Output]) -> list[Output]:
        chosen: list[Output] = []
        taken = set(self._sizes)
        count, size_bytes = self.count, self.size_bytes
        for output in outputs:
            try:
                size = output.size_bytes
            except OSError as error:
                reason = f"cannot be read ({error.strerror})"
            else:
                reason = self._over_limit(output, taken, count, size_bytes + size)
            if reason:
                self.skipped.append(f"{output.path}: {reason}")
                continue
            chosen.append(output)
            taken.add(output.path)
            count, size_bytes = count + 1, size_bytes + size
        return chosen

    def _over_limit(self, output: Output, taken: set[str], count: int, size_bytes: int) -> str:
        if output.path in taken:
            return "another output of the run has this name"
        if count >= self._limits.max_output_files:
            return f"more than {self._limits.max_output_files} files"
        if size_bytes > self._limits.max_output_bytes:
            return f"larger than what is left of the limit ({self._limits.max_output_bytes} bytes in all)"
        return ""

    def _upload_batch(self, batch: Sequence[Output], pool: ThreadPoolExecutor) -> None:
        try:
            urls = self._service.output_urls([output.announced() for output in batch])
        except UnreachableError as error:
            self.failures += [f"{output.path}: {error}" for output in batch]
        except RefusedError as error:
            if len(batch) == 1:
                left_out = self.skipped if error.status == _TOO_LARGE else self.failures
                left_out.append(f"{batch[0].path}: {error}")
                return
            middle = len(batch) // 2
            self._upload_batch(batch[:middle], pool)
            self._upload_batch(batch[middle:], pool)
        else:
            self.failures += [told for told in pool.map(self._try_put, batch, urls) if told]

    def _try_put(self, output: Output, url: Mapping[str, Any]) -> str:
        try:
            self._put(output, url)
        except (TransferError, RefusedError, UnreachableError) as error:
            return f"{output.path}: {error}"
        except OSError as error:
            return f"{output.path}: cannot be read ({error.strerror})"
        return ""

    def _put(self, output: Output, url: Mapping[str, Any]) -> None:
        try:
            sent = put(output.source, url=url["url"], headers=url["headers"], for_seconds=self._service.reach_seconds)
        except TransferError as error:
            if error.status != _FORBIDDEN:
                raise
            _LOG.info("%s: %s; asking for a new address", output.path, error)
            fresh = self._service.output_urls([output.announced()])[0]
            sent = put(
                output.source, url=fresh["url"], headers=fresh["headers"], for_seconds=self._service.reach_seconds
            )
        self._sizes[output.path] = sent
