"""Uploads: where a snapshot goes before a job or a definition names it."""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from chalicelib.config import Limits
from chalicelib.domain.identifiers import upload_key
from chalicelib.domain.snapshots.zip_rules import PackageLimits
from chalicelib.errors import TooLargeError
from chalicelib.services.clock import Clock
from chalicelib.storage.bucket import URL_LIFE, Bucket

__all__ = ["UploadForm", "UploadService", "max_snapshot_bytes", "package_limits"]

_MIB = 1024 * 1024


@dataclass(frozen=True)
class UploadForm:
    """Where and how to upload one snapshot."""

    upload_id: str
    url: str
    fields: Mapping[str, str]
    """To send as form fields, before the file."""
    max_bytes: int
    expires_at: datetime
    max_notebook_bytes: int | None = None
    """Of the notebook in an input folder; of nothing else, like the two below."""
    max_unpacked_bytes: int | None = None
    """Of the files in an input folder, which the runner holds it to."""
    max_unpacked_files: int | None = None
    """Of the entries in its zip, empty folders among them."""


def max_snapshot_bytes(limits: Limits, *, packaged: bool) -> int:
    """Give the size that a snapshot may have: a notebook, or a zipped folder."""
    return (limits.max_folder_mib if packaged else limits.max_notebook_mib) * _MIB


def package_limits(limits: Limits) -> PackageLimits:
    """Give what an input folder may hold."""
    return PackageLimits(
        max_notebook_bytes=max_snapshot_bytes(limits, packaged=False),
        max_unpacked_bytes=limits.max_unpacked_mib * _MIB,
        max_unpacked_files=limits.max_unpacked_files,
    )


class UploadService:
    """Gives out upload forms.

    Parameters
    ----------
    files
        The bucket.
    limits
        The operator's limits.
    clock
        Tells the time.
    """

    def __init__(self, files: Bucket, limits: Limits, clock: Clock) -> None:
        self._files = files
        self._limits = limits
        self._clock = clock

    def create(self, owner_id: str, *, packaged: bool, size_bytes: int | None) -> UploadForm:
        """Make a form for one snapshot.

        Raises
        ------
        TooLargeError
            If the announced size is over the limit.
        """
        max_bytes = max_snapshot_bytes(self._limits, packaged=packaged)
        if size_bytes is not None and size_bytes > max_bytes:
            what = "zipped input folder" if packaged else "notebook"
            raise TooLargeError(
                f"The {what} has {size_bytes:,} bytes; at most {max_bytes:,} are allowed. Leave out what the run does not need."
            )
        upload_id = secrets.token_hex(16)
        url, fields = self._files.presign_upload(upload_key(owner_id, upload_id), max_bytes)
        form = UploadForm(upload_id, url, fields, max_bytes, self._clock() + URL_LIFE)
        return self._with_folder_limits(form) if packaged else form

    def _with_folder_limits(self, form: UploadForm) -> UploadForm:
        return replace(form, **vars(package_limits(self._limits)))
