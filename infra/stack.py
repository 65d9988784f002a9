"""The stack: every part, how they are wired, and what an operator is told."""

from collections.abc import Sequence
from pathlib import Path

from aws_cdk import CfnOutput, Fn, RemovalPolicy, Stack
from aws_cdk.aws_iam import ManagedPolicy
from aws_cdk.aws_secretsmanager import CfnSecret
from constructs import Construct

from infra.alarms import Alarms
from infra.api import Api
from infra.bucket import Storage
from infra.functions import Functions
from infra.grants import Grants
from infra.log_groups import LogGroups
from infra.nag_acknowledgments import explain, explain_wildcards
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
    """Everything that the service needs in one account and region; which ones, the CDK command line decides.

    Parameters
    ----------
    settings
        What the operator chose.
    bundle
        The staged code of the functions.
    routes
        What the service declares.
    runner_image
        Address of an image that takes the place of every environment's own.
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
        # What a deployment has made goes with it if it fails, so that the next one starts from nothing.
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
        self.network = Network(self, "Network", settings=settings.network)
        self.runners = self._make_runners(runner_image)
        self.functions = Functions(
            self, "Functions", bundle=bundle, settings=settings.functions, log_groups=self._log_groups
        )
        self.api = self._make_api(routes)
        self.alarms = Alarms(self, "Alarms", dead_letter_queues=self.queues.dead_letter_queues)
        self.user_policy = self._make_user_policy()
        self._tell_functions_where_things_are()
        self._connect()
        self._write_outputs()

    @property
    def _runner_api_key(self) -> str:
        """The value of the runners' API key: the stack's own UUID without its hyphens, 32 digits (a value has 20 to 128, letters and digits).

        It is no secret: whoever may read the stack or its tasks sees it. API Gateway holds each value once, and no two stacks share a UUID.
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
        # CDK's own construct knows the secret by `Ref`; its ARN by name is the same, also where `Ref` gives something else.
        generated = CfnSecret.GenerateSecretStringProperty(password_length=64, exclude_punctuation=True)
        secret = CfnSecret(
            self,
            "RunnerKey",
            description="What containers prove that this stack started them",
            generate_secret_string=generated,
        )
        secret.apply_removal_policy(RemovalPolicy.DESTROY)
        explain(
            secret,
            "SMG4",
            "A container gets it once, when it starts, and its session token is checked with it for as long as the run lasts, up to a week:"
            " rotating it would cut off runners at work. Nobody types it and nothing shows it.",
        )
        return secret

    def _make_user_policy(self) -> ManagedPolicy:
        statement = self.api.invoke_scheduler()
        policy = ManagedPolicy(
            self,
            "UserPolicy",
            description="For people who run notebooks: call the scheduler's API, and nothing else",
            statements=[statement],
        )
        explain_wildcards(
            policy, statement.resources, "Every route under /scheduler: the service knows who may do what."
        )
        return policy

    def _tell_functions_where_things_are(self) -> None:
        """Give each function the variables of `chalicelib.resources.Resources` that it uses."""
        jobs = {"JOBS_TABLE": self.tables.jobs.table_name, "WAKE_UP_QUEUE_URL": self.queues.wake_up.queue_url}
        marks = {"MARKS_TABLE": self.tables.marks.table_name}
        owners = {"OWNERS_TABLE": self.tables.owners.table_name}
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
            "api", jobs | definitions | marks | owners | bucket | runner_key | log_group | schedules
        )
        self.functions.set_environment("dispatch", jobs | marks | owners | cluster | self._launch_variables())
        self.functions.set_environment("task-events", jobs | marks)
        self.functions.set_environment("ticks", jobs | definitions | marks | owners | bucket | schedules)
        self.functions.set_environment("sweep", jobs | definitions | marks | cluster | ticks)
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
        )
        self.grants.all()
        triggers = Triggers(self, "Triggers")
        triggers.dispatch_on_wake_up(self.functions["dispatch"], self.queues.wake_up)
        triggers.note_task_events(self.functions["task-events"], self.runners.cluster, self.queues.dead_events)
        triggers.take_ticks(self.functions["ticks"], self.queues.tick)
        triggers.sweep_every_minute(self.functions["sweep"], self.queues.dead_events)
        triggers.clean_up(
            self.functions["cleanup"],
            jobs=self.tables.jobs,
            definitions=self.tables.definitions,
            later=self.queues.cleanup,
            given_up=self.queues.dead_events,
        )

    def _write_outputs(self) -> None:
        outputs = {
            "ApiUrl": (self.api.url, "JUPYTER_SCHEDULER_AWS_URL for users"),
            "Region": (self.region, "Where the stack is"),
            "BucketName": (self.storage.bucket.bucket_name, "Snapshots and outputs"),
            "ClusterName": (self.runners.cluster.cluster_name, "Where runners run"),
            "UserPolicyArn": (self.user_policy.managed_policy_arn, "Attach it to whoever may run notebooks"),
            "RunnerLogGroup": (self.runners.log_group.log_group_name, "What notebooks print"),
        }
        for key, (value, description) in outputs.items():
            CfnOutput(self, key, value=value, description=description)
