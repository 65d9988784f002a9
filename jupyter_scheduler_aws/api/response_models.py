"""What the service answers besides jobs, typed. Times are aware datetimes in UTC."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Self, TypeVar

from jupyter_scheduler_aws.api.transport import own_version
from jupyter_scheduler_aws.errors import UnexpectedResponseError
from jupyter_scheduler_aws.snapshots.limits import SnapshotLimits

__all__ = ["Environment", "Health", "LogEvent", "LogPage", "OutputFile", "UploadForm", "read_response"]

T = TypeVar("T")

Document = Mapping[str, Any]
"""A JSON object."""


@dataclass(frozen=True, kw_only=True)
class OutputFile:
    """A file of a job."""

    path: str
    """Relative, with `/`; the service's word, so not yet safe to write to."""
    file_format: str
    """An output format, `files` for what the run made or changed, or `input`."""
    display_name: str
    size_bytes: int
    url: str = field(repr=False)
    """Presigned, for one GET within minutes."""

    @classmethod
    def from_document(cls, document: Document) -> Self:
        """Read the API's form."""
        return cls(
            path=document["path"],
            file_format=document["file_format"],
            display_name=document["display_name"],
            size_bytes=int(document["size_bytes"]),
            url=document["url"],
        )


@dataclass(frozen=True, kw_only=True)
class LogEvent:
    """A line of a job's log."""

    time: datetime
    message: str

    @classmethod
    def from_document(cls, document: Document) -> Self:
        """Read the API's form."""
        return cls(time=datetime.fromtimestamp(document["time"] / 1000, UTC), message=document["message"])


@dataclass(frozen=True, kw_only=True)
class LogPage:
    """A part of a job's log."""

    events: tuple[LogEvent, ...]
    next_token: str | None
    """Asks for what comes after; while the job runs it can be given again later. None: there is no log yet."""

    @classmethod
    def from_document(cls, document: Document) -> Self:
        """Read the API's form."""
        return cls(
            events=tuple(LogEvent.from_document(each) for each in document["events"]),
            next_token=document.get("next_token"),
        )


@dataclass(frozen=True, kw_only=True)
class Environment:
    """A named runtime."""

    name: str
    description: str
    output_formats: tuple[str, ...]
    compute_types: tuple[str, ...]
    default_compute_type: str | None
    document: Document = field(repr=False, compare=False)
    """All of it as the API gave it."""

    @classmethod
    def from_document(cls, document: Document) -> Self:
        """Read the API's form."""
        return cls(
            name=document["name"],
            description=document.get("description") or "",
            output_formats=tuple(each["name"] for each in document.get("output_formats") or ()),
            compute_types=tuple(document.get("compute_types") or ()),
            default_compute_type=document.get("default_compute_type"),
            document=document,
        )


@dataclass(frozen=True, kw_only=True)
class Health:
    """What the service says of itself, and of who asks."""

    version: str
    time: datetime
    """The service's clock."""
    owner_id: str
    """Whose jobs yours are."""
    arn: str
    """Who AWS says you are."""
    kind: str
    """What kind of principal you are: `iam_user`, `identity_center_session`, `listed_role_session` or `role`."""
    admin: bool
    """Whether you may see and stop everybody's jobs."""

    @classmethod
    def from_document(cls, document: Document) -> Self:
        """Read the API's form."""
        you = document["you"]
        return cls(
            version=document["version"],
            time=datetime.fromtimestamp(document["time"] / 1000, UTC),
            owner_id=you["owner_id"],
            arn=you.get("arn") or you["principal"],
            kind=str(you.get("kind", "")),
            admin=bool(you.get("admin")),
        )


@dataclass(frozen=True, kw_only=True)
class UploadForm:
    """Where to send a snapshot."""

    input_uri: str
    """Names the snapshot in a job."""
    url: str = field(repr=False)
    fields: Mapping[str, str] = field(repr=False)
    """To send before the file, as they are."""
    limits: SnapshotLimits

    @classmethod
    def from_document(cls, document: Document) -> Self:
        """Read the API's form."""
        return cls(
            input_uri=document["input_uri"],
            url=document["url"],
            fields=document["fields"],
            limits=SnapshotLimits.from_document(document),
        )


def read_response(build: Callable[[Any], T], document: Any) -> T:
    """Read an answer.

    Raises
    ------
    UnexpectedAnswerError
        If it is not what `build` reads.
    """
    try:
        return build(document)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise UnexpectedResponseError(
            f"The service's answer is not what this version of jupyter-scheduler-aws, {own_version()}, reads "
            f"({type(error).__name__}: {error}). Upgrade the older of the two, package or stack; `nbjobs doctor` compares "
            "their versions."
        ) from error
