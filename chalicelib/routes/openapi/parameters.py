"""Parameters of paths and query strings, each described once."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from chalicelib.domain.job import JobStatus
from chalicelib.domain.list_query import DEFAULT_MAX_ITEMS, SORTABLE_DEFINITIONS, SORTABLE_JOBS
from chalicelib.routes.models.query_strings import MAX_DELETED, MAX_TAGS, MAX_TAIL, MAX_TEXT

__all__ = [
    "BATCH_QUERY",
    "COUNT_QUERY",
    "CRONTAB_QUERY",
    "DEFINITION_LIST_QUERY",
    "FILES_QUERY",
    "JOB_LIST_QUERY",
    "LATEST_QUERY",
    "LOGS_QUERY",
    "OWNER",
    "OWNER_LIST_QUERY",
    "PATH_PARAMETERS",
    "Parameter",
]


@dataclass(frozen=True, kw_only=True)
class Parameter:
    """One parameter of a query string, or of a path."""

    name: str
    description: str
    schema: Mapping[str, Any]
    required: bool = False

    def describe(self, place: str) -> dict[str, Any]:
        """Return the parameter as OpenAPI describes it; `place` is `query` or `path`."""
        required = {"required": True} if self.required else {}
        return {
            "name": self.name,
            "in": place,
            "description": self.description,
            **required,
            "schema": dict(self.schema),
        }


_TEXT: Final = {"type": "string", "maxLength": MAX_TEXT}
_COUNT: Final = {"type": "integer", "minimum": 0, "maximum": 10**14 - 1}
_ATTEMPT: Final = {**_COUNT, "minimum": 1}
_TOKEN: Final = {"type": "string"}


def _sort_by(fields: Sequence[str]) -> Parameter:
    text = {"type": "string", "pattern": rf"^(asc|desc)?\(?({'|'.join(fields)})\)?$"}
    return Parameter(
        name="sort_by",
        description="Field to sort by, as `asc(name)` or `desc(name)`; may be repeated, but only the first one has an effect.",
        schema={"type": "array", "items": text, "default": ["desc(create_time)"]},
    )


_NAME: Final = Parameter(name="name", description="Start of the name.", schema=_TEXT)
_TAGS: Final = Parameter(
    name="tags",
    description="A complete tag. If it is repeated, all of the tags must match.",
    schema={"type": "array", "items": _TEXT, "maxItems": MAX_TAGS},
)
_MAX_ITEMS: Final = Parameter(
    name="max_items",
    description=f"Largest number of items on the page, at most {DEFAULT_MAX_ITEMS:,}. A page can have fewer.",
    schema={**_COUNT, "default": DEFAULT_MAX_ITEMS},
)
_NEXT_TOKEN: Final = Parameter(
    name="next_token", description="From the previous page, with the same order and filters.", schema=_TOKEN
)

OWNER: Final = Parameter(
    name="owner_id", description="Another owner's jobs and definitions, for admins only.", schema={"type": "string"}
)

JOB_LIST_QUERY: Final = (
    Parameter(
        name="status",
        description="Status, in upper or lower case.",
        schema={"type": "string", "examples": [JobStatus.COMPLETED.value]},
    ),
    _NAME,
    _TAGS,
    Parameter(name="start_time", description="Started at this time or later [ms UTC].", schema=_COUNT),
    Parameter(name="job_definition_id", description="Jobs of this definition.", schema=_TEXT),
    _sort_by(SORTABLE_JOBS),
    _MAX_ITEMS,
    _NEXT_TOKEN,
)

DEFINITION_LIST_QUERY: Final = (
    _NAME,
    _TAGS,
    Parameter(name="create_time", description="Created at this time or later [ms UTC].", schema=_COUNT),
    _sort_by(SORTABLE_DEFINITIONS),
    _MAX_ITEMS,
    _NEXT_TOKEN,
)

OWNER_LIST_QUERY: Final = (
    _MAX_ITEMS,
    Parameter(name="next_token", description="From the previous page.", schema=_TOKEN),
)

COUNT_QUERY: Final = (
    Parameter(
        name="status",
        description="Status to count, in upper or lower case.",
        schema={"type": "string", "default": JobStatus.IN_PROGRESS.value},
    ),
)

BATCH_QUERY: Final = (
    Parameter(
        name="job_id",
        description="A job to delete; repeat it for each job.",
        required=True,
        schema={"type": "array", "items": {"type": "string"}, "minItems": 1, "maxItems": MAX_DELETED},
    ),
)

FILES_QUERY: Final = (
    Parameter(name="attempt", description="Number of the attempt.", schema=_ATTEMPT),
    Parameter(name="next_token", description="From the previous page.", schema=_TOKEN),
)

LATEST_QUERY: Final = (
    Parameter(
        name="format",
        description="An output format of the job, such as `html`; by default the first that it has.",
        schema={"type": "string"},
    ),
)

LOGS_QUERY: Final = (
    Parameter(name="attempt", description="Number of the attempt.", schema=_ATTEMPT),
    Parameter(name="next_token", description="From an earlier response, to continue there.", schema=_TOKEN),
    Parameter(
        name="tail",
        description="Return the last lines, at most this number; `next_token` then continues after them.",
        schema={"type": "integer", "minimum": 1, "maximum": MAX_TAIL},
    ),
)

CRONTAB_QUERY: Final = (
    Parameter(
        name="schedule",
        description="A crontab of five fields or a macro.",
        required=True,
        schema={"type": "string", "examples": ["0 9 * * MON"]},
    ),
    Parameter(
        name="timezone",
        description="The time zone of the crontab.",
        schema={"type": "string", "default": "UTC", "examples": ["Europe/Berlin"]},
    ),
    Parameter(name="from", description="The start of the period [ms UTC]; by default, now.", schema=_COUNT),
    Parameter(
        name="to",
        description="The end of the period [ms UTC], at most 41 years after its start. Without it, the next five times are returned.",
        schema=_COUNT,
    ),
)

PATH_PARAMETERS: Final[Mapping[str, Parameter]] = {
    each.name: each
    for each in (
        Parameter(name="job_id", description="UUID of a job.", required=True, schema={"type": "string"}),
        Parameter(name="definition_id", description="UUID of a definition.", required=True, schema={"type": "string"}),
        Parameter(name="owner_id", description="Id of an owner.", required=True, schema={"type": "string"}),
    )
}
"""Parameters in paths."""
