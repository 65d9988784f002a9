"""The status message of a job: the only text about it that the details of the panel show."""

from collections.abc import Iterable, Mapping
from typing import Any, Final

from jupyter_scheduler_aws.api.job_models import JobWarning
from jupyter_scheduler_aws.api.job_texts import warning_text

__all__ = ["join_messages", "status_message"]

_SEPARATOR: Final = " · "
"""The panel shows line breaks as spaces."""

_ENDS: Final[Mapping[object, str]] = {"COMPLETED": "Completed with ", "STOPPED": "Stopped with "}
"""How the warnings begin if the service has no message: the panel shows them in the colors of an error."""


def status_message(document: Mapping[str, Any]) -> str | None:
    """Return the message of the service, and the warnings."""
    message = document.get("status_message") or None
    texts = _warning_texts(document.get("warnings"))
    if not texts:
        return message
    number = "1 warning" if len(texts) == 1 else f"{len(texts)} warnings"
    start = "" if message else _ENDS.get(document.get("status"), "")
    return join_messages([message, f"{start}{number}: {join_messages(texts)}"])


def join_messages(messages: Iterable[str | None]) -> str:
    """Join messages to one text."""
    return _SEPARATOR.join(filter(None, messages))


def _warning_texts(rows: object) -> list[str]:
    """Read the warnings; those of another shape are left out, because a row must never break a list."""
    found = []
    for row in rows if isinstance(rows, list) else []:
        try:
            found.append(warning_text(JobWarning.from_document(row)))
        except (TypeError, ValueError, AttributeError):
            continue
    return found
