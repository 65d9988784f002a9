"""Definitions over HTTP."""

from chalicelib.domain.crontab.explanation import explain_crontab as explain
from chalicelib.factory import factory
from chalicelib.routes.authorization import caller_of, owner_of
from chalicelib.routes.blueprint import ApiBlueprint
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
from chalicelib.routes.models.responses import Redirect
from chalicelib.routes.request_body import parse_body

__all__ = ["definitions"]

definitions = ApiBlueprint(__name__)


@definitions.route("/scheduler/job_definitions", methods=["POST"])
def create_definition() -> DefinitionIdResponse:
    """Create a definition.

    The definition stores a copy of the snapshot. With a `schedule`, it creates jobs automatically; without one, only on request. If AWS does
    not accept the schedule, `problems` explains why until AWS does.
    """
    body = parse_body(CreateDefinitionBody, definitions.current_request.raw_body)
    caller = caller_of(definitions.current_request, factory().settings.ownership)
    return created_definition(factory().definitions.create(caller, body.to_definition_request()))


@definitions.route("/scheduler/job_definitions", methods=["GET"])
def list_definitions() -> DefinitionPageResponse:
    """List definitions.

    The newest definitions come first unless you set `sort_by`.
    """
    query = definition_query(definitions.current_request.query_params)
    return definition_page(factory().definitions.page(_owner(), query))


@definitions.route("/scheduler/job_definitions/{definition_id}", methods=["GET"])
def get_definition(definition_id: str) -> DefinitionResponse:
    """Describe a definition."""
    return describe_definition(factory().definitions.get(_owner(), definition_id))


@definitions.route("/scheduler/job_definitions/{definition_id}", methods=["PATCH"])
def update_definition(definition_id: str) -> None:
    """Change a definition: pause or resume it, or change its schedule, snapshot or other fields.

    Only the fields in the request change. A field that is null does not.
    """
    body = parse_body(UpdateDefinitionBody, definitions.current_request.raw_body)
    caller = caller_of(definitions.current_request, factory().settings.ownership)
    factory().definitions.change(caller, _owner(), definition_id, body.to_change())


@definitions.route("/scheduler/job_definitions/{definition_id}", methods=["DELETE"])
def delete_definition(definition_id: str) -> None:
    """Delete a definition with its jobs.

    Its schedules, snapshot and jobs are removed in the background, logs and uploads about 15 minutes later. For 35 days, the operator can
    restore the records, including parameters.
    """
    factory().definitions.delete(_owner(), definition_id)


@definitions.route("/scheduler/job_definitions/{definition_id}/latest", methods=["GET"], audited=True)
def get_latest_output(definition_id: str) -> Redirect:
    """Redirect to an output of the newest successful run.

    The address of the redirect is presigned: send no signature of your own to it. The newest success is kept until a newer run succeeds.
    """
    job = factory().jobs.get(_owner(), factory().definitions.newest_success(_owner(), definition_id))
    return Redirect(factory().outputs.find_output(job, _param("format")).url)


@definitions.route("/scheduler/job_definitions/{definition_id}/jobs", methods=["POST"])
def run_definition(definition_id: str) -> JobIdResponse:
    """Create a job of a definition now."""
    body = parse_body(RunDefinitionBody, definitions.current_request.raw_body)
    caller, runs = caller_of(definitions.current_request, factory().settings.ownership), factory().definition_runs
    return {"job_id": runs.run_now(caller, _owner(), definition_id, body.to_request())}


@definitions.route("/scheduler/job_definitions/{definition_id}/take_over", methods=["POST"])
def take_over_definition(definition_id: str) -> DefinitionIdResponse:
    """Take over a definition of another owner, for admins. `owner_id` is the other owner.

    Your copy has the same notebook, schedule, options and parameters, and runs with your rights. The old definition is paused with a note
    and keeps its jobs. If you repeat the request, it returns the same definition.
    """
    caller = caller_of(definitions.current_request, factory().settings.ownership)
    return created_definition(factory().take_over.take_over(caller, _owner(), definition_id))


@definitions.route("/scheduler/crontab", methods=["GET"])
def explain_crontab() -> CrontabResponse:
    """Explain a crontab: return its EventBridge expressions and its next five times, or its times in a period."""
    query = crontab_query(definitions.current_request.query_params)
    return describe_explanation(query, *explain(query, factory().clock()))


def _param(name: str) -> str | None:
    params = definitions.current_request.query_params
    return (params.get(name) or None) if params else None


def _owner() -> str:
    return owner_of(definitions.current_request, factory().settings.ownership)
