"""The parts of a route that its view's signature and docstring do not contain: the body, the query, and the possible refusals."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from pydantic import BaseModel

from chalicelib.errors import (
    ConflictError,
    CopyTimeoutError,
    InvalidRequestError,
    NotAllowedError,
    NotAuthenticatedError,
    NotFoundError,
    RequestError,
    TooLargeError,
    TooManyRequestsError,
    UnprocessableError,
)
from chalicelib.routes.models.definition_requests import CreateDefinitionBody, RunDefinitionBody, UpdateDefinitionBody
from chalicelib.routes.models.job_requests import CreateJobBody, CreateUploadBody, UpdateJobBody
from chalicelib.routes.models.owner_requests import UpdateOwnerBody
from chalicelib.routes.openapi.parameters import (
    BATCH_QUERY,
    COUNT_QUERY,
    CRONTAB_QUERY,
    DEFINITION_LIST_QUERY,
    FILES_QUERY,
    JOB_LIST_QUERY,
    LATEST_QUERY,
    LOGS_QUERY,
    OWNER,
    OWNER_LIST_QUERY,
    Parameter,
)

__all__ = ["EVERYWHERE", "OPERATIONS", "TAGS", "Operation"]


@dataclass(frozen=True, kw_only=True)
class Operation:
    """The part of the document about one route."""

    tag: str
    body: type[BaseModel] | None = None
    query: tuple[Parameter, ...] = ()
    refusals: tuple[type[RequestError], ...] = ()
    """Possible refusals, in addition to `EVERYWHERE`."""
    example: Mapping[str, Any] | None = None
    """An example of the body."""


EVERYWHERE: Final[tuple[type[RequestError], ...]] = (NotAuthenticatedError, NotAllowedError, TooManyRequestsError)
"""Possible refusals of every request."""

TAGS: Final[Mapping[str, str]] = {
    "jobs": "One run of one notebook each, with its own copy of the input.",
    "outputs": "The files and the log of a job.",
    "definitions": "Saved snapshots with options, usually with a schedule.",
    "owners": "Everyone who has created jobs or definitions; for admins.",
    "about": "What this deployment offers, and your identity in it.",
}
"""Groups of operations."""

_INPUT: Final = {
    "input_uri": "upload:0f1e2d3c4b5a69788796a5b4c3d2e1f0",
    "input_filename": "report.ipynb",
    "runtime_environment_name": "python",
}

_OF_BODIES: Final = (InvalidRequestError, TooLargeError)
_OF_SNAPSHOTS: Final = (
    InvalidRequestError,
    NotFoundError,
    ConflictError,
    TooLargeError,
    UnprocessableError,
    CopyTimeoutError,
)

OPERATIONS: Final[Mapping[str, Operation]] = {
    "create_upload": Operation(
        tag="jobs",
        body=CreateUploadBody,
        refusals=_OF_BODIES,
        example={"filename": "report.ipynb", "size_bytes": 24_576},
    ),
    "create_job": Operation(
        tag="jobs",
        body=CreateJobBody,
        refusals=_OF_SNAPSHOTS,
        example={
            "name": "Report of May",
            **_INPUT,
            "output_formats": ["ipynb", "html"],
            "parameters": {"month": "5"},
            "idempotency_token": "report-2026-05",
        },
    ),
    "list_jobs": Operation(tag="jobs", query=(*JOB_LIST_QUERY, OWNER), refusals=(InvalidRequestError,)),
    "count_jobs": Operation(tag="jobs", query=(*COUNT_QUERY, OWNER), refusals=(InvalidRequestError,)),
    "list_unfinished_jobs": Operation(tag="jobs", query=(OWNER,)),
    "get_job": Operation(tag="jobs", query=(OWNER,), refusals=(NotFoundError,)),
    "update_job": Operation(
        tag="jobs",
        body=UpdateJobBody,
        query=(OWNER,),
        refusals=(*_OF_BODIES, NotFoundError, ConflictError),
        example={"status": "STOPPED"},
    ),
    "delete_job": Operation(tag="jobs", query=(OWNER,), refusals=(NotFoundError,)),
    "delete_jobs": Operation(tag="jobs", query=(*BATCH_QUERY, OWNER), refusals=(InvalidRequestError, NotFoundError)),
    "list_attempts": Operation(tag="jobs", query=(OWNER,), refusals=(NotFoundError,)),
    "list_files": Operation(tag="outputs", query=(*FILES_QUERY, OWNER), refusals=(InvalidRequestError, NotFoundError)),
    "read_logs": Operation(tag="outputs", query=(*LOGS_QUERY, OWNER), refusals=(InvalidRequestError, NotFoundError)),
    "create_definition": Operation(
        tag="definitions",
        body=CreateDefinitionBody,
        refusals=_OF_SNAPSHOTS,
        example={
            "name": "Morning report",
            **_INPUT,
            "schedule": "0 7 * * MON-FRI",
            "timezone": "Europe/Berlin",
            "overlap_policy": "skip",
        },
    ),
    "list_definitions": Operation(
        tag="definitions", query=(*DEFINITION_LIST_QUERY, OWNER), refusals=(InvalidRequestError,)
    ),
    "get_definition": Operation(tag="definitions", query=(OWNER,), refusals=(NotFoundError,)),
    "update_definition": Operation(
        tag="definitions", body=UpdateDefinitionBody, query=(OWNER,), refusals=_OF_SNAPSHOTS, example={"active": False}
    ),
    "delete_definition": Operation(tag="definitions", query=(OWNER,), refusals=(NotFoundError,)),
    "get_latest_output": Operation(
        tag="definitions", query=(*LATEST_QUERY, OWNER), refusals=(InvalidRequestError, NotFoundError)
    ),
    "run_definition": Operation(
        tag="definitions",
        body=RunDefinitionBody,
        query=(OWNER,),
        refusals=(*_OF_BODIES, NotFoundError, ConflictError, CopyTimeoutError),
        example={"parameters": {"month": "6"}},
    ),
    "take_over_definition": Operation(
        tag="definitions",
        query=(OWNER,),
        refusals=(InvalidRequestError, NotFoundError, ConflictError, CopyTimeoutError),
    ),
    "explain_crontab": Operation(tag="definitions", query=CRONTAB_QUERY, refusals=(InvalidRequestError,)),
    "list_owners": Operation(tag="owners", query=OWNER_LIST_QUERY, refusals=(InvalidRequestError,)),
    "get_owner": Operation(tag="owners", refusals=(NotFoundError,)),
    "update_owner": Operation(
        tag="owners",
        body=UpdateOwnerBody,
        refusals=(*_OF_BODIES, NotFoundError, ConflictError),
        example={"disabled": True, "reason": "left the company"},
    ),
    "list_environments": Operation(tag="about"),
    "get_config": Operation(tag="about"),
    "get_health": Operation(tag="about"),
    "get_openapi": Operation(tag="about"),
}
"""The operations, by the names of their views, which are also their ids."""
