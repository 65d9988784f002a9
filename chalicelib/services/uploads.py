"""Uploads: presigned forms for snapshots, before a job or a definition uses them."""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from chalicelib.config import Limits
from chalicelib.domain.identifiers import upload_key
from chalicelib.domain.snapshots.zip_rules import PackageLimits
from chalicelib.errors import TooLargeError
from chalicelib.services.clock import Clock
from chalicelib.storage.bucket import URL_LIFE, Bucket

__all__ = ["MIB", "UploadForm", "UploadService", "max_snapshot_bytes", "package_limits"]

MIB: Final = 1024 * 1024


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
    """Size of the notebook in an input folder; only for folders, like the next two."""
    max_unpacked_bytes: int | None = None
    """Total size of the files in an input folder; the runner enforces it."""
    max_unpacked_files: int | None = None
    """Number of entries in its zip, including empty folders."""


def max_snapshot_bytes(limits: Limits, *, packaged: bool) -> int:
    """Return the maximum size of a snapshot: a notebook, or a zipped folder."""
    return (limits.max_folder_mib if packaged else limits.max_notebook_mib) * MIB


def package_limits(limits: Limits) -> PackageLimits:
    """Return the limits of an input folder."""
    return PackageLimits(
        max_notebook_bytes=max_snapshot_bytes(limits, packaged=False),
        max_unpacked_bytes=limits.max_unpacked_mib * MIB,
        max_unpacked_files=limits.max_unpacked_files,
    )


@dataclass(frozen=True, kw_only=True)
class UploadService:
    """Makes upload forms."""

    files: Bucket
    limits: Limits
    clock: Clock

    def create(self, owner_id: str, *, packaged: bool, size_bytes: int | None) -> UploadForm:
        """Make a form for one snapshot.

        Raises
        ------
        TooLargeError
            If the announced size exceeds the limit.
        """
        max_bytes = max_snapshot_bytes(self.limits, packaged=packaged)
        if size_bytes is not None and size_bytes > max_bytes:
            what = "zipped input folder" if packaged else "notebook"
            raise TooLargeError(
                f"The {what} has {size_bytes:,} bytes; at most {max_bytes:,} are allowed. Leave out what the run does not need."
            )
        upload_id = secrets.token_hex(16)
        url, fields = self.files.presign_upload(upload_key(owner_id, upload_id), max_bytes)
        form = UploadForm(upload_id, url, fields, max_bytes, self.clock() + URL_LIFE)
        return self._with_folder_limits(form) if packaged else form

    def _with_folder_limits(self, form: UploadForm) -> UploadForm:
        return replace(form, **vars(package_limits(self.limits)))
