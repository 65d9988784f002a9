"""The ECS cluster, and one task definition for each environment."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Final, cast

from aws_cdk import Duration, IgnoreMode, Size, Stack
from aws_cdk.aws_ec2 import IVpc
from aws_cdk.aws_ecr import IRepository, Repository
from aws_cdk.aws_ecr_assets import DockerImageAsset, Platform
from aws_cdk.aws_ecs import (
    AwsLogDriverMode,
    Capability,
    CfnCluster,
    CfnTaskDefinition,
    Cluster,
    ContainerImage,
    ContainerInsights,
    CpuArchitecture,
    FargateTaskDefinition,
    LinuxParameters,
    LogDrivers,
    MountPoint,
    OperatingSystemFamily,
    RuntimePlatform,
)
from aws_cdk.aws_iam import IRole, PolicyStatement, Role, ServicePrincipal
from aws_cdk.aws_logs import LogGroup
from constructs import Construct

from chalicelib.config import Environment
from infra.nag_acknowledgments import acknowledge, acknowledge_wildcards
from infra.platforms import PLATFORMS
from infra.settings import RunnersSection

__all__ = ["CONTAINER", "Runners"]

CONTAINER: Final = "runner"
"""Name of the container, and prefix of its log streams: `runner/runner/<task id>`."""

_ROOT: Final = Path(__file__).parents[1]

_DOCKERFILE: Final = "runner_container/Dockerfile"
"""The build context is the root of the repository; `Dockerfile.dockerignore` selects the files."""

_CPU_UNITS: Final = 1024
"""Size that a task definition requires; each launch overrides it with the job's compute type."""

_MEMORY_MIB: Final = 4096
"""As for `_CPU_UNITS`. The container itself has no limit, because a launch could not exceed it."""

_INCLUDED_STORAGE_GIB: Final = 20
"""Storage that Fargate always includes; in some regions its API rejects a request for no more than this."""

_LOG_BUFFER: Final = Size.mebibytes(25)
"""Size of the buffer for a container's log while CloudWatch Logs is slow or unreachable. Output that does not fit is dropped from the log;
the executed notebook still has it. In the blocking mode, a notebook that prints would stop, and its heartbeat with it. The defaults
of ECS are the account's mode and 10 MiB (ECS API Reference, LogConfiguration). A cell may print a million characters
(runner.cell_log), so 25 MiB hold the longest outputs of six cells in any script."""

_USER: Final = "0:0"
"""Root, for the container's init, whatever the image's user is: init starts the runner and the kernel as two unprivileged users
(docs/decisions/0029)."""

_DROPPED_CAPABILITIES: Final = (
    Capability.AUDIT_WRITE,
    Capability.DAC_OVERRIDE,
    Capability.FOWNER,
    Capability.FSETID,
    Capability.MKNOD,
    Capability.NET_BIND_SERVICE,
    Capability.NET_RAW,
    Capability.SETFCAP,
    Capability.SETPCAP,
    Capability.SYS_CHROOT,
)
"""Docker's default capabilities except those that init needs: CHOWN to change the owner of the work folder, KILL to forward SIGTERM,
SETGID and SETUID to start processes as other users. They are named because on Fargate only SYS_PTRACE can be added after `ALL` is
dropped (ECS API Reference, KernelCapabilities)."""

_WRITABLE_VOLUMES: Final[Mapping[str, str]] = {"home": "/home", "tmp": "/tmp"}  # noqa: S108 - a path in the container
"""Volumes and their mount points. They use the task's ephemeral storage, and init creates the folders in them."""

_ECR_ADDRESS: Final = re.compile(
    r"(?P<account>\d{12})\.dkr\.ecr\.(?P<region>[a-z0-9-]+)\.amazonaws\.com(?:\.cn)?/"
    r"(?P<name>[^:@]+)(?::(?P<tag>[^@]+))?(?:@(?P<digest>sha256:[0-9a-f]{64}))?$"
)
"""A private ECR address: `<account>.dkr.ecr.<region>.amazonaws.com/<repository>:<tag>`."""


class Runners(Construct):
    """The Fargate cluster and the task definitions, families `<stack>-<environment>`.

    Each launch chooses platform version 1.4.0 and the capacity provider (on demand or Spot); a task definition cannot.

    Parameters
    ----------
    vpc
        The VPC of the cluster.
    environments
        The environments, by name.
    settings
        The section `[runners]`.
    runner_key_arn
        ARN of the secret that ECS injects into each container as `RUNNER_KEY`.
    api_key
        API key that containers send to the API; it is not a secret.
    log_group
        Log group of the containers.
    image
        Address of an image that replaces the images of all environments; the local cloud has no registry.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        vpc: IVpc,
        environments: Mapping[str, Environment],
        settings: RunnersSection,
        runner_key_arn: str,
        api_key: str,
        log_group: LogGroup,
        image: str | None,
    ) -> None:
        super().__init__(scope, construct_id)
        self._settings = settings
        self._platform = PLATFORMS[settings.architecture]
        self._image = image
        self._asset: DockerImageAsset | None = None
        self._runner_key_arn = runner_key_arn
        self._api_key = api_key
        self._task_roles: list[IRole] = []
        self.log_group = log_group
        self.family_prefix = Stack.of(self).stack_name
        self.cluster = self._make_cluster(vpc)
        self.execution_role = self._make_role(
            "ExecutionRole", "What ECS does for a runner: pull the image, inject the runner key, write the log"
        )
        self.execution_role.add_to_policy(
            PolicyStatement(actions=["secretsmanager:GetSecretValue"], resources=[runner_key_arn])
        )
        self.task_definitions = {name: self._task_definition(name, each) for name, each in environments.items()}

    @property
    def task_roles(self) -> list[IRole]:
        """The roles that environments name for their notebooks, without duplicates."""
        return list({role.role_arn: role for role in self._task_roles}.values())

    def _make_cluster(self, vpc: IVpc) -> Cluster:
        insights = ContainerInsights.ENABLED if self._settings.container_insights else ContainerInsights.DISABLED
        cluster = Cluster(self, "Cluster", vpc=vpc, container_insights_v2=insights)
        # A property of the cluster: CDK would create another resource, which may be deleted before the cluster.
        cast("CfnCluster", cluster.node.default_child).capacity_providers = ["FARGATE", "FARGATE_SPOT"]
        if insights == ContainerInsights.DISABLED:
            acknowledge(
                cluster,
                "ECS4",
                "Off by default (runners.container_insights): its metrics are billed for each task, and each job has its phase,"
                " outcome, and log.",
            )
        return cluster

    def _make_role(self, construct_id: str, description: str) -> Role:
        return Role(self, construct_id, assumed_by=ServicePrincipal("ecs-tasks.amazonaws.com"), description=description)

    def _task_definition(self, name: str, environment: Environment) -> FargateTaskDefinition:
        storage = self._settings.ephemeral_storage_gib
        role = self._task_role(name, environment)
        definition = FargateTaskDefinition(
            self,
            f"Environment-{name}",
            family=f"{self.family_prefix}-{name}",
            cpu=_CPU_UNITS,
            memory_limit_mib=_MEMORY_MIB,
            ephemeral_storage_gib=storage if storage > _INCLUDED_STORAGE_GIB else None,
            execution_role=self.execution_role,
            task_role=role,
            runtime_platform=RuntimePlatform(
                cpu_architecture=CpuArchitecture.of(self._platform.fargate),
                operating_system_family=OperatingSystemFamily.LINUX,
            ),
        )
        if role is None:
            _remove_task_role(definition)
        container = definition.add_container(
            CONTAINER,
            image=self._container_image(name, environment),
            essential=True,
            logging=LogDrivers.aws_logs(
                stream_prefix=CONTAINER,
                log_group=self.log_group,
                mode=AwsLogDriverMode.NON_BLOCKING,
                max_buffer_size=_LOG_BUFFER,
            ),
            # Time after SIGTERM to save and upload the notebook: the maximum of Fargate.
            stop_timeout=Duration.seconds(120),
            linux_parameters=self._linux_parameters(definition),
            environment={"API_KEY": self._api_key},
            user=_USER,
            readonly_root_filesystem=True,
        )
        acknowledge(
            definition,
            "ECS2",
            "The API key is not a secret: it only keeps others out of the runners' usage plan. ECS injects the secret"
            " itself.",
        )
        self._inject_runner_key(definition)
        for volume, path in _WRITABLE_VOLUMES.items():
            definition.add_volume(name=volume)
            container.add_mount_points(MountPoint(source_volume=volume, container_path=path, read_only=False))
        return definition

    def _inject_runner_key(self, definition: FargateTaskDefinition) -> None:
        """Have ECS inject the runner key into the container, so that neither the task nor its events contain it.

        This overrides the template directly: CDK would also allow the execution role to describe the secret, which ECS does not do.
        """
        key = {"Name": "RUNNER_KEY", "ValueFrom": self._runner_key_arn}
        cast("CfnTaskDefinition", definition.node.default_child).add_property_override(
            "ContainerDefinitions.0.Secrets", [key]
        )

    def _linux_parameters(self, definition: FargateTaskDefinition) -> LinuxParameters:
        # The image has its own init, which must be process 1.
        parameters = LinuxParameters(definition, "Linux", init_process_enabled=False)
        parameters.drop_capabilities(*_DROPPED_CAPABILITIES)
        return parameters

    def _task_role(self, name: str, environment: Environment) -> IRole | None:
        if environment.task_role_arn is None:
            return None
        role = Role.from_role_arn(self, f"TaskRole-{name}", environment.task_role_arn, mutable=False)
        self._task_roles.append(role)
        return role

    def _container_image(self, name: str, environment: Environment) -> ContainerImage:
        address = self._image or environment.image
        if address is None:
            return ContainerImage.from_docker_image_asset(self._built_image())
        if match := _ECR_ADDRESS.match(address):
            self._acknowledge_ecr_sign_in()
            return ContainerImage.from_ecr_repository(self._repository(name, match), match["digest"] or match["tag"])
        return ContainerImage.from_registry(address)

    def _built_image(self) -> DockerImageAsset:
        if self._asset is None:
            self._asset = DockerImageAsset(
                self,
                "Image",
                directory=str(_ROOT),
                file=_DOCKERFILE,
                exclude=_excluded_patterns(),
                ignore_mode=IgnoreMode.DOCKER,
                platform=Platform.custom(self._platform.docker),
            )
            self._acknowledge_ecr_sign_in()
        return self._asset

    def _repository(self, name: str, address: re.Match[str]) -> IRepository:
        arn = Stack.of(self).format_arn(
            service="ecr",
            account=address["account"],
            region=address["region"],
            resource="repository",
            resource_name=address["name"],
        )
        return Repository.from_repository_attributes(
            self, f"Repository-{name}", repository_arn=arn, repository_name=address["name"]
        )

    def _acknowledge_ecr_sign_in(self) -> None:
        acknowledge_wildcards(
            self.execution_role, ["*"], "Signing in to ECR (GetAuthorizationToken) has no resource-level permissions."
        )


def _remove_task_role(definition: FargateTaskDefinition) -> None:
    """Remove the task role that CDK creates: even a role without policies has credentials, and a resource policy may allow them."""
    definition.node.try_remove_child("TaskRole")
    cast("CfnTaskDefinition", definition.node.default_child).add_property_deletion_override("TaskRoleArn")


def _excluded_patterns() -> list[str]:
    """Return the patterns of the files that no build of the image uses, so that they do not change its hash."""
    text = (_ROOT / f"{_DOCKERFILE}.dockerignore").read_text(encoding="utf-8")
    patterns = [line.strip() for line in text.splitlines()]
    return [*(pattern for pattern in patterns if pattern and not pattern.startswith("#")), f"!{_DOCKERFILE}"]
