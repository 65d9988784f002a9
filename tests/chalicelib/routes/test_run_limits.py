"""Run limits, in a field of their own or in the parameters of the environment, where the JupyterLab form can send them."""

from typing import Any, Final

import pytest

from tests.support.definitions import Definitions
from tests.support.scheduler import LocalScheduler, notebook

_LIMITS: Final[dict[str, Any]] = {
    "timeout_seconds": 90,
    "max_retries": 2,
    "retry_on_timeout": True,
    "min_retry_interval_millis": 1500,
}
_SPELLINGS: Final[dict[str, dict[str, Any]]] = {
    "values": _LIMITS,
    "texts": {name: str(value) for name, value in _LIMITS.items()},
    "lower case": {name: str(value).lower() for name, value in _LIMITS.items()},
    "numbers": {**_LIMITS, "retry_on_timeout": 1},
}


def _limits(described: dict[str, Any]) -> dict[str, Any]:
    return {name: described[name] for name in _LIMITS}


@pytest.mark.parametrize("spelling", _SPELLINGS)
def test_a_job_has_the_limits_in_its_environments_parameters(local: LocalScheduler, spelling: str) -> None:
    sent = {**_SPELLINGS[spelling], "another": "x"}
    described = local.job(local.create(notebook(), runtime_environment_parameters=sent))
    assert _limits(described) == _LIMITS
    assert described["runtime_environment_parameters"] == sent


@pytest.mark.parametrize("spelling", _SPELLINGS)
def test_a_definition_and_its_jobs_have_the_limits(local: LocalScheduler, made: Definitions, spelling: str) -> None:
    definition_id = made.create(runtime_environment_parameters=_SPELLINGS[spelling])
    assert _limits(made.described(definition_id)) == _LIMITS
    job_id = local.api.post(f"/scheduler/job_definitions/{definition_id}/jobs", {}).body["job_id"]
    assert _limits(local.job(job_id)) == _LIMITS


@pytest.mark.parametrize("field", _LIMITS)
def test_a_field_takes_precedence_over_a_parameter(local: LocalScheduler, made: Definitions, field: str) -> None:
    other = {**_LIMITS, "timeout_seconds": 60, "max_retries": 1, "retry_on_timeout": False}
    other["min_retry_interval_millis"] = 7
    fields: dict[str, Any] = {field: other[field], "runtime_environment_parameters": _LIMITS}
    expected = {**_LIMITS, field: other[field]}
    assert _limits(local.job(local.create(notebook(), **fields))) == expected
    definition_id = made.create(**fields)
    assert _limits(made.described(definition_id)) == expected


def test_an_edit_changes_the_limits_in_the_parameters_and_no_other(made: Definitions) -> None:
    definition_id = made.create(**_LIMITS)
    made.patch(definition_id, runtime_environment_parameters={"timeout_seconds": "120"})
    assert _limits(made.described(definition_id)) == {**_LIMITS, "timeout_seconds": 120}
    made.patch(definition_id, runtime_environment_parameters={"max_retries": 1}, timeout_seconds=None)
    default = made.described(made.create())["timeout_seconds"]
    assert _limits(made.described(definition_id)) == {**_LIMITS, "timeout_seconds": default, "max_retries": 1}


@pytest.mark.parametrize(
    ("parameters", "reason", "says"),
    [
        ({"timeout_seconds": 0}, "runtime_environment_parameters", "timeout_seconds"),
        ({"timeout_seconds": "an hour"}, "runtime_environment_parameters", "timeout_seconds"),
        ({"max_retries": "-1"}, "runtime_environment_parameters", "max_retries"),
        ({"max_retries": 1.5}, "runtime_environment_parameters", "max_retries"),
        ({"retry_on_timeout": "perhaps"}, "runtime_environment_parameters", "retry_on_timeout"),
        ({"min_retry_interval_millis": "86400001"}, "runtime_environment_parameters", "min_retry_interval_millis"),
        ({"max_retries": "1000"}, "max_retries", "at most"),
        ({"timeout_seconds": "100000000"}, "timeout_seconds", "at most"),
    ],
    ids=str,
)
def test_an_invalid_limit_is_refused_by_name(
    local: LocalScheduler, made: Definitions, parameters: dict[str, Any], reason: str, says: str
) -> None:
    uri = local.upload(notebook())
    body = {"name": "n", "input_uri": uri, "input_filename": "a.ipynb", "runtime_environment_name": "python"}
    refused = [
        local.api.post("/scheduler/jobs", {**body, "runtime_environment_parameters": parameters}),
        made.post(runtime_environment_parameters=parameters),
        local.api.patch(f"/scheduler/job_definitions/{made.create()}", {"runtime_environment_parameters": parameters}),
    ]
    for response in refused:
        assert (response.status, response.body["reason"]) == (400, reason)
        assert says in response.body["message"]
