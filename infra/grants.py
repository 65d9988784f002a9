"""The permissions of each function, limited to this stack's resources, with their purposes."""

from dataclasses import dataclass
from typing import Final

from infra.grant_statements import INDEXES, LOG_STREAMS, GrantStatements

__all__ = ["Grants"]

_ABORT: Final = "s3:AbortMultipartUpload"
_FAILED_COPY: Final = "discard the parts of a large copy that failed"
_MISSING: Final = "detect missing objects; without this permission S3 responds with 403 instead of 404"


@dataclass(frozen=True, kw_only=True)
class Grants(GrantStatements):
    """Grants each function what it needs, one method for each function."""

    def all(self) -> None:
        """Grant all functions their permissions."""
        self._api()
        self._dispatch()
        self._task_events()
        self._ticks()
        self._sweep()
        self._changes()
        self._notifications()
        self._cleanup()

    def _api(self) -> None:
        jobs, definitions, marks = self.tables.jobs, self.tables.definitions, self.tables.marks
        for table, noun in ((jobs, "jobs"), (definitions, "definitions")):
            self.allow_items("api", table, ("GetItem",), f"show {noun}")
            self.allow_items("api", table, ("PutItem", "UpdateItem", "DeleteItem"), f"create, change and delete {noun}")
            self.allow_items("api", table, ("Query",), f"list {noun}, newest first")
            self.allow(
                "api", ["dynamodb:Query"], [f"{table.table_arn}/index/*"], f"list {noun}", wildcard_reason=INDEXES
            )
        owners = self.tables.owners
        self.allow_items("api", owners, ("GetItem", "Query"), "list owners, check which are disabled")
        self.allow_items("api", owners, ("UpdateItem",), "record who has created something")
        self.allow_items("api", owners, ("PutItem", "DeleteItem"), "disable and enable owners")
        kept = "idempotency tokens, heartbeats of runners, and output budgets"
        self.allow_items("api", marks, ("GetItem", "PutItem"), kept)
        self.allow_items("api", marks, ("BatchGetItem",), "list running jobs with the phases of their last heartbeats")
        self.allow_objects("api", ["s3:GetObject"], ["uploads/*"], "check and copy an upload")
        self.allow_objects("api", ["s3:PutObject"], ["uploads/*"], "presign the form for an upload")
        self.allow_objects("api", ["s3:GetObject"], ["definitions/*"], "copy a snapshot for a job")
        self.allow_objects("api", ["s3:PutObject"], ["definitions/*"], "store a definition's snapshot")
        self.allow_objects("api", ["s3:GetObject"], ["jobs/*"], "presign downloads of inputs and outputs")
        self.allow_objects("api", ["s3:PutObject"], ["jobs/*"], "store a job's input, presign uploads of its outputs")
        for prefix in ("definitions/*", "jobs/*"):
            self.allow_objects("api", ["s3:DeleteObject"], [prefix], "delete the copy of a duplicate create")
            self.allow_objects("api", [_ABORT], [prefix], _FAILED_COPY, faults_only=True)
        self.allow("api", ["s3:ListBucket"], [self.bucket.bucket_arn], _MISSING)
        self.allow(
            "api", ["logs:GetLogEvents"], [self.log_streams_arn()], "show a job's log", wildcard_reason=LOG_STREAMS
        )
        self.allow("api", ["secretsmanager:GetSecretValue"], [self.runner_key_arn], "check the proofs of runners")
        self.allow_to_write_schedules("api", "a definition is created, edited, paused or resumed")
        self.allow_wake_ups("api", "after a job was created")
        unfinished = "have the copy of a snapshot removed if its definition is not stored"
        self.allow("api", ["sqs:SendMessage"], [self.queues.cleanup.queue_arn], unfinished)

    def _dispatch(self) -> None:
        self.allow_items("dispatch", self.tables.jobs, ("GetItem", "UpdateItem"), "claim jobs, record their tasks")
        indexes = [f"{self.tables.jobs.table_arn}/index/*"]
        self.allow("dispatch", ["dynamodb:Query"], indexes, "find waiting and running jobs", wildcard_reason=INDEXES)
        self.allow_items("dispatch", self.tables.owners, ("Query",), "end the waiting jobs of disabled owners")
        self.allow_tasks("dispatch", ("StopTask",), "stop a task whose job has changed meanwhile", faults_only=True)
        self.allow_to_list_tasks("dispatch", "find the task that an earlier attempt at the same launch started")
        self.allow_launches()
        self.allow_wake_ups("dispatch", "more jobs wait than one run launches", faults_only=True)

    def _task_events(self) -> None:
        self.allow_items("task-events", self.tables.jobs, ("GetItem", "UpdateItem"), "record how a task ended")
        self.allow_tasks("task-events", ("StopTask",), "stop an orphaned task", faults_only=True)
        self._allow_results("task-events")
        last = "name the last cell that a runner without a report has reported"
        self.allow_items("task-events", self.tables.marks, ("GetItem",), last, faults_only=True)
        self.allow_wake_ups("task-events", "a slot is free, or a retry waits")

    def _allow_results(self, function: str) -> None:
        """Allow a function to read how an attempt ended whose runner did not report."""
        why = "read the result of a task that has stopped without a report"
        self.allow_objects(function, ["s3:GetObject"], ["jobs/*/results/*"], why, faults_only=True)
        self.allow(function, ["s3:ListBucket"], [self.bucket.bucket_arn], _MISSING, faults_only=True)

    def _ticks(self) -> None:
        self.allow_items("ticks", self.tables.definitions, ("GetItem", "UpdateItem"), "process a due time")
        self.allow_items("ticks", self.tables.jobs, ("PutItem",), "create the job of a due time")
        last = "read the last scheduled job of a definition whose jobs must not overlap"
        self.allow_items("ticks", self.tables.jobs, ("GetItem",), last)
        self.allow_items("ticks", self.tables.owners, ("GetItem",), "check whether the owner is disabled")
        waiting = [f"{self.tables.jobs.table_arn}/index/waiting"]
        self.allow("ticks", ["dynamodb:Query"], waiting, "count the owner's waiting jobs")
        self.allow_items("ticks", self.tables.marks, ("GetItem", "PutItem"), "mark a due time as processed")
        many = "find which due times of a long outage were processed"
        self.allow_items("ticks", self.tables.marks, ("BatchGetItem",), many, faults_only=True)
        self.allow_objects("ticks", ["s3:GetObject"], ["definitions/*"], "copy a definition's snapshot")
        self.allow_objects("ticks", ["s3:PutObject"], ["jobs/*"], "copy the snapshot to a job's input")
        unused = "delete the copy for a due time that was processed meanwhile"
        self.allow_objects("ticks", ["s3:DeleteObject"], ["jobs/*"], unused, faults_only=True)
        self.allow_objects("ticks", [_ABORT], ["jobs/*"], _FAILED_COPY, faults_only=True)
        self.allow("ticks", ["s3:ListBucket"], [self.bucket.bucket_arn], _MISSING, faults_only=True)
        self.allow_to_write_schedules(
            "ticks", "write schedules that the API could not write, or that have ended", faults_only=True
        )
        self.allow_wake_ups("ticks", "after a job was created")

    def _sweep(self) -> None:
        jobs, definitions = self.tables.jobs, self.tables.definitions
        self.allow_items("sweep", jobs, ("GetItem", "UpdateItem"), "check runs without a heartbeat", faults_only=True)
        self.allow(
            "sweep", ["dynamodb:Query"], [f"{jobs.table_arn}/index/*"], "find overdue jobs", wildcard_reason=INDEXES
        )
        for index, noun in (
            ("due", "with missed ticks"),
            ("unsynced", "whose schedules are out of date"),
            ("late", "without a success in time"),
        ):
            self.allow(
                "sweep", ["dynamodb:Query"], [f"{definitions.table_arn}/index/{index}"], f"find definitions {noun}"
            )
        asks = "request the processing of missed ticks"
        self.allow("sweep", ["sqs:SendMessage"], [self.queues.tick.queue_arn], asks, faults_only=True)
        self.allow_items("sweep", self.tables.marks, ("GetItem",), "read a runner's last heartbeat", faults_only=True)
        self.allow_tasks(
            "sweep",
            ("DescribeTasks", "StopTask"),
            "stop a task without a heartbeat, or one that outlives its job",
            faults_only=True,
        )
        self._allow_results("sweep")
        self.allow_to_list_tasks("sweep", "find tasks that no record names", faults_only=False)
        notifications = self.tables.notifications
        due = [f"{notifications.table_arn}/index/due"]
        self.allow("sweep", ["dynamodb:Query"], due, "find notifications that have not been delivered")
        again = "request a notification again"
        self.allow_items("sweep", notifications, ("GetItem", "PutItem"), again, faults_only=True)
        self.allow_wake_ups("sweep", "a wake-up may have been lost", faults_only=True)

    def _changes(self) -> None:
        definitions = self.tables.definitions
        self.allow_items("changes", definitions, ("GetItem", "UpdateItem"), "count a definition's ended runs")
        self.allow_items("changes", self.tables.marks, ("GetItem", "PutItem"), "mark an ended run as counted")
        self.allow_items("changes", self.tables.jobs, ("GetItem",), "read the run that a notification is about")
        self.allow_items("changes", self.tables.jobs, ("UpdateItem",), "keep the newest success, expire older jobs")
        by_definition = [f"{self.tables.jobs.table_arn}/index/by_definition"]
        older = "find the jobs before those that a definition keeps"
        self.allow("changes", ["dynamodb:Query"], by_definition, older, faults_only=True)
        self.allow_items("changes", self.tables.notifications, ("PutItem",), "request notifications")
        self.allow("changes", ["events:PutEvents"], [self.event_bus_arn], "send events about jobs and definitions")

    def _notifications(self) -> None:
        kept = "read a delivery and store what became of it"
        self.allow_items("notifications", self.tables.notifications, ("GetItem", "PutItem"), kept)
        undelivered = "note on a job or definition that nobody could be told"
        for table in (self.tables.jobs, self.tables.definitions):
            self.allow_items("notifications", table, ("GetItem", "UpdateItem"), undelivered, faults_only=True)
        self.allow_channels("notifications")

    def _cleanup(self) -> None:
        prefixes = ["definitions/*", "jobs/*"]
        self.allow_objects("cleanup", ["s3:DeleteObject"], prefixes, "delete files of deleted jobs and definitions")
        self.allow_objects(
            "cleanup", ["s3:DeleteObject"], ["uploads/*"], "delete the upload of a deleted job or definition"
        )
        self.allow(
            "cleanup",
            ["logs:DeleteLogStream"],
            [self.log_streams_arn()],
            "delete the log of a deleted job",
            wildcard_reason=LOG_STREAMS,
        )
        condition = {"StringLike": {"s3:prefix": prefixes}}
        bucket = [self.bucket.bucket_arn]
        self.allow(
            "cleanup", ["s3:ListBucket"], bucket, "find files of deleted jobs and definitions", conditions=condition
        )
        by_definition = [f"{self.tables.jobs.table_arn}/index/by_definition"]
        self.allow("cleanup", ["dynamodb:Query"], by_definition, "find jobs of a deleted definition")
        kept = "check whether an announced copy of a snapshot belongs to something"
        for table in (self.tables.jobs, self.tables.definitions):
            self.allow_items("cleanup", table, ("GetItem",), kept)
        self.allow_items("cleanup", self.tables.jobs, ("BatchWriteItem",), "delete jobs of a deleted definition")
        self.allow_schedules("cleanup", ("DeleteSchedule",), "delete the schedules of a deleted definition")
        self.allow_tasks("cleanup", ("StopTask",), "stop the task of a deleted job")
        self.allow_to_list_tasks("cleanup", "find the task of a deleted job whose launch was not recorded")
        self.allow_wake_ups("cleanup", "a slot is free")
        self.allow("cleanup", ["sqs:SendMessage"], [self.queues.cleanup.queue_arn], "request a second cleanup")
