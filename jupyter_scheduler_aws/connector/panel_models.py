"""From the service's documents to jupyter-scheduler's models. One that cannot be read never takes its list along."""

import logging
from collections.abc import Mapping
from typing import Any, Final, TypeVar

from jupyter_scheduler.models import DescribeJob, DescribeJobDefinition, Status
from jupyter_scheduler.pydantic_v1 import BaseModel, ValidationError

from jupyter_scheduler_aws.api.request_fields import is_random_token
from jupyter_scheduler_aws.sanitize import sanitize_line, sanitize_text

__all__ = ["read_definition", "read_definitions", "read_job", "read_jobs"]

Document = Mapping[str, Any]
Model = TypeVar("Model", bound=BaseModel)

_log = logging.getLogger(__name__)

_MACROS: Final = {
    "@annually": "0 0 1 1 *",
    "@daily": "0 0 * * *",
    "@hourly": "0 * * * *",
    "@midnight": "0 0 * * *",
    "@monthly": "0 0 1 * *",
    "@weekly": "0 0 * * 0",
    "@yearly": "0 0 1 1 *",
}
"""crontab(5)'s macros in five fields. The panel's cronstrue 2.12.0 fails at a macro, and the whole panel with it; it reads
every other crontab that the service takes."""

_UNREADABLE: Final = (
    "This version of jupyter-scheduler-aws cannot read what the service says of it. Upgrade the older of the two."
)


def read_job(document: Document) -> DescribeJob:
    """Read a job; what cannot be read is replaced, and said."""
    document = _plain(document)
    model = _read(DescribeJob, document) or _read(DescribeJob, _readable_job(document))
    if model is None:
        raise ValueError(f"The service's answer has no job id: {str(document)[:200]}")
    # The model would make 1 of "t" and of true, and 2 of 2.5.
    model.runtime_environment_parameters = document.get("runtime_environment_parameters")
    model.output_formats = model.output_formats or []
    if is_random_token(model.idempotency_token):
        model.idempotency_token = None
    return model


def read_jobs(documents: list[Document]) -> list[DescribeJob]:
    """Read the rows of a list; a row that is not even a job is left out, and logged."""
    return _rows(read_job, documents)


def read_definition(document: Document, *, whole: bool = False) -> DescribeJobDefinition:
    """Read a definition; what cannot be read is replaced.

    The panel has no place for a definition's problem but its name; it shows the name, and never sends it back.

    Parameters
    ----------
    document
        The service's document.
    whole
        Whether the name is to carry all of a problem, or just that there is one.
    """
    document = _plain(document)
    name = _shown_name(document, whole=whole)
    shown = {**document, "name": name, "schedule": _shown_schedule(document.get("schedule"))}
    model = _read(DescribeJobDefinition, shown) or _read(DescribeJobDefinition, _readable_definition(shown))
    if model is None:
        raise ValueError(f"The service's answer has no definition id: {str(document)[:200]}")
    model.runtime_environment_parameters = document.get("runtime_environment_parameters")
    model.output_formats = model.output_formats or []
    return model


def read_definitions(documents: list[Document]) -> list[DescribeJobDefinition]:
    """Read the rows of a list; a row that is not even a definition is left out, and logged."""
    return _rows(read_definition, documents)


def _plain(document: Document) -> Document:
    """Make plain what the panel only shows. What it sends back as data, such as parameters and file names, stays exact."""
    name, tags, message = (document.get(each) for each in ("name", "tags", "status_message"))
    return {
        **document,
        **({"name": sanitize_line(name)} if isinstance(name, str) else {}),
        **({"tags": [sanitize_line(tag) for tag in tags if isinstance(tag, str)]} if isinstance(tags, list) else {}),
        **({"status_message": sanitize_text(message)} if isinstance(message, str) else {}),
    }


def _read(model: type[Model], document: Document) -> Model | None:
    try:
        read: Model = model(**document)
    except (ValidationError, TypeError) as error:
        _log.warning("A row of the scheduler's service cannot be read: %s", sanitize_text(str(error)))
        return None
    return read


def _rows(read: Any, documents: list[Document]) -> list[Any]:
    rows = []
    for document in documents:
        try:
            rows.append(read(document))
        except (ValueError, AttributeError, TypeError) as error:
            _log.warning("A row of the scheduler's service is left out: %s", sanitize_text(str(error)))
    return rows


def _readable_job(document: Document) -> Document:
    """Keep what a person needs to find a job, and to delete it."""
    status = document.get("status")
    return {
        **_what_is_sure(document),
        "job_id": document.get("job_id"),
        "url": f"/jobs/{document.get('job_id')}",
        "status": status if status in list(Status) else Status.CREATED,
        "status_message": _UNREADABLE,
    }


def _readable_definition(document: Document) -> Document:
    return {
        **_what_is_sure(document),
        "job_definition_id": document.get("job_definition_id"),
        "schedule": document.get("schedule"),
        "active": document.get("active") is True,
    }


def _what_is_sure(document: Document) -> dict[str, Any]:
    texts = {name: document.get(name) for name in ("name", "input_filename", "runtime_environment_name")}
    times = {name: document.get(name) for name in ("create_time", "update_time")}
    return {name: value if isinstance(value, str) else "?" for name, value in texts.items()} | {
        name: value if isinstance(value, int) else 0 for name, value in times.items()
    }


def _shown_name(document: Document, *, whole: bool) -> object:
    name, problems = document.get("name"), document.get("problems")
    if not (isinstance(name, str) and isinstance(problems, list)):
        return name
    known = [each for each in problems if isinstance(each, Mapping)]
    notes = [f"{each.get('title')}. {each.get('message')}" if whole else f"{each.get('title')}" for each in known]
    return sanitize_line(f"{name} (\N{WARNING SIGN} {'; '.join(notes)})") if notes else name


def _shown_schedule(schedule: object) -> object:
    return _MACROS.get(schedule.strip().lower(), schedule) if isinstance(schedule, str) else None
