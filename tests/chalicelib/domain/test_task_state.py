from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.domain.identifiers import RunId
from chalicelib.domain.task_state import TaskState, parse_task

ARN = "arn:aws:ecs:eu-central-1:123456789012:task/cluster/0123456789abcdef0123456789abcdef"

STOPPED: dict[str, Any] = {
    "taskArn": ARN,
    "clusterArn": "arn:aws:ecs:eu-central-1:123456789012:cluster/cluster",
    "lastStatus": "STOPPED",
    "desiredStatus": "STOPPED",
    "startedBy": "ann-1/0199-1/3",
    "stopCode": "EssentialContainerExited",
    "stoppedReason": "Essential container in task exited",
    "containers": [
        {"name": "guard", "exitCode": 1, "reason": "of another container"},
        {"name": "runner", "exitCode": 137, "reason": "OutOfMemoryError: Container killed due to memory usage"},
    ],
    "overrides": {
        "containerOverrides": [
            {"name": "guard"},
            {
                "name": "runner",
                "environment": [{"name": "RUN_URL", "value": "https://x"}, {"name": "LAUNCH", "value": "2"}],
            },
        ]
    },
}
"""A stopped task, as a Task State Change event describes it."""


def test_a_stopped_task_is_parsed() -> None:
    task = parse_task(STOPPED)
    assert task == TaskState(
        task_arn=ARN,
        last_status="STOPPED",
        desired_status="STOPPED",
        run_id=RunId("ann-1", "0199-1", 3),
        launch=2,
        stop_code="EssentialContainerExited",
        stopped_reason="Essential container in task exited",
        exit_code=137,
        container_reason="OutOfMemoryError: Container killed due to memory usage",
    )
    assert task.has_stopped


@pytest.mark.parametrize("status", ["PROVISIONING", "PENDING", "ACTIVATING", "RUNNING", "DEACTIVATING", "STOPPING", ""])
def test_a_task_has_stopped_only_when_ecs_says_so(status: str) -> None:
    assert not parse_task({**STOPPED, "lastStatus": status}).has_stopped


def test_a_request_needs_few_fields() -> None:
    assert parse_task({"taskArn": ARN}) == TaskState(ARN, "", "", None, None, "", "", None, "")


@pytest.mark.parametrize("started_by", [None, "", "ecs-svc/1234567890123456789", "a person", "a/b/c", "a/b/²"])
def test_tasks_of_others_have_no_run_id(started_by: str | None) -> None:
    assert parse_task({**STOPPED, "startedBy": started_by}).run_id is None


@pytest.mark.parametrize("value", [None, "", "x", "-1", "²", "1.0", "9" * 5000])
def test_a_launch_that_is_not_a_number_is_unknown(value: str | None) -> None:
    overrides = {"containerOverrides": [{"environment": [{"name": "LAUNCH", "value": value}]}]}
    assert parse_task({**STOPPED, "overrides": overrides}).launch is None


def test_exit_code_0_is_an_exit_code() -> None:
    assert parse_task({**STOPPED, "containers": [{"name": "runner", "exitCode": 0}]}).exit_code == 0


@given(st.sets(st.sampled_from(sorted(STOPPED.keys() - {"taskArn"}))), st.sampled_from(["missing", "None", "empty"]))
def test_missing_fields_stay_empty(names: set[str], how: str) -> None:
    empty = {name: type(value)() for name, value in STOPPED.items()}
    task = {name: value for name, value in STOPPED.items() if name not in names}
    task |= {} if how == "missing" else {name: None if how == "None" else empty[name] for name in names}
    read, whole = parse_task(task), parse_task(STOPPED)
    assert read.run_id == (None if "startedBy" in names else whole.run_id)
    assert read.exit_code == (None if "containers" in names else whole.exit_code)
    assert read.launch == (None if "overrides" in names else whole.launch)


PARTS = st.fixed_dictionaries(
    {},
    optional={
        "name": st.sampled_from(["runner", "guard", "LAUNCH", None]),
        "value": st.none() | st.text(max_size=5),
        "exitCode": st.none() | st.integers(0, 255),
        "reason": st.none() | st.text(max_size=5),
        "environment": st.none() | st.lists(st.fixed_dictionaries({}, optional={"name": st.just("LAUNCH")})),
    },
)


@given(st.none() | st.lists(PARTS), st.none() | st.lists(PARTS), st.none() | st.lists(PARTS))
def test_random_task_descriptions_are_parsed(containers: Any, overrides: Any, environment: Any) -> None:
    described = [*(overrides or []), {"environment": environment}]
    task = {"taskArn": ARN, "containers": containers, "overrides": {"containerOverrides": described}}
    assert parse_task(task).task_arn == ARN
