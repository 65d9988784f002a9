"""Response models about files and logs. `job_response_builders.py` builds the responses.

The text below a field is its description in the OpenAPI document. It is read from this source, so it costs nothing at run time.
"""

# pydantic needs this TypedDict before Python 3.12; the one in `typing` keeps too little for a schema.
from typing import NotRequired

from typing_extensions import TypedDict

__all__ = ["FilePageResponse", "FileResponse", "LogEventResponse", "LogPageResponse"]


class FileResponse(TypedDict):
    """A file of a job."""

    file_format: str
    """An output format, `files` for other files of the run, or `input`."""
    display_name: str
    """Name to show."""
    path: str
    """Relative to the folder of its format, with `/`."""
    size_bytes: int
    """Size [bytes]."""
    url: str
    """Presigned URL to GET the file from; it expires."""


class FilePageResponse(TypedDict):
    """A page of a job's files."""

    attempt: int
    """The attempt whose files these are; 0 if the job has not had one."""
    files: list[FileResponse]
    """The files; the first page starts with the input."""
    expires_in_seconds: int
    """How long the URLs are valid [s]."""
    next_token: NotRequired[str]
    """Token for the next page; absent on the last page."""


class LogEventResponse(TypedDict):
    """A line of a job's log."""

    time: int
    """When it was printed [ms UTC]."""
    message: str
    """The line."""


class LogPageResponse(TypedDict):
    """A page of a job's log, oldest lines first."""

    attempt: int
    """The attempt whose log this is; 0 if the job has not had one."""
    events: list[LogEventResponse]
    """The lines, at most 1 MiB."""
    next_token: NotRequired[str]
    """Token for the lines that follow, also for lines printed later; absent until there is a log."""
