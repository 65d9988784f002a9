"""Converts documents of the service to models of jupyter-scheduler. An unreadable one never breaks a whole list."""

import logging
from collections.abc import Mapping
from typing import Any, Final, TypeVar

from jupyter_scheduler.models import DescribeJob, DescribeJobDefinition, Status
from jupyter_scheduler.pydantic_v1 import BaseModel, ValidationError

from jupyter_scheduler_aws.api.request_fields import is_random_token
from jupyter_scheduler_aws.connector.kept_input import kept_input
from jupyter_scheduler_aws.connector.own_options import DescribeDefinitionWithOptions, DescribeJobWithOptions
from jupyter_scheduler_aws.connector.status_message import status_message
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
"""The macros of crontab(5) as five fields. cronstrue 2.12.0 in the panel fails on a macro, which breaks the whole panel. It
reads all other crontabs that the service accepts."""

_UNREADABLE: Final = (
    "This version of jupyter-scheduler-aws cannot read the service's response. Upgrade the older of the two."
)


def read_job(document: Document) -> DescribeJob:
    """Read a job, with its warnings in its status message. If that fails, return a placeholder whose status message says so."""
    document = _sanitize({**document, "status_message": status_message(document)})
    model = _read(DescribeJobWithOptions, document) or _read(DescribeJob, _placeholder_job(document))
    if model is None:
        raise ValueError(f"The response of the service has no job id: {str(document)[:200]}")
    # The model would convert "t" and true to 1, and 2.5 to 2.
    model.runtime_environment_parameters = document.get("runtime_environment_parameters")
    model.output_formats = model.output_formats or []
    if is_random_token(model.idempotency_token):
        model.idempotency_token = None
    return model


def read_jobs(documents: list[Document]) -> list[DescribeJob]:
    """Read the rows of a list. A row without a job id is skipped and logged."""
    return _rows(read_job, documents)


def read_definition(document: Document, *, whole: bool = False) -> DescribeJobDefinition:
    """Read a definition. If that fails, return a placeholder.

    The name includes the problems of the definition, because the panel has no other place for them. It never sends the
    name back. It sends the input file back, which is therefore marked: see `kept_input`.

    Parameters
    ----------
    document
        The document of the service.
    whole
        Whether to include the messages of problems, or only their titles.
    """
    document = _sanitize(document)
    name = _name_with_problems(document, whole=whole)
    shown = {
        **document,
        "name": name,
        "schedule": _expand_macro(document.get("schedule")),
        "input_filename": kept_input(document),
    }
    model = _read(DescribeDefinitionWithOptions, shown) or _read(DescribeJobDefinition, _placeholder_definition(shown))
    if model is None:
        raise ValueError(f"The response of the service has no definition id: {str(document)[:200]}")
    model.runtime_environment_parameters = document.get("runtime_environment_parameters")
    model.output_formats = model.output_formats or []
    return model


def read_definitions(documents: list[Document]) -> list[DescribeJobDefinition]:
    """Read the rows of a list. A row without a definition id is skipped and logged."""
    return _rows(read_definition, documents)


def _sanitize(document: Document) -> Document:
    """Sanitize what the panel only shows. What it sends back, such as parameters and file names, stays exact."""
    name, tags, message = (document.get(key) for key in ("name", "tags", "status_message"))
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
        _log.warning("Cannot read a row of the scheduler service: %s", sanitize_text(str(error)))
        return None
    return read


def _rows(read: Any, documents: list[Document]) -> list[Any]:
    rows = []
    for document in documents:
        try:
            rows.append(read(document))
        except (ValueError, AttributeError, TypeError) as error:
            _log.warning("Skipped a row of the scheduler service: %s", sanitize_text(str(error)))
    return rows


def _placeholder_job(document: Document) -> Document:
    """Keep what users need to find a job and to delete it."""
    status = document.get("status")
    return {
        **_common_fields(document),
        "job_id": document.get("job_id"),
        "url": f"/jobs/{document.get('job_id')}",
        "status": status if status in list(Status) else Status.CREATED,
        "status_message": _UNREADABLE,
    }


def _placeholder_definition(document: Document) -> Document:
    return {
        **_common_fields(document),
        "job_definition_id": document.get("job_definition_id"),
        "schedule": document.get("schedule"),
        "active": document.get("active") is True,
    }


def _common_fields(document: Document) -> dict[str, Any]:
    texts = {name: document.get(name) for name in ("name", "input_filename", "runtime_environment_name")}
    times = {name: document.get(name) for name in ("create_time", "update_time")}
    return {name: value if isinstance(value, str) else "?" for name, value in texts.items()} | {
        name: value if isinstance(value, int) else 0 for name, value in times.items()
    }


def _name_with_problems(document: Document, *, whole: bool) -> object:
    name, problems = document.get("name"), document.get("problems")
    if not (isinstance(name, str) and isinstance(problems, list)):
        return name
    known = [problem for problem in problems if isinstance(problem, Mapping)]
    notes = [f"{item.get('title')}. {item.get('message')}" if whole else f"{item.get('title')}" for item in known]
    return sanitize_line(f"{name} (\N{WARNING SIGN} {'; '.join(notes)})") if notes else name


def _expand_macro(schedule: object) -> object:
    return _MACROS.get(schedule.strip().lower(), schedule) if isinstance(schedule, str) else None
