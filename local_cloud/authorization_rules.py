"""The permissions that AWS evaluates for a call where MiniStack evaluates others: actions, resources and condition keys.

Pure functions. Source of each rule: the Service Authorization Reference of the service, tables "Actions defined by …" (resource
types, condition keys, dependent actions), and the pages named at a rule. Each rule is a gap of MiniStack 1.5.33, described in
docs/decisions/0025.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Protocol

__all__ = ["Request", "Requirement", "TaskDefinitions", "authorized_action", "requirements"]

_Context = Mapping[str, str]
_Body = Mapping[str, Any]

_TASKS_SERVICE: Final = "ecs-tasks.amazonaws.com"
_SCHEDULER_SERVICE: Final = "scheduler.amazonaws.com"

_BATCH_ACTIONS: Final = frozenset(
    {"sqs:SendMessageBatch", "sqs:DeleteMessageBatch", "sqs:ChangeMessageVisibilityBatch"}
)
"""Calls that need the permission for a single message (SQS developer guide, "Amazon SQS API permissions")."""

_LOG_STREAM_ACTIONS: Final = frozenset({"GetLogEvents", "DeleteLogStream"})
"""Actions on one stream of CloudWatch Logs (Service Authorization Reference, "Actions defined by Amazon CloudWatch Logs")."""


_SEND_EMAIL: Final = "/v2/email/outbound-emails"


@dataclass(frozen=True, kw_only=True)
class Requirement:
    """A permission that a call needs."""

    action: str
    """The action with its prefix, such as `ecs:RunTask`."""

    resource: str
    """The ARN that policies are matched against."""

    context: _Context = field(default_factory=dict)
    """Condition keys of the service, in lower case, which MiniStack's evaluator expects."""


@dataclass(frozen=True, kw_only=True)
class Request:
    """The parts of an HTTP request that decide which permissions it needs."""

    service: str
    method: str
    path: str
    target: str
    """The operation in the header `X-Amz-Target`, without its prefix; empty without this header."""

    body: bytes
    query: Mapping[str, Any]
    region: str
    account: str


class TaskDefinitions(Protocol):
    """The task definitions of ECS."""

    def newest_revision(self, definition: str) -> str:
        """Resolve a family, or a family with its revision, to `family:revision`."""

    def roles(self, definition: str) -> tuple[str, ...]:
        """Return the ARNs of the roles that a task definition `family:revision` names."""


def authorized_action(action: str) -> str:
    """Return the action that policies use for a call, such as `sqs:SendMessage` for a batch of messages."""
    return action.removesuffix("Batch") if action in _BATCH_ACTIONS else action


def requirements(request: Request, definitions: TaskDefinitions) -> tuple[Requirement, ...]:
    """Return all permissions that a call needs, the call's own action first; empty if MiniStack evaluates the call as AWS does."""
    if request.service == "ecs":
        return _ecs(request, _json(request.body), definitions)
    if request.service == "scheduler":
        return _scheduler(request)
    if request.service == "ses" and request.path == _SEND_EMAIL:
        return (_send_email(request),)
    if request.service == "logs" and request.target in _LOG_STREAM_ACTIONS:
        return _log_stream(request)
    return ()


def _ecs(request: Request, body: _Body, definitions: TaskDefinitions) -> tuple[Requirement, ...]:
    if request.target == "RunTask":
        return _run_task(request, body, definitions)
    if request.target == "ListTasks":
        instances = _arn(request, "ecs", f"container-instance/{_cluster(body)}/*")
        return (Requirement(action="ecs:ListTasks", resource=instances, context=_in_cluster(request, body)),)
    named = {"StopTask": [body.get("task")], "DescribeTasks": body.get("tasks")}.get(request.target)
    return tuple(
        Requirement(
            action=f"ecs:{request.target}",
            resource=_arn(request, "ecs", f"task/{_cluster(body)}/{_last_part(str(task))}"),
            context=_in_cluster(request, body),
        )
        for task in named or ()
    )


def _run_task(request: Request, body: _Body, definitions: TaskDefinitions) -> tuple[Requirement, ...]:
    """Require a launch's permissions for its task definition with revision, its tags, and the roles that it passes."""
    definition = definitions.newest_revision(_last_part(str(body.get("taskDefinition") or "")))
    launch = Requirement(
        action="ecs:RunTask",
        resource=_arn(request, "ecs", f"task-definition/{definition}"),
        context=_in_cluster(request, body),
    )
    # ECS developer guide, "Grant permission to tag resources on creation". It does not document propagated tags; they count here.
    tag = Requirement(
        action="ecs:TagResource",
        resource=_arn(request, "ecs", f"task/{_cluster(body)}/*"),
        context={"ecs:createaction": "RunTask"},
    )
    overrides = body.get("overrides") or {}
    overridden = [overrides[name] for name in ("taskRoleArn", "executionRoleArn") if overrides.get(name)]
    passed = tuple(_pass_role(role, _TASKS_SERVICE) for role in (*definitions.roles(definition), *overridden))
    return (launch, *((tag,) if body.get("tags") or body.get("propagateTags") else ()), *passed)


def _cluster(body: _Body) -> str:
    return _last_part(str(body.get("cluster") or "default"))


def _in_cluster(request: Request, body: _Body) -> _Context:
    return {"ecs:cluster": _arn(request, "ecs", f"cluster/{_cluster(body)}")}


def _scheduler(request: Request) -> tuple[Requirement, ...]:
    _, _, name = request.path.strip("/").partition("schedules/")
    operation = {"POST": "Create", "PUT": "Update", "DELETE": "Delete", "GET": "Get"}.get(request.method)
    if not name or operation is None:
        return ()
    body = _json(request.body)
    group = body.get("GroupName") or _first(request.query.get("groupName")) or "default"
    call = Requirement(
        action=f"scheduler:{operation}Schedule", resource=_arn(request, "scheduler", f"schedule/{group}/{name}")
    )
    target = body.get("Target")
    role = target.get("RoleArn") if isinstance(target, dict) else None
    return (call, _pass_role(role, _SCHEDULER_SERVICE)) if role else (call,)


def _send_email(request: Request) -> Requirement:
    """Require the permission for the sender's identity (Service Authorization Reference, "Actions defined by Amazon SES")."""
    sender = str(_json(request.body).get("FromEmailAddress") or "")
    identity = _arn(request, "ses", f"identity/{sender}")
    return Requirement(action="ses:SendEmail", resource=identity, context={"ses:fromaddress": sender})


def _log_stream(request: Request) -> tuple[Requirement, ...]:
    body = _json(request.body)
    stream = f"log-group:{body.get('logGroupName')}:log-stream:{body.get('logStreamName')}"
    return (Requirement(action=f"logs:{request.target}", resource=_arn(request, "logs", stream)),)


def _pass_role(role_arn: str, service: str) -> Requirement:
    """Require the permission to pass a role to a service (IAM user guide, "Grant a user permissions to pass a role to a service")."""
    return Requirement(action="iam:PassRole", resource=role_arn, context={"iam:passedtoservice": service})


def _arn(request: Request, service: str, resource: str) -> str:
    return f"arn:aws:{service}:{request.region}:{request.account}:{resource}"


def _last_part(reference: str) -> str:
    """Return the name at the end of an ARN, or a plain name unchanged."""
    return reference.rpartition("/")[2]


def _first(value: object) -> object:
    return value[0] if isinstance(value, list) and value else value


def _json(body: bytes) -> _Body:
    try:
        document = json.loads(body or b"{}")
    except ValueError:
        return {}
    return document if isinstance(document, dict) else {}
