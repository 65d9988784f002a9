"""The permissions that a call needs according to the Service Authorization Reference."""

import json
from typing import Any

import pytest

from local_cloud.authorization_rules import Request, Requirement, requirements

TASK_ROLE, EXECUTION_ROLE = (f"arn:aws:iam::000000000000:role/{name}" for name in ("task", "execution"))
CLUSTER = "arn:aws:ecs:us-east-1:000000000000:cluster/ours"
IN_CLUSTER = {"ecs:cluster": CLUSTER}


class Definitions:
    """Two revisions of one family."""

    def newest_revision(self, definition: str) -> str:
        return definition if ":" in definition else f"{definition}:2"

    def roles(self, definition: str) -> tuple[str, ...]:
        return (TASK_ROLE, EXECUTION_ROLE) if definition == "notebooks:2" else ()


def needed(service: str, target: str = "", **fields: Any) -> list[tuple[str, str, dict[str, str]]]:
    """Return action, resource and condition keys of each permission."""
    known = {name: fields.pop(name) for name in ("method", "path", "query") if name in fields}
    request = Request(
        service=service,
        target=target,
        body=json.dumps(fields).encode(),
        region="us-east-1",
        account="000000000000",
        **{"method": "POST", "path": "/", "query": {}, **known},
    )
    return [(needed.action, needed.resource, dict(needed.context)) for needed in requirements(request, Definitions())]


def pass_role(role: str, service: str) -> tuple[str, str, dict[str, str]]:
    return "iam:PassRole", role, {"iam:passedtoservice": f"{service}.amazonaws.com"}


@pytest.mark.parametrize("cluster", ["ours", CLUSTER])
@pytest.mark.parametrize(
    "definition", ["notebooks", "notebooks:2", "arn:aws:ecs:us-east-1:000000000000:task-definition/notebooks:2"]
)
def test_a_launch_needs_permissions_for_the_newest_revision_and_the_roles(cluster: str, definition: str) -> None:
    launch, *passed = needed("ecs", "RunTask", cluster=cluster, taskDefinition=definition)
    assert launch == ("ecs:RunTask", "arn:aws:ecs:us-east-1:000000000000:task-definition/notebooks:2", IN_CLUSTER)
    assert passed == [pass_role(TASK_ROLE, "ecs-tasks"), pass_role(EXECUTION_ROLE, "ecs-tasks")]


def test_an_overridden_role_needs_the_permission_to_pass_it() -> None:
    other = "arn:aws:iam::000000000000:role/other"
    named = needed("ecs", "RunTask", taskDefinition="plain:1", overrides={"taskRoleArn": other})
    assert pass_role(other, "ecs-tasks") in named


@pytest.mark.parametrize("tags", [{"tags": [{"key": "a", "value": "b"}]}, {"propagateTags": "TASK_DEFINITION"}])
def test_a_launch_with_tags_needs_the_permission_to_tag_on_creation(tags: dict[str, Any]) -> None:
    named = needed("ecs", "RunTask", cluster="ours", taskDefinition="plain:1", **tags)
    tasks = "arn:aws:ecs:us-east-1:000000000000:task/ours/*"
    assert ("ecs:TagResource", tasks, {"ecs:createaction": "RunTask"}) in named


def test_listing_tasks_is_evaluated_on_container_instances_and_cluster() -> None:
    instances = "arn:aws:ecs:us-east-1:000000000000:container-instance/ours/*"
    assert needed("ecs", "ListTasks", cluster="ours", startedBy="a/b/1") == [("ecs:ListTasks", instances, IN_CLUSTER)]


def test_each_task_is_evaluated_in_its_cluster() -> None:
    arn = "arn:aws:ecs:us-east-1:000000000000:task/ours/"
    assert needed("ecs", "StopTask", cluster=CLUSTER, task=f"{arn}a1") == [("ecs:StopTask", f"{arn}a1", IN_CLUSTER)]
    described = needed("ecs", "DescribeTasks", cluster=CLUSTER, tasks=["a1", f"{arn}b2"])
    assert described == [("ecs:DescribeTasks", f"{arn}{task}", IN_CLUSTER) for task in ("a1", "b2")]


@pytest.mark.parametrize(
    ("method", "fields", "action"),
    [
        ("POST", {"GroupName": "ours"}, "CreateSchedule"),
        ("PUT", {"GroupName": "ours"}, "UpdateSchedule"),
        ("DELETE", {"query": {"groupName": ["ours"]}}, "DeleteSchedule"),
        ("GET", {"query": {"groupName": ["ours"]}}, "GetSchedule"),
    ],
)
def test_a_schedule_is_evaluated_in_its_group(method: str, fields: dict[str, Any], action: str) -> None:
    named = needed("scheduler", method=method, path="/schedules/d-0", **fields)
    assert named == [(f"scheduler:{action}", "arn:aws:scheduler:us-east-1:000000000000:schedule/ours/d-0", {})]


def test_a_schedule_without_group_uses_the_default_group_and_passes_its_role() -> None:
    call, passed = needed("scheduler", path="/schedules/d-0", Target={"RoleArn": TASK_ROLE})
    assert call[1].endswith(":schedule/default/d-0")
    assert passed == pass_role(TASK_ROLE, "scheduler")


@pytest.mark.parametrize("operation", ["GetLogEvents", "DeleteLogStream"])
def test_a_log_is_evaluated_on_its_stream(operation: str) -> None:
    [(action, resource, _)] = needed("logs", operation, logGroupName="/runners", logStreamName="runner/a1")
    assert (action, resource) == (
        f"logs:{operation}",
        "arn:aws:logs:us-east-1:000000000000:log-group:/runners:log-stream:runner/a1",
    )


def test_a_mail_is_evaluated_on_the_identity_of_its_sender() -> None:
    path = {"path": "/v2/email/outbound-emails"}
    assert needed("ses", FromEmailAddress="jobs@example.com", **path) == [
        (
            "ses:SendEmail",
            "arn:aws:ses:us-east-1:000000000000:identity/jobs@example.com",
            {"ses:fromaddress": "jobs@example.com"},
        )
    ]


@pytest.mark.parametrize(
    "request_",
    [
        {"service": "ses", "path": "/v2/email/identities"},
        {"service": "ecs", "target": "ListClusters"},
        {"service": "scheduler", "method": "POST", "path": "/schedule-groups/ours"},
        {"service": "logs", "target": "PutLogEvents"},
        {"service": "s3"},
    ],
    ids=str,
)
def test_other_calls_are_left_to_the_emulator(request_: dict[str, str]) -> None:
    assert needed(**request_) == []


def test_an_invalid_json_body_needs_the_permissions_of_an_empty_one() -> None:
    request = Request(
        service="ecs",
        method="POST",
        path="/",
        target="StopTask",
        body=b"\xff{",
        query={},
        region="us-east-1",
        account="000000000000",
    )
    [only] = requirements(request, Definitions())
    assert isinstance(only, Requirement)
    assert only.action == "ecs:StopTask"
