"""What each function may do: exactly what its role needs, on exactly this stack's resources, and what for."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from aws_cdk import ArnFormat, Stack
from aws_cdk.aws_dynamodb import Table
from aws_cdk.aws_iam import PolicyStatement
from aws_cdk.aws_s3 import Bucket

from infra.functions import Functions
from infra.nag_acknowledgments import explain_wildcards, resource_text
from infra.queues import Queues
from infra.runners import CONTAINER, Runners
from infra.schedules import Schedules
from infra.tables import Tables

__all__ = ["Grants", "Purpose"]

_Conditions = Mapping[str, Mapping[str, object]]

_ABORT: Final = "s3:AbortMultipartUpload"
_FAILED_COPY: Final = "discard the parts of a large copy that failed"

_OBJECTS: Final = (
    "Files are named by owner and job, which come and go; the function may use its own prefixes and no others."
)
_STREAMS: Final = "Each container has a log stream of its own, named by its task."
_INDEXES: Final = "The table's own indexes."
_TASKS: Final = "Tasks come and go; only those of this stack's cluster."
_TASK_LISTS: Final = "Listing tasks is not about one resource: AWS's own examples name all of them, and limit it by the cluster, as is done here."
_SCHEDULES: Final = "Definitions come and go, and their schedules with them; only those of this stack's group."
_REVISIONS: Final = (
    "A deployment makes a new revision while launches go on; only this stack's families, only in its cluster."
)

_WAKE_UP: Final = "wake dispatch up"
_MISSING: Final = "learn that an object is missing; without this permission S3 answers 403 instead of 404"
_ON_BEHALF: Final = "let EventBridge Scheduler send ticks"


@dataclass(frozen=True, kw_only=True)
class Purpose:
    """What a function needs a permission for."""

    text: str
    faults_only: bool = False
    """Whether it is needed only after a fault, so that a test run without faults does not use it."""


@dataclass(frozen=True, kw_only=True)
class Grants:
    """Every part that a function may be allowed to use, and one method for each function that allows it."""

    functions: Functions
    tables: Tables
    bucket: Bucket
    queues: Queues
    runners: Runners
    schedules: Schedules
    runner_key_arn: str
    purposes: dict[tuple[str, str, str], Purpose] = field(default_factory=dict)
    """By function, action and resource as `resource_text` writes it."""

    def all(self) -> None:
        """Allow every function what it needs."""
        self._api()
        self._dispatch()
        self._task_events()
        self._ticks()
        self._sweep()
        self._cleanup()

    def _api(self) -> None:
        jobs, definitions, marks = self.tables.jobs, self.tables.definitions, self.tables.marks
        for table, noun in ((jobs, "jobs"), (definitions, "definitions")):
            self._allow_items("api", table, ("GetItem",), f"show {noun}")
            self._allow_items(
                "api", table, ("PutItem", "UpdateItem", "DeleteItem"), f"create, change and delete {noun}"
            )
            self._allow_items("api", table, ("Query",), f"list {noun}, newest first")
            self._allow("api", ["dynamodb:Query"], [f"{table.table_arn}/index/*"], f"list {noun}", because=_INDEXES)
        owners = self.tables.owners
        self._allow_items("api", owners, ("GetItem", "Query"), "list owners, know which are disabled")
        self._allow_items("api", owners, ("UpdateItem",), "note who has created something")
        self._allow_items("api", owners, ("PutItem", "DeleteItem"), "disable and enable owners")
        kept = "idempotency tokens, heartbeats of runners, and what they were given upload addresses for"
        self._allow_items("api", marks, ("GetItem", "PutItem"), kept)
        self._allow_objects("api", ["s3:GetObject"], ["uploads/*"], "check an upload and copy it")
        self._allow_objects("api", ["s3:PutObject"], ["uploads/*"], "presign the form for an upload")
        self._allow_objects("api", ["s3:GetObject"], ["definitions/*"], "copy a snapshot for a job")
        self._allow_objects("api", ["s3:PutObject"], ["definitions/*"], "store a definition's snapshot")
        self._allow_objects("api", ["s3:GetObject"], ["jobs/*"], "presign downloads of inputs and outputs")
        self._allow_objects("api", ["s3:PutObject"], ["jobs/*"], "store a job's input, presign uploads of its outputs")
        for prefix in ("definitions/*", "jobs/*"):
            self._allow_objects("api", ["s3:DeleteObject"], [prefix], "remove the copy of a create that came twice")
            self._allow_objects("api", [_ABORT], [prefix], _FAILED_COPY, faults_only=True)
        self._allow("api", ["s3:ListBucket"], [self.bucket.bucket_arn], _MISSING)
        self._allow("api", ["logs:GetLogEvents"], [self._log_streams_arn()], "show a job's log", because=_STREAMS)
        self._allow("api", ["secretsmanager:GetSecretValue"], [self.runner_key_arn], "check who is a runner")
        self._allow_to_write_schedules("api", "a definition is created, edited, paused or resumed")
        self._allow_wake_ups("api", "after a job was created")

    def _dispatch(self) -> None:
        self._allow_items("dispatch", self.tables.jobs, ("GetItem", "UpdateItem"), "claim jobs, note their tasks")
        indexes = [f"{self.tables.jobs.table_arn}/index/*"]
        self._allow("dispatch", ["dynamodb:Query"], indexes, "find jobs that wait and those that run", because=_INDEXES)
        self._allow_items("dispatch", self.tables.owners, ("Query",), "end the waiting jobs of disabled owners")
        self._allow_tasks("dispatch", ("StopTask",), "stop a task whose job has moved on meanwhile", faults_only=True)
        self._allow_to_list_tasks("dispatch", "learn whether a launch that was refused had started a task before")
        self._allow_launches()
        self._allow_wake_ups("dispatch", "more jobs wait than one run launches", faults_only=True)

    def _task_events(self) -> None:
        self._allow_items("task-events", self.tables.jobs, ("GetItem", "UpdateItem"), "note how a task ended")
        self._allow_tasks("task-events", ("StopTask",), "stop a task that no job names", faults_only=True)
        self._allow_wake_ups("task-events", "a slot is free, or a retry waits")

    def _ticks(self) -> None:
        self._allow_items("ticks", self.tables.definitions, ("GetItem", "UpdateItem"), "take a due minute")
        self._allow_items("ticks", self.tables.jobs, ("PutItem",), "make the job of a due minute")
        last = "look at the last scheduled job of a definition that must not overlap"
        self._allow_items("ticks", self.tables.jobs, ("GetItem",), last)
        self._allow_items("ticks", self.tables.owners, ("GetItem",), "make no job of a disabled owner")
        waiting = [f"{self.tables.jobs.table_arn}/index/waiting"]
        self._allow("ticks", ["dynamodb:Query"], waiting, "count the owner's waiting jobs")
        self._allow_items("ticks", self.tables.marks, ("GetItem", "PutItem"), "mark a due minute as taken")
        self._allow_objects("ticks", ["s3:GetObject"], ["definitions/*"], "copy a definition's snapshot")
        self._allow_objects("ticks", ["s3:PutObject"], ["jobs/*"], "copy it to a job's input")
        unused = "remove the copy of a due minute that was taken meanwhile"
        self._allow_objects("ticks", ["s3:DeleteObject"], ["jobs/*"], unused, faults_only=True)
        self._allow_objects("ticks", [_ABORT], ["jobs/*"], _FAILED_COPY, faults_only=True)
        self._allow("ticks", ["s3:ListBucket"], [self.bucket.bucket_arn], _MISSING, faults_only=True)
        self._allow_to_write_schedules("ticks", "the API could not, or a schedule has ended", faults_only=True)
        self._allow_wake_ups("ticks", "after a job was created")

    def _sweep(self) -> None:
        jobs, definitions = self.tables.jobs, self.tables.definitions
        self._allow_items("sweep", jobs, ("GetItem", "UpdateItem"), "judge silent runners", faults_only=True)
        self._allow("sweep", ["dynamodb:Query"], [f"{jobs.table_arn}/index/*"], "find overdue jobs", because=_INDEXES)
        for index, noun in (("due", "with missed ticks"), ("unsynced", "whose schedules lag behind")):
            self._allow(
                "sweep", ["dynamodb:Query"], [f"{definitions.table_arn}/index/{index}"], f"find definitions {noun}"
            )
        asks = "ask ticks for what was missed"
        self._allow("sweep", ["sqs:SendMessage"], [self.queues.tick.queue_arn], asks, faults_only=True)
        self._allow_items("sweep", self.tables.marks, ("GetItem",), "read a runner's last heartbeat", faults_only=True)
        self._allow_tasks(
            "sweep", ("DescribeTasks", "StopTask"), "stop a task that is silent, or outlives its job", faults_only=True
        )
        self._allow_to_list_tasks("sweep", "find a task whose launch was not recorded")
        self._allow_wake_ups("sweep", "jobs wait whose wake-up may be lost", faults_only=True)

    def _cleanup(self) -> None:
        prefixes = ["definitions/*", "jobs/*"]
        self._allow_objects("cleanup", ["s3:DeleteObject"], prefixes, "remove files of what was deleted")
        self._allow_objects("cleanup", ["s3:DeleteObject"], ["uploads/*"], "remove the upload of what was deleted")
        self._allow(
            "cleanup",
            ["logs:DeleteLogStream"],
            [self._log_streams_arn()],
            "remove a deleted job's log",
            because=_STREAMS,
        )
        condition = {"StringLike": {"s3:prefix": prefixes}}
        bucket = [self.bucket.bucket_arn]
        self._allow("cleanup", ["s3:ListBucket"], bucket, "find files of what was deleted", conditions=condition)
        by_definition = [f"{self.tables.jobs.table_arn}/index/by_definition"]
        self._allow("cleanup", ["dynamodb:Query"], by_definition, "find jobs of a deleted definition")
        self._allow_items("cleanup", self.tables.jobs, ("BatchWriteItem",), "delete jobs of a deleted definition")
        self._allow_schedules("cleanup", ("DeleteSchedule",), "remove the schedules of a deleted definition")
        self._allow_tasks("cleanup", ("StopTask",), "stop the task of a deleted job")
        self._allow_to_list_tasks("cleanup", "find the task of a deleted job whose launch was not recorded")
        self._allow_wake_ups("cleanup", "a slot is free")
        self._allow("cleanup", ["sqs:SendMessage"], [self.queues.cleanup.queue_arn], "clean up once more, later")

    def _allow(
        self,
        function: str,
        actions: Sequence[str],
        resources: Sequence[str],
        purpose: str,
        *,
        conditions: _Conditions | None = None,
        because: str | None = None,
        faults_only: bool = False,
    ) -> None:
        """Allow actions on resources.

        Parameters
        ----------
        purpose
            What the function needs them for.
        because
            Why some of the resources are named by a pattern.
        """
        role, stack = self.functions.role(function), Stack.of(self.functions)
        role.add_to_policy(PolicyStatement(actions=list(actions), resources=list(resources), conditions=conditions))
        for action in actions:
            for resource in resources:
                key = (function, action, resource_text(stack.resolve(resource)))
                self.purposes[key] = Purpose(text=purpose, faults_only=faults_only)
        if because:
            explain_wildcards(role, resources, because)

    def _allow_items(
        self, function: str, table: Table, actions: Sequence[str], purpose: str, *, faults_only: bool = False
    ) -> None:
        """Allow actions on items of a table. Transactions need no action of their own, just those that they consist of."""
        named = [f"dynamodb:{action}" for action in actions]
        self._allow(function, named, [table.table_arn], purpose, faults_only=faults_only)

    def _allow_objects(
        self,
        function: str,
        actions: Sequence[str],
        prefixes: Sequence[str],
        purpose: str,
        *,
        faults_only: bool = False,
    ) -> None:
        arns = [self.bucket.arn_for_objects(prefix) for prefix in prefixes]
        self._allow(function, actions, arns, purpose, because=_OBJECTS, faults_only=faults_only)

    def _allow_to_write_schedules(self, function: str, purpose: str, *, faults_only: bool = False) -> None:
        actions = ("CreateSchedule", "UpdateSchedule", "DeleteSchedule")
        self._allow_schedules(function, actions, purpose, faults_only=faults_only)
        to_scheduler = {"StringEquals": {"iam:PassedToService": "scheduler.amazonaws.com"}}
        role = [self.schedules.role.role_arn]
        self._allow(function, ["iam:PassRole"], role, _ON_BEHALF, conditions=to_scheduler, faults_only=faults_only)

    def _allow_schedules(
        self, function: str, actions: Sequence[str], purpose: str, *, faults_only: bool = False
    ) -> None:
        named = [f"scheduler:{action}" for action in actions]
        arns = [self.schedules.schedule_arns]
        self._allow(function, named, arns, purpose, because=_SCHEDULES, faults_only=faults_only)

    def _allow_wake_ups(self, function: str, when: str, *, faults_only: bool = False) -> None:
        purpose = f"{_WAKE_UP}: {when}"
        self._allow(function, ["sqs:SendMessage"], [self.queues.wake_up.queue_arn], purpose, faults_only=faults_only)

    def _allow_tasks(self, function: str, actions: Sequence[str], purpose: str, *, faults_only: bool = False) -> None:
        self._allow(
            function,
            [f"ecs:{action}" for action in actions],
            [self._tasks_arn()],
            purpose,
            conditions=self._in_our_cluster(),
            because=_TASKS,
            faults_only=faults_only,
        )

    def _allow_to_list_tasks(self, function: str, purpose: str) -> None:
        where = self._in_our_cluster()
        self._allow(
            function, ["ecs:ListTasks"], ["*"], purpose, conditions=where, because=_TASK_LISTS, faults_only=True
        )

    def _allow_launches(self) -> None:
        families = [
            self._ecs_arn("task-definition", f"{definition.family}:*")
            for definition in self.runners.task_definitions.values()
        ]
        in_cluster = self._in_our_cluster()
        self._allow("dispatch", ["ecs:RunTask"], families, "launch runners", conditions=in_cluster, because=_REVISIONS)
        while_launching = {"StringEquals": {"ecs:CreateAction": "RunTask"}}
        self._allow(
            "dispatch",
            ["ecs:TagResource"],
            [self._tasks_arn()],
            "give tasks the tags of their definition, for cost reports",
            conditions=while_launching,
            because=_TASKS,
        )
        roles = [role.role_arn for role in (self.runners.execution_role, *self.runners.task_roles)]
        to_tasks = {"StringEquals": {"iam:PassedToService": "ecs-tasks.amazonaws.com"}}
        self._allow("dispatch", ["iam:PassRole"], roles, "hand tasks their roles", conditions=to_tasks)

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
