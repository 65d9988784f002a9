"""The stack: its constructs, how they are connected, and its outputs."""

from collections.abc import Sequence
from pathlib import Path

from aws_cdk import CfnOutput, Fn, RemovalPolicy, Stack
from aws_cdk.aws_events import EventBus
from aws_cdk.aws_iam import ManagedPolicy
from aws_cdk.aws_secretsmanager import CfnSecret
from constructs import Construct

from infra.alarms import Alarms
from infra.api import Api
from infra.bucket import Storage
from infra.dashboard import Dashboard
from infra.functions import Functions
from infra.grants import Grants
from infra.log_groups import LogGroups
from infra.nag_acknowledgments import acknowledge, acknowledge_wildcards
from infra.network import Network
from infra.queues import Queues
from infra.routes import Route
from infra.runners import Runners
from infra.schedules import Schedules
from infra.settings import StackSettings
from infra.tables import Tables
from infra.triggers import Triggers

__all__ = ["SchedulerStack"]


class SchedulerStack(Stack):
    """Everything that the service needs in one account and region, which the CDK command line chooses.

    Parameters
    ----------
    settings
        The operator's settings.
    bundle
        The folder of the function bundle.
    routes
        The routes that the service declares.
    runner_image
        Address of an image that replaces the images of all environments.
    protect_tables
        Whether tables that are retained are also protected from deletion.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        settings: StackSettings,
        bundle: Path,
        routes: Sequence[Route],
        runner_image: str | None = None,
        protect_tables: bool = True,
    ) -> None:
        super().__init__(
            scope,
            construct_id,
            stack_name=settings.stack.name,
            description="Runs and schedules Jupyter notebooks on AWS",
        )
        self._settings = settings
        # A deployment that fails deletes what it has created, so that the next one starts from scratch.
        self._removal_policy = (
            RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE if settings.stack.retain_data else RemovalPolicy.DESTROY
        )
        self._log_groups = LogGroups(retention_days=settings.retention.logs_days, removal_policy=self._removal_policy)
        self.tables = Tables(
            self,
            "Tables",
            removal_policy=self._removal_policy,
            deletion_protection=settings.stack.retain_data and protect_tables,
        )
        self.storage = self._make_storage()
        self.queues = Queues(self, "Queues")
        self.schedules = Schedules(self, "Schedules", queues=self.queues)
        self.runner_key = self._make_runner_key()
        self.event_bus = EventBus(
            self,
            "EventBus",
            event_bus_name=settings.stack.name,
            description="Events about jobs and definitions; see docs/events.md",
        )
        self.network = Network(self, "Network", settings=settings.network)
        self.runners = self._make_runners(runner_image)
        self.functions = Functions(
            self, "Functions", bundle=bundle, settings=settings.functions, log_groups=self._log_groups
        )
        self.api = self._make_api(routes)
        self._monitor()
        self.user_policy = self._make_user_policy()
        self._set_function_environments()
        self._connect()
        self._write_outputs()

    @property
    def _runner_api_key(self) -> str:
        """The value of the runners' API key: the stack's UUID without hyphens, 32 digits (a value has 20 to 128 letters and digits).

        It is not a secret: everyone who may read the stack or its tasks sees it. API Gateway requires unique values, and a UUID is unique.
        """
        return Fn.join("", Fn.split("-", Fn.select(2, Fn.split("/", self.stack_id)), 5))

    def _make_storage(self) -> Storage:
        return Storage(
            self,
            "Storage",
            cors_origins=self._settings.api.cors_origins,
            limits=self._settings.limits,
            retention=self._settings.retention,
            removal_policy=self._removal_policy,
        )

    def _make_runners(self, image: str | None) -> Runners:
        return Runners(
            self,
            "Runners",
            vpc=self.network.vpc,
            environments=self._settings.environments,
            settings=self._settings.runners,
            runner_key_arn=self.runner_key.attr_id,
            api_key=self._runner_api_key,
            log_group=self._log_groups.make(self, "RunnerLogs"),
            image=image,
        )

    def _make_api(self, routes: Sequence[Route]) -> Api:
        return Api(
            self,
            "Api",
            function=self.functions["api"],
            routes=routes,
            settings=self._settings.api,
            max_running_jobs=self._settings.limits.max_running_jobs,
            runner_api_key=self._runner_api_key,
            log_groups=self._log_groups,
        )

    def _make_runner_key(self) -> CfnSecret:
        # CDK's own construct uses `Ref`; `attr_id` is the same ARN, also where `Ref` returns something else.
        generated = CfnSecret.GenerateSecretStringProperty(password_length=64, exclude_punctuation=True)
        secret = CfnSecret(
            self,
            "RunnerKey",
            description="Containers prove with it that this stack started them",
            generate_secret_string=generated,
        )
        secret.apply_removal_policy(RemovalPolicy.DESTROY)
        acknowledge(
            secret,
            "SMG4",
            "A container receives it when it starts, and the service checks session tokens with it during the whole run, up to a week:"
            " a rotation would disconnect running jobs. No person uses it and no page shows it.",
        )
        return secret

    def _monitor(self) -> None:
        settings, queues = self._settings.alarms, self.queues.dead_letter_queues
        self.alarms = Alarms(
            self,
            "Alarms",
            dead_letter_queues=queues,
            dispatch=self.functions["dispatch"],
            api=self.api,
            settings=settings,
        )
        if settings.dashboard:
            Dashboard(
                self,
                "Dashboard",
                functions=self.functions,
                api=self.api,
                dead_letter_queues=queues,
                alarms=self.alarms.all,
                max_waiting_minutes=settings.max_waiting_minutes,
            )

    def _make_user_policy(self) -> ManagedPolicy:
        statement = self.api.invoke_scheduler()
        policy = ManagedPolicy(
            self,
            "UserPolicy",
            description="For people who run notebooks: call the scheduler's API, and nothing else",
            statements=[statement],
        )
        acknowledge_wildcards(
            policy, statement.resources, "All routes under /scheduler: the service decides who may use which."
        )
        return policy

    def _set_function_environments(self) -> None:
        """Set the variables of `chalicelib.resources.Resources` that each function uses."""
        jobs = {"JOBS_TABLE": self.tables.jobs.table_name, "WAKE_UP_QUEUE_URL": self.queues.wake_up.queue_url}
        marks = {"MARKS_TABLE": self.tables.marks.table_name}
        owners = {"OWNERS_TABLE": self.tables.owners.table_name}
        notifications = {"NOTIFICATIONS_TABLE": self.tables.notifications.table_name}
        bucket = {"BUCKET": self.storage.bucket.bucket_name}
        cluster = {"CLUSTER": self.runners.cluster.cluster_arn}
        runner_key = {"RUNNER_KEY_ARN": self.runner_key.attr_id}
        definitions = {"DEFINITIONS_TABLE": self.tables.definitions.table_name}
        log_group = {"RUNNER_LOG_GROUP": self.runners.log_group.log_group_name}
        cleanups = {"CLEANUP_QUEUE_URL": self.queues.cleanup.queue_url}
        ticks = {"TICK_QUEUE_URL": self.queues.tick.queue_url}
        group = {"SCHEDULE_GROUP": self.schedules.group.schedule_group_name}
        schedules = group | {
            "SCHEDULER_ROLE_ARN": self.schedules.role.role_arn,
            "TICK_QUEUE_ARN": self.queues.tick.queue_arn,
            "TICK_DEAD_LETTER_QUEUE_ARN": self.queues.dead_ticks.queue_arn,
        }
        self.functions.set_environment(
            "api", jobs | definitions | marks | owners | bucket | runner_key | log_group | schedules | cleanups
        )
        self.functions.set_environment("dispatch", jobs | marks | owners | cluster | self._launch_variables())
        self.functions.set_environment("task-events", jobs | marks | bucket)
        self.functions.set_environment("ticks", jobs | definitions | marks | owners | bucket | schedules)
        self.functions.set_environment(
            "changes",
            {"JOBS_TABLE": jobs["JOBS_TABLE"]}
            | definitions
            | marks
            | notifications
            | {"EVENT_BUS": self.event_bus.event_bus_name},
        )
        self.functions.set_environment("sweep", jobs | definitions | marks | notifications | bucket | cluster | ticks)
        self.functions.set_environment(
            "notifications", {"JOBS_TABLE": jobs["JOBS_TABLE"]} | definitions | marks | notifications
        )
        self.functions.set_environment(
            "cleanup", jobs | definitions | marks | bucket | cluster | cleanups | group | log_group
        )

    def _launch_variables(self) -> dict[str, str]:
        return {
            "TASK_FAMILY_PREFIX": self.runners.family_prefix,
            "SUBNETS": ",".join(self.network.subnet_ids),
            "SECURITY_GROUPS": ",".join(self.network.security_group_ids),
            "ASSIGN_PUBLIC_IP": "ENABLED" if self.network.assign_public_ip else "DISABLED",
            "API_URL": self.api.url,
        }

    def _connect(self) -> None:
        self.grants = Grants(
            functions=self.functions,
            tables=self.tables,
            bucket=self.storage.bucket,
            queues=self.queues,
            runners=self.runners,
            schedules=self.schedules,
            runner_key_arn=self.runner_key.attr_id,
            event_bus_arn=self.event_bus.event_bus_arn,
            channels=tuple(self._settings.channels.values()),
        )
        self.grants.all()
        triggers = Triggers(self, "Triggers")
        triggers.dispatch_on_wake_up(self.functions["dispatch"], self.queues.wake_up)
        triggers.record_task_events(self.functions["task-events"], self.runners.cluster, self.queues.dead_events)
        triggers.handle_ticks(self.functions["ticks"], self.queues.tick)
        triggers.sweep_every_minute(self.functions["sweep"], self.queues.dead_events)
        triggers.follow_changes(
            self.functions["changes"],
            jobs=self.tables.jobs,
            definitions=self.tables.definitions,
            dead_letters=self.queues.dead_events,
        )
        triggers.deliver_notifications(
            self.functions["notifications"], self.tables.notifications, self.queues.dead_events
        )
        triggers.clean_up(
            self.functions["cleanup"],
            jobs=self.tables.jobs,
            definitions=self.tables.definitions,
            second_cleanups=self.queues.cleanup,
            dead_letters=self.queues.dead_events,
        )

    def _write_outputs(self) -> None:
        outputs = {
            "ApiUrl": (self.api.url, "JUPYTER_SCHEDULER_AWS_URL for users"),
            "Region": (self.region, "Region of the stack"),
            "BucketName": (self.storage.bucket.bucket_name, "Snapshots and outputs"),
            "EventBusName": (self.event_bus.event_bus_name, "Events about jobs and definitions"),
            "ClusterName": (self.runners.cluster.cluster_name, "ECS cluster of the runners"),
            "UserPolicyArn": (
                self.user_policy.managed_policy_arn,
                "Policy to attach to users and roles that may run notebooks",
            ),
            "RunnerLogGroup": (self.runners.log_group.log_group_name, "Output of notebooks"),
        }
        for key, (value, description) in outputs.items():
            CfnOutput(self, key, value=value, description=description)
