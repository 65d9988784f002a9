"""Models of everything else that the service returns: files, logs, environments, health, upload forms and their limits."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Annotated, Any, Final, Self

from jupyter_scheduler_aws.api.documents import WHOLE, Document, Model, Wire, read_response

__all__ = [
    "NO_LIMITS",
    "Environment",
    "Health",
    "LogEvent",
    "LogPage",
    "OutputFile",
    "OutputFilePage",
    "SnapshotLimits",
    "UploadForm",
    "read_response",
]


@dataclass(frozen=True, kw_only=True)
class OutputFile(Model):
    """A file of a job."""

    path: str
    """Relative, with `/`. It comes from the service, so do not write to it before it is checked."""
    file_format: str
    """An output format, `files` for what the run created or changed, or `input`."""
    display_name: str
    size_bytes: int
    url: str = field(repr=False)
    """Presigned URL for one GET within minutes."""


@dataclass(frozen=True, kw_only=True)
class OutputFilePage(Model):
    """One page of a list of files."""

    attempt: int = 0
    """Attempt that made the files; 0 if there was none, or if an older service does not state it."""
    files: tuple[OutputFile, ...]
    next_token: str | None = None
    """Requests the next page; None at the end."""


@dataclass(frozen=True, kw_only=True)
class LogEvent(Model):
    """A line of a job's log."""

    time: datetime
    message: str


@dataclass(frozen=True, kw_only=True)
class LogPage(Model):
    """One page of a job's log."""

    attempt: int = 0
    """Attempt whose log it is; 0 if there was none, or if an older service does not state it."""
    events: tuple[LogEvent, ...]
    next_token: str | None = None
    """Requests the next page; while the job is running, you can use it again later. None: there is no log yet."""


@dataclass(frozen=True, kw_only=True)
class Environment(Model):
    """A named runtime."""

    name: str
    description: str = ""
    output_formats: Annotated[tuple[str, ...], Wire(read=lambda formats: tuple(row["name"] for row in formats))] = ()
    compute_types: tuple[str, ...] = ()
    default_compute_type: str | None = None
    document: Document = field(repr=False, compare=False)
    """The whole document from the API."""


@dataclass(frozen=True, kw_only=True)
class Health(Model):
    """The service's version and clock, and how it identifies you."""

    version: str
    time: datetime
    """The service's clock."""
    owner_id: str
    """Owner id of your jobs."""
    arn: str
    """Your identity, as AWS verified it."""
    kind: str = ""
    """Kind of your principal: `iam_user`, `identity_center_session`, `listed_role_session` or `role`."""
    admin: bool = False
    """Whether you can see and stop everybody's jobs."""

    @classmethod
    def from_document(cls, document: Mapping[str, Any]) -> Self:
        """Read a model from a document, in which the identity is an object of its own."""
        you = document["you"]
        return super().from_document({**document, **you, "arn": you.get("arn") or you["principal"]})


@dataclass(frozen=True, kw_only=True)
class SnapshotLimits(Model):
    """The operator's `limits` on a snapshot. None if the service does not state one, as older versions do not."""

    max_bytes: int | None = None
    """Of the upload: a notebook, or a zip."""
    max_notebook_bytes: int | None = None
    """Of a notebook in a folder."""
    max_unpacked_bytes: int | None = None
    """Of a folder's files in total."""
    max_unpacked_files: int | None = None
    """Number of a folder's files and empty folders, which a zip stores like files."""

    @classmethod
    def from_document(cls, document: Mapping[str, Any]) -> Self:
        """Read a model from the document of an upload, which always has `max_bytes`."""
        return super().from_document({**document, "max_bytes": int(document["max_bytes"])})


NO_LIMITS: Final = SnapshotLimits()
"""For packing without a service."""


@dataclass(frozen=True, kw_only=True)
class UploadForm(Model):
    """A presigned POST form for a snapshot."""

    input_uri: str
    """Identifies the snapshot in a job."""
    url: str = field(repr=False)
    fields: Mapping[str, str] = field(repr=False)
    """Send them unchanged before the file."""
    limits: Annotated[SnapshotLimits, WHOLE]
