"""Statements of the roles' policies, one method for each kind of resource; each statement has a purpose."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from aws_cdk import ArnFormat, Stack
from aws_cdk.aws_dynamodb import Table
from aws_cdk.aws_iam import PolicyStatement
from aws_cdk.aws_s3 import Bucket

from chalicelib.channels import Channel, ChannelKind
from infra.functions import Functions
from infra.nag_acknowledgments import acknowledge_wildcards, resource_text
from infra.queues import Queues
from infra.runners import CONTAINER, Runners
from infra.schedules import Schedules
from infra.tables import Tables

__all__ = ["INDEXES", "LOG_STREAMS", "GrantStatements", "Purpose"]

_Conditions = Mapping[str, Mapping[str, object]]

_OBJECTS: Final = (
    "Objects are named by owner and job, which are not known in advance; the function may use its own prefixes only."
)
LOG_STREAMS: Final = "Each container has its own log stream, named after its task."
INDEXES: Final = "The table's own indexes."
_TASKS: Final = "Tasks are not known in advance; only those of this stack's cluster are allowed."
_TASK_LISTS: Final = "ListTasks has no single resource: as in AWS's examples, the policy names all of them and a condition limits it to the cluster."
_SCHEDULES: Final = "Schedules are not known in advance; only those of this stack's group are allowed."
_REVISIONS: Final = (
    "A deployment creates a new revision while launches go on; only this stack's families in its cluster are allowed."
)
"""Why a policy names these resources by a pattern."""

_WAKE_UP: Final = "wake the dispatcher"
_ON_BEHALF: Final = "let EventBridge Scheduler send ticks"


@dataclass(frozen=True, kw_only=True)
class Purpose:
    """The purpose of a permission."""

    text: str
    faults_only: bool = False
    """Whether the permission is used only after a fault, so that a test run without faults does not use it."""


@dataclass(frozen=True, kw_only=True)
class GrantStatements:
    """The resources of the stack, and methods that allow functions to use them."""

    functions: Functions
    tables: Tables
    bucket: Bucket
    queues: Queues
    runners: Runners
    schedules: Schedules
    runner_key_arn: str
    event_bus_arn: str
    channels: tuple[Channel, ...] = ()
    purposes: dict[tuple[str, str, str], Purpose] = field(default_factory=dict)
    """By function, action, and resource in the format of `resource_text`."""

    def allow(
        self,
        function: str,
        actions: Sequence[str],
        resources: Sequence[str],
        purpose: str,
        *,
        conditions: _Conditions | None = None,
        wildcard_reason: str | None = None,
        faults_only: bool = False,
    ) -> None:
        """Allow actions on resources.

        Parameters
        ----------
        purpose
            What the function uses the actions for.
        wildcard_reason
            Why resources are named by a pattern, if they are.
        """
        role, stack = self.functions.role(function), Stack.of(self.functions)
        role.add_to_policy(PolicyStatement(actions=list(actions), resources=list(resources), conditions=conditions))
        for action in actions:
            for resource in resources:
                key = (function, action, resource_text(stack.resolve(resource)))
                self.purposes[key] = Purpose(text=purpose, faults_only=faults_only)
        if wildcard_reason:
            acknowledge_wildcards(role, resources, wildcard_reason)

    def allow_items(
        self, function: str, table: Table, actions: Sequence[str], purpose: str, *, faults_only: bool = False
    ) -> None:
        """Allow actions on items of a table. A transaction needs the actions of its parts, and none of its own."""
        named = [f"dynamodb:{action}" for action in actions]
        self.allow(function, named, [table.table_arn], purpose, faults_only=faults_only)

    def allow_objects(
        self,
        function: str,
        actions: Sequence[str],
        prefixes: Sequence[str],
        purpose: str,
        *,
        faults_only: bool = False,
    ) -> None:
        """Allow actions on objects with these prefixes."""
        arns = [self.bucket.arn_for_objects(prefix) for prefix in prefixes]
        self.allow(function, actions, arns, purpose, wildcard_reason=_OBJECTS, faults_only=faults_only)

    def allow_to_write_schedules(self, function: str, purpose: str, *, faults_only: bool = False) -> None:
        """Allow a function to create, update, and delete schedules."""
        actions = ("CreateSchedule", "UpdateSchedule", "DeleteSchedule")
        self.allow_schedules(function, actions, purpose, faults_only=faults_only)
        to_scheduler = {"StringEquals": {"iam:PassedToService": "scheduler.amazonaws.com"}}
        role = [self.schedules.role.role_arn]
        self.allow(function, ["iam:PassRole"], role, _ON_BEHALF, conditions=to_scheduler, faults_only=faults_only)

    def allow_schedules(
        self, function: str, actions: Sequence[str], purpose: str, *, faults_only: bool = False
    ) -> None:
        """Allow actions on the schedules of the stack's group."""
        named = [f"scheduler:{action}" for action in actions]
        arns = [self.schedules.schedule_arns]
        self.allow(function, named, arns, purpose, wildcard_reason=_SCHEDULES, faults_only=faults_only)

    def allow_wake_ups(self, function: str, when: str, *, faults_only: bool = False) -> None:
        """Allow a function to send wake-ups."""
        purpose = f"{_WAKE_UP}: {when}"
        self.allow(function, ["sqs:SendMessage"], [self.queues.wake_up.queue_arn], purpose, faults_only=faults_only)

    def allow_tasks(self, function: str, actions: Sequence[str], purpose: str, *, faults_only: bool = False) -> None:
        """Allow actions on the tasks of the stack's cluster."""
        self.allow(
            function,
            [f"ecs:{action}" for action in actions],
            [self._tasks_arn()],
            purpose,
            conditions=self._in_our_cluster(),
            wildcard_reason=_TASKS,
            faults_only=faults_only,
        )

    def allow_to_list_tasks(self, function: str, purpose: str, *, faults_only: bool = True) -> None:
        """Allow a function to list the tasks of the stack's cluster."""
        where = self._in_our_cluster()
        self.allow(
            function,
            ["ecs:ListTasks"],
            ["*"],
            purpose,
            conditions=where,
            wildcard_reason=_TASK_LISTS,
            faults_only=faults_only,
        )

    def allow_launches(self) -> None:
        """Allow dispatch to run tasks."""
        families = [
            self._ecs_arn("task-definition", f"{definition.family}:*")
            for definition in self.runners.task_definitions.values()
        ]
        in_cluster = self._in_our_cluster()
        self.allow(
            "dispatch", ["ecs:RunTask"], families, "launch runners", conditions=in_cluster, wildcard_reason=_REVISIONS
        )
        while_launching = {"StringEquals": {"ecs:CreateAction": "RunTask"}}
        self.allow(
            "dispatch",
            ["ecs:TagResource"],
            [self._tasks_arn()],
            "tag tasks with their stack, owner, job and definition, for cost reports",
            conditions=while_launching,
            wildcard_reason=_TASKS,
        )
        roles = [role.role_arn for role in (self.runners.execution_role, *self.runners.task_roles)]
        to_tasks = {"StringEquals": {"iam:PassedToService": "ecs-tasks.amazonaws.com"}}
        self.allow("dispatch", ["iam:PassRole"], roles, "pass tasks their roles", conditions=to_tasks)

    def _in_our_cluster(self) -> _Conditions:
        return {"ArnEquals": {"ecs:cluster": self.runners.cluster.cluster_arn}}

    def log_streams_arn(self) -> str:
        """Return the ARN pattern of the containers' log streams."""
        name = f"{self.runners.log_group.log_group_name}:log-stream:{CONTAINER}/*"
        stack = Stack.of(self.functions)
        return stack.format_arn(
            service="logs", resource="log-group", resource_name=name, arn_format=ArnFormat.COLON_RESOURCE_NAME
        )

    def _tasks_arn(self) -> str:
        return self._ecs_arn("task", f"{self.runners.cluster.cluster_name}/*")

    def _ecs_arn(self, resource: str, name: str) -> str:
        return Stack.of(self.functions).format_arn(
            service="ecs", resource=resource, resource_name=name, arn_format=ArnFormat.SLASH_RESOURCE_NAME
        )

    def allow_channels(self, function: str) -> None:
        """Allow what the channels of the settings need, and nothing else."""
        stack = Stack.of(self.functions)
        for channel in self.channels:
            if channel.kind is ChannelKind.WEBHOOK and channel.secret_arn:
                self.allow(function, ["secretsmanager:GetSecretValue"], [channel.secret_arn], "read a webhook's URL")
            if channel.kind is ChannelKind.TOPIC and channel.topic_arn:
                self.allow(function, ["sns:Publish"], [channel.topic_arn], "deliver notifications to a topic")
            if channel.kind is ChannelKind.EMAIL and channel.sender:
                sender = {"StringEquals": {"ses:FromAddress": channel.sender}}
                why = "deliver notifications by mail"
                for name, purpose in (
                    (channel.sender, why),
                    (channel.sender.rpartition("@")[2], f"{why} from a sender who is verified by the domain"),
                ):
                    identity = stack.format_arn(service="ses", resource="identity", resource_name=name)
                    by_domain = (
                        name != channel.sender
                    )  # one of the two is used, depending on what the operator verified
                    self.allow(
                        function, ["ses:SendEmail"], [identity], purpose, conditions=sender, faults_only=by_domain
                    )
