"""The Lambda functions: one for each role, all with the same bundle."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from aws_cdk import Duration, Stack
from aws_cdk.aws_iam import Role, ServicePrincipal
from aws_cdk.aws_lambda import Architecture, Code, Function, RecursiveLoop, Runtime, RuntimeFamily, Tracing
from constructs import Construct

from infra.log_groups import LogGroups
from infra.nag_acknowledgments import acknowledge, acknowledge_wildcards
from infra.queues import CLEANUP_TIMEOUT, DISPATCH_TIMEOUT, TICKS_TIMEOUT
from infra.settings import FunctionsSection

__all__ = ["FUNCTIONS", "METRICS_NAMESPACE", "FunctionSpec", "Functions"]

METRICS_NAMESPACE: Final = "JupyterScheduler"
"""CloudWatch namespace of the service's own metrics."""

_ARCHITECTURES: Final = {"arm64": Architecture.ARM_64, "x86_64": Architecture.X86_64}


@dataclass(frozen=True, kw_only=True)
class FunctionSpec:
    """Properties of one function."""

    name: str
    handler: str
    memory_mib: int
    timeout: Duration
    description: str
    traced: bool = True
    recursive: bool = False
    """Whether the function sends messages to a queue that triggers it. Lambda stops such a chain after 16 invocations unless the function
    allows it (Lambda Developer Guide, "Recursive loop detection"). A comment at each such function says what ends the chain."""


API_TIMEOUT: Final = Duration.seconds(29)
"""Integration timeout of API Gateway."""

FUNCTIONS: Final = (
    # CPU grows with memory: at 1 GiB the imports of a cold start take half as long as at 512 MiB.
    FunctionSpec(
        name="api",
        handler="app.app.app",
        memory_mib=1024,
        timeout=API_TIMEOUT,
        description="Handles the requests of users and runners",
    ),
    # Recursive: it sends a wake-up when it runs out of time, after minutes of launches, and when it has ended an attempt. Each link of
    # a chain removes at least one waiting job, and every job has a bounded number of attempts.
    FunctionSpec(
        name="dispatch",
        handler="app.dispatch.handler",
        memory_mib=512,
        timeout=DISPATCH_TIMEOUT,
        description="Launches waiting jobs, one dispatcher at a time",
        recursive=True,
    ),
    FunctionSpec(
        name="task-events",
        handler="app.task_events.handler",
        memory_mib=512,
        timeout=Duration.seconds(60),
        description="Records the state changes of runner tasks",
    ),
    FunctionSpec(
        name="ticks",
        handler="app.ticks.handler",
        memory_mib=512,
        timeout=TICKS_TIMEOUT,
        description="Creates the jobs of definitions that are due",
    ),
    # Not traced: a trace every minute is a tenth of the idle bill, and log and metrics contain the same information.
    FunctionSpec(
        name="sweep",
        handler="app.sweep.handler",
        memory_mib=512,
        timeout=Duration.seconds(120),
        description="Finds runs without a heartbeat, lost wake-ups, and missed ticks, every minute",
        traced=False,
    ),
    FunctionSpec(
        name="notifications",
        handler="app.notifications.handler",
        memory_mib=512,
        timeout=Duration.seconds(120),
        description="Delivers notifications by webhook, mail and SNS",
    ),
    # It writes to the definitions table, whose stream triggers it: a record of a job changes one definition, and that record changes nothing.
    FunctionSpec(
        name="changes",
        handler="app.changes.handler",
        memory_mib=512,
        timeout=Duration.seconds(60),
        description="Sends events about changed jobs and definitions, and counts failures",
    ),
    # Recursive: the first cleanup of a record, from a stream, requests one second cleanup, and a second cleanup requests none. The
    # cleanup of a definition deletes its jobs, and their cleanup deletes no record.
    FunctionSpec(
        name="cleanup",
        handler="app.cleanup.handler",
        memory_mib=512,
        timeout=CLEANUP_TIMEOUT,
        description="Deletes what deleted jobs and definitions leave behind",
        recursive=True,
    ),
)
"""All functions. Each has an entry point, a module in `app/`."""


class Functions(Construct):
    """The functions, each with its own role and log group. `infra/grants.py` grants the roles their permissions.

    Parameters
    ----------
    bundle
        Folder with the code and its packages.
    settings
        The section `[functions]`.
    log_groups
        Creates the log groups.
    """

    def __init__(
        self, scope: Construct, construct_id: str, *, bundle: Path, settings: FunctionsSection, log_groups: LogGroups
    ) -> None:
        super().__init__(scope, construct_id)
        self._code = Code.from_asset(str(bundle))
        self._settings = settings
        self._log_groups = log_groups
        self._roles: dict[str, Role] = {}
        self.by_name = {spec.name: self._function(spec) for spec in FUNCTIONS}
        acknowledge(
            self,
            "L1",
            "The operator chooses the Python version (functions.python), and the bundle is built for it.",
        )
        acknowledge_wildcards(
            self, ["*"], "Sending traces to X-Ray and listing streams have no resource-level permissions."
        )

    def __getitem__(self, name: str) -> Function:
        """Return the function of that name.

        Raises
        ------
        KeyError
            If there is no such function.
        """
        return self.by_name[name]

    def role(self, name: str) -> Role:
        """Return the role of the function of that name."""
        return self._roles[name]

    def set_environment(self, name: str, variables: Mapping[str, str]) -> None:
        """Set environment variables of a function."""
        for key, value in variables.items():
            self[name].add_environment(key, value)

    def _function(self, spec: FunctionSpec) -> Function:
        scope = Construct(self, spec.name.title().replace("-", ""))
        log_group = self._log_groups.make(scope, "Logs")
        # Not the role that CDK creates, which may write to every log group of the account.
        role = Role(scope, "Role", assumed_by=ServicePrincipal("lambda.amazonaws.com"), description=spec.description)
        log_group.grant_write(role)
        self._roles[spec.name] = role
        return Function(
            scope,
            "Function",
            function_name=f"{Stack.of(self).stack_name}-{spec.name}",
            description=spec.description,
            code=self._code,
            handler=spec.handler,
            runtime=Runtime(f"python{self._settings.python}", RuntimeFamily.PYTHON),
            architecture=_ARCHITECTURES[self._settings.architecture],
            memory_size=spec.memory_mib,
            timeout=spec.timeout,
            role=role,
            log_group=log_group,
            tracing=Tracing.ACTIVE if spec.traced else Tracing.DISABLED,
            recursive_loop=RecursiveLoop.ALLOW if spec.recursive else RecursiveLoop.TERMINATE,
            environment={
                "POWERTOOLS_SERVICE_NAME": spec.name,
                "POWERTOOLS_METRICS_NAMESPACE": METRICS_NAMESPACE,
                "LOG_LEVEL": self._settings.log_level,
            },
        )
