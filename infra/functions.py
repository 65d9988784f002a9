"""The Lambda functions: one for each role, from one bundle."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from aws_cdk import Duration, Stack
from aws_cdk.aws_iam import Role, ServicePrincipal
from aws_cdk.aws_lambda import Architecture, Code, Function, RecursiveLoop, Runtime, RuntimeFamily, Tracing
from constructs import Construct

from infra.log_groups import LogGroups
from infra.nag_acknowledgments import explain, explain_wildcards
from infra.queues import CLEANUP_TIMEOUT, DISPATCH_TIMEOUT, TICKS_TIMEOUT
from infra.settings import FunctionsSection

__all__ = ["FUNCTIONS", "METRICS_NAMESPACE", "FunctionSpec", "Functions"]

METRICS_NAMESPACE: Final = "JupyterScheduler"
"""CloudWatch namespace of the service's own metrics."""

_ARCHITECTURES: Final = {"arm64": Architecture.ARM_64, "x86_64": Architecture.X86_64}


@dataclass(frozen=True, kw_only=True)
class FunctionSpec:
    """What sets one function apart."""

    name: str
    handler: str
    memory_mib: int
    timeout: Duration
    description: str
    traced: bool = True
    recursive: bool = False
    """Whether it sends messages to a queue that triggers it. Lambda stops such a chain after 16 invocations unless the function
    allows it (Lambda Developer Guide, "Recursive loop detection"), so each that does says beside it what ends the chain."""


API_TIMEOUT: Final = Duration.seconds(29)
"""As long as API Gateway waits for an answer."""

FUNCTIONS: Final = (
    # CPU comes with memory: at 1 GiB a cold start's imports take half of what they take at 512 MiB.
    FunctionSpec(
        name="api", handler="app.app.app", memory_mib=1024, timeout=API_TIMEOUT, description="Answers users and runners"
    ),
    # Recursive: it sends a wake-up when its time is up, after minutes of launches, and when it has ended an attempt. A chain takes
    # at least one job from the waiting ones each time, and every job has a bounded number of attempts.
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
        description="Notes what ECS says of runners",
    ),
    FunctionSpec(
        name="ticks",
        handler="app.ticks.handler",
        memory_mib=512,
        timeout=TICKS_TIMEOUT,
        description="Makes the jobs of definitions that are due",
    ),
    # Not traced: a trace of every minute is a tenth of the idle bill, and its log and metrics say the same.
    FunctionSpec(
        name="sweep",
        handler="app.sweep.handler",
        memory_mib=512,
        timeout=Duration.seconds(120),
        description="Finds silent runners, lost wake-ups and missed ticks, every minute",
        traced=False,
    ),
    # Recursive: a first cleanup, from a stream, asks for one second cleanup of the same record; a second one asks for none. What a
    # definition's cleanup deletes are its jobs, and their cleanup deletes no record.
    FunctionSpec(
        name="cleanup",
        handler="app.cleanup.handler",
        memory_mib=512,
        timeout=CLEANUP_TIMEOUT,
        description="Removes what deleted jobs and definitions leave behind",
        recursive=True,
    ),
)
"""Every function. The folder `app/` has a module for each, which is its entry point."""


class Functions(Construct):
    """The functions, each with a role and a log group of its own; what a role may do is granted where the stack is wired.

    Parameters
    ----------
    bundle
        The staged folder that holds the code and what it needs.
    settings
        The section `[functions]`.
    log_groups
        Makes the log groups.
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
        explain(
            self,
            "L1",
            "The operator chooses the Python version (functions.python); the bundle is made and tested for it.",
        )
        explain_wildcards(self, ["*"], "Sending traces to X-Ray and listing streams are not about any one resource.")

    def __getitem__(self, name: str) -> Function:
        """Give the function of that name.

        Raises
        ------
        KeyError
            If there is none.
        """
        return self.by_name[name]

    def role(self, name: str) -> Role:
        """Give the role of the function of that name."""
        return self._roles[name]

    def set_environment(self, name: str, variables: Mapping[str, str]) -> None:
        """Give a function its environment variables."""
        for key, value in variables.items():
            self[name].add_environment(key, value)

    def _function(self, spec: FunctionSpec) -> Function:
        scope = Construct(self, spec.name.title().replace("-", ""))
        log_group = self._log_groups.make(scope, "Logs")
        # A role of our own: the one that CDK makes may write to every log group of the account.
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
