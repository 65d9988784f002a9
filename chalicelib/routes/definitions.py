"""Definitions over HTTP."""

from chalicelib.domain.definitions.tick import explain
from chalicelib.factory import factory
from chalicelib.routes.authorization import caller_of, owner_of
from chalicelib.routes.chalice_app import ApiBlueprint, parse_body
from chalicelib.routes.models.definition_requests import CreateDefinitionBody, RunDefinitionBody, UpdateDefinitionBody
from chalicelib.routes.models.definition_responses import (
    CrontabResponse,
    DefinitionIdResponse,
    DefinitionPageResponse,
    DefinitionResponse,
    created_definition,
    definition_page,
    describe_definition,
    describe_explanation,
)
from chalicelib.routes.models.job_responses import JobIdResponse
from chalicelib.routes.models.query_strings import crontab_query, definition_query

__all__ = ["definitions"]

definitions = ApiBlueprint(__name__)


@definitions.route("/scheduler/job_definitions", methods=["POST"])
def create_definition() -> DefinitionIdResponse:
    """Create a definition.

    It keeps a copy of the snapshot. With a `schedule` it makes jobs by itself, without one by request only. A schedule that AWS does not
    take is named in `problems`, here and whenever the definition is described, until it is taken.
    """
    body = parse_body(CreateDefinitionBody, definitions.current_request.raw_body)
    caller = caller_of(definitions.current_request, factory().settings.ownership)
    return created_definition(factory().definitions.create(caller, body.to_definition_request()))


@definitions.route("/scheduler/job_definitions", methods=["GET"])
def list_definitions() -> DefinitionPageResponse:
    """List definitions.

    The newest come first, unless `sort_by` says otherwise.
    """
    query = definition_query(definitions.current_request.query_params)
    return definition_page(factory().definitions.page(_owner(), query))


@definitions.route("/scheduler/job_definitions/{definition_id}", methods=["GET"])
def get_definition(definition_id: str) -> DefinitionResponse:
    """Describe a definition."""
    return describe_definition(factory().definitions.get(_owner(), definition_id))


@definitions.route("/scheduler/job_definitions/{definition_id}", methods=["PATCH"])
def update_definition(definition_id: str) -> None:
    """Change a definition: pause, resume, another schedule, another snapshot, anything else that it has.

    Every field that is named changes, and only those; null counts as not named.
    """
    body = parse_body(UpdateDefinitionBody, definitions.current_request.raw_body)
    caller = caller_of(definitions.current_request, factory().settings.ownership)
    factory().definitions.change(caller, _owner(), definition_id, body.to_change())


@definitions.route("/scheduler/job_definitions/{definition_id}", methods=["DELETE"])
def delete_definition(definition_id: str) -> None:
    """Delete a definition with its jobs.

    Its schedules, its snapshot and its jobs are removed in the background, logs and uploads about 15 minutes later. The records, with their
    parameters, can be restored by the operator for 35 days.
    """
    factory().definitions.delete(_owner(), definition_id)


@definitions.route("/scheduler/job_definitions/{definition_id}/jobs", methods=["POST"])
def run_definition(definition_id: str) -> JobIdResponse:
    """Make a job of a definition now."""
    body = parse_body(RunDefinitionBody, definitions.current_request.raw_body)
    caller, runs = caller_of(definitions.current_request, factory().settings.ownership), factory().definition_runs
    token = body.idempotency_token
    return {"job_id": runs.run_now(caller, _owner(), definition_id, parameters=body.parameters, token=token)}


@definitions.route("/scheduler/job_definitions/{definition_id}/take_over", methods=["POST"])
def take_over_definition(definition_id: str) -> DefinitionIdResponse:
    """Make a definition of your own of somebody else's, for admins; `owner_id` names whose it is.

    Yours has the same notebook, schedule, options and parameters, and runs with your rights. The old one is paused with a note, and keeps
    its jobs. The same request again gives the same definition.
    """
    caller = caller_of(definitions.current_request, factory().settings.ownership)
    return created_definition(factory().take_over.take_over(caller, _owner(), definition_id))


@definitions.route("/scheduler/crontab", methods=["GET"])
def explain_crontab() -> CrontabResponse:
    """Say what becomes of a crontab: the EventBridge expressions, and the next five times."""
    schedule, timezone = crontab_query(definitions.current_request.query_params)
    return describe_explanation(schedule, timezone, *explain(schedule, timezone, factory().clock()))


def _owner() -> str:
    return owner_of(definitions.current_request, factory().settings.ownership)
