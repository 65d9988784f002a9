"""What each function may do: exactly what its role needs, on exactly this stack's resources."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from aws_cdk import ArnFormat, Stack
from aws_cdk.aws_dynamodb import Table
from aws_cdk.aws_iam import PolicyStatement
from aws_cdk.aws_s3 import Bucket

from infra.explanations import explain_wildcards
from infra.functions import Functions
from infra.queues import Queues
from infra.runners import CONTAINER, Runners
from infra.schedules import Schedules
from infra.tables import Tables

__all__ = ["Grants"]

_Conditions = Mapping[str, Mapping[str, object]]

_READ_AND_WRITE: Final = (
    "GetItem",
    "PutItem",
    "UpdateItem",
    "DeleteItem",
    "Query",
    "BatchGetItem",
    "ConditionCheckItem",
)
"""What the API does with items."""

_ABORT: Final = "s3:AbortMultipartUpload"
"""To discard the parts of a large copy that failed."""

_OBJECTS: Final = (
    "Files are named by owner and job, which come and go; the function may use its own prefixes and no others."
)
_STREAMS: Final = "Each container has a log stream of its own, named by its task."
_INDEXES: Final = "The table's own indexes."
_TASKS: Final = "Tasks come and go; only those of this stack's cluster."
_SCHEDULES: Final = "Definitions come and go, and their schedules with them; only those of this stack's group."
_REVISIONS: Final = (
    "A deployment makes a new revision while launches go on; only this stack's families, only in its cluster."
)


@dataclass(frozen=True, kw_only=True)
class Grants:
    """Every part that a function may be allowed to use, and one method for each function that allows it."""

    functions: Functions
    tables: Tables
    bucket: Bucket
    queues: Queues
    runners: Runners
    schedules: Schedules
    launch_secret_arn: str

    def all(self) -> None:
        """Allow every function what it needs."""
        self._api()
        self._dispatch()
        self._task_events()
        self._ticks()
        self._sweep()
        self._cleanup()

    def _api(self) -> None:
        for table in (self.tables.jobs, self.tables.definitions, self.tables.marks):
            self._allow_items("api", table, _READ_AND_WRITE)
        self._allow_lists("api", self.tables.jobs)
        self._allow_lists("api", self.tables.definitions)
        objects = [self.bucket.arn_for_objects(prefix) for prefix in ("uploads/*", "definitions/*", "jobs/*")]
        self._allow("api", ["s3:GetObject", "s3:PutObject", "s3:DeleteObject"], objects, patterns_because=_OBJECTS)
        copies = [self.bucket.arn_for_objects(prefix) for prefix in ("definitions/*", "jobs/*")]
        self._allow("api", [_ABORT], copies, patterns_because=_OBJECTS)
        self._allow_to_miss_objects("api")
        self._allow("api", ["logs:GetLogEvents"], [self._log_streams_arn()], patterns_because=_STREAMS)
        self._allow_secret("api")
        self._allow_to_write_schedules("api")
        self._allow_wake_ups("api")

    def _dispatch(self) -> None:
        self._allow_items("dispatch", self.tables.jobs, ("GetItem", "UpdateItem"))
        self._allow_lists("dispatch", self.tables.jobs)
        self._allow_items("dispatch", self.tables.marks, ("GetItem",))
        self._allow_tasks("dispatch")
        self._allow_launches()
        self._allow_secret("dispatch")
        self._allow_wake_ups("dispatch")

    def _task_events(self) -> None:
        self._allow_items("task-events", self.tables.jobs, ("GetItem", "UpdateItem"))
        self._allow_items("task-events", self.tables.marks, ("GetItem",))
        self._allow_wake_ups("task-events")

    def _ticks(self) -> None:
        self._allow_items("ticks", self.tables.definitions, ("GetItem", "UpdateItem"))
        for table in (self.tables.jobs, self.tables.marks):
            self._allow_items("ticks", table, ("GetItem", "PutItem"))
        snapshots, inputs = self.bucket.arn_for_objects("definitions/*"), self.bucket.arn_for_objects("jobs/*")
        self._allow("ticks", ["s3:GetObject"], [snapshots], patterns_because=_OBJECTS)
        self._allow("ticks", ["s3:PutObject", "s3:DeleteObject", _ABORT], [inputs], patterns_because=_OBJECTS)
        self._allow_to_miss_objects("ticks")
        self._allow_to_write_schedules("ticks")
        self._allow_wake_ups("ticks")

    def _sweep(self) -> None:
        self._allow_items("sweep", self.tables.jobs, ("GetItem", "UpdateItem"))
        self._allow_lists("sweep", self.tables.jobs)
        self._allow_list("sweep", self.tables.definitions, "due")
        self._allow_list("sweep", self.tables.definitions, "unsynced")
        self._allow("sweep", ["sqs:SendMessage"], [self.queues.tick.queue_arn])
        self._allow_items("sweep", self.tables.marks, ("GetItem",))
        self._allow_tasks("sweep")
        self._allow_wake_ups("sweep")

    def _cleanup(self) -> None:
        prefixes = ["definitions/*", "jobs/*"]
        objects = [self.bucket.arn_for_objects(prefix) for prefix in prefixes]
        self._allow("cleanup", ["s3:DeleteObject"], objects, patterns_because=_OBJECTS)
        condition = {"StringLike": {"s3:prefix": prefixes}}
        self._allow("cleanup", ["s3:ListBucket"], [self.bucket.bucket_arn], conditions=condition)
        self._allow_list("cleanup", self.tables.jobs, "by_definition")
        self._allow_items("cleanup", self.tables.jobs, ("BatchWriteItem",))
        self._allow_schedules("cleanup", "DeleteSchedule")
        self._allow_tasks("cleanup")
        self._allow_wake_ups("cleanup")
        self._allow("cleanup", ["sqs:SendMessage"], [self.queues.cleanup.queue_arn])

    def _allow(
        self,
        function: str,
        actions: Sequence[str],
        resources: Sequence[str],
        *,
        conditions: _Conditions | None = None,
        patterns_because: str | None = None,
    ) -> None:
        """Allow actions on resources; why some of these are named by a pattern, must be said."""
        statement = PolicyStatement(actions=list(actions), resources=list(resources), conditions=conditions)
        self.functions.role(function).add_to_policy(statement)
        if patterns_because:
            explain_wildcards(self.functions.role(function), resources, patterns_because)

    def _allow_items(self, function: str, table: Table, actions: Sequence[str]) -> None:
        """Items of a table. Transactions need no action of their own, just those that they consist of."""
        self._allow(function, [f"dynamodb:{action}" for action in actions], [table.table_arn])

    def _allow_lists(self, function: str, table: Table) -> None:
        self._allow(function, ["dynamodb:Query"], [f"{table.table_arn}/index/*"], patterns_because=_INDEXES)

    def _allow_list(self, function: str, table: Table, index: str) -> None:
        self._allow(function, ["dynamodb:Query"], [f"{table.table_arn}/index/{index}"])

    def _allow_to_miss_objects(self, function: str) -> None:
        # Without a condition on the prefix: S3 says that an object is missing only to whoever may list where it is missing.
        self._allow(function, ["s3:ListBucket"], [self.bucket.bucket_arn])

    def _allow_to_write_schedules(self, function: str) -> None:
        self._allow_schedules(function, "CreateSchedule", "UpdateSchedule", "DeleteSchedule")
        to_scheduler = {"StringEquals": {"iam:PassedToService": "scheduler.amazonaws.com"}}
        self._allow(function, ["iam:PassRole"], [self.schedules.role.role_arn], conditions=to_scheduler)

    def _allow_schedules(self, function: str, *actions: str) -> None:
        named = [f"scheduler:{action}" for action in actions]
        self._allow(function, named, [self.schedules.schedule_arns], patterns_because=_SCHEDULES)

    def _allow_wake_ups(self, function: str) -> None:
        self._allow(function, ["sqs:SendMessage"], [self.queues.wake_up.queue_arn])

    def _allow_secret(self, function: str) -> None:
        self._allow(function, ["secretsmanager:GetSecretValue"], [self.launch_secret_arn])

    def _allow_tasks(self, function: str) -> None:
        actions = ["ecs:DescribeTasks", "ecs:StopTask"]
        self._allow(function, actions, [self._tasks_arn()], conditions=self._in_our_cluster(), patterns_because=_TASKS)

    def _allow_launches(self) -> None:
        families = [
            self._ecs_arn("task-definition", f"{definition.family}:*")
            for definition in self.runners.task_definitions.values()
        ]
        in_cluster = self._in_our_cluster()
        self._allow("dispatch", ["ecs:RunTask"], families, conditions=in_cluster, patterns_because=_REVISIONS)
        while_launching = {"StringEquals": {"ecs:CreateAction": "RunTask"}}
        self._allow(
            "dispatch", ["ecs:TagResource"], [self._tasks_arn()], conditions=while_launching, patterns_because=_TASKS
        )
        roles = [role.role_arn for role in (self.runners.execution_role, *self.runners.task_roles)]
        to_tasks = {"StringEquals": {"iam:PassedToService": "ecs-tasks.amazonaws.com"}}
        self._allow("dispatch", ["iam:PassRole"], roles, conditions=to_tasks)

    def _in_our_cluster(self) -> _Conditions:
        return {"ArnEquals": {"ecs:cluster": self.runners.cluster.cluster_arn}}

    def _log_streams_arn(self) -> str:
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
