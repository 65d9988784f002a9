"""Settings of the service, which the operator chooses.

`SchedulerSettings` is the part of `scheduler.toml` that the service reads. Synth validates it and writes it to `settings.json` in the
function bundle. Nothing is read at import; `factory.py` loads the settings on first use. `resources.py` has the stack's resources.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Final, Self

from pydantic import AfterValidator, Field, StringConstraints, model_validator

from chalicelib.channels import Channel, check_channel_names
from chalicelib.domain.authorization.principal_settings import (
    check_principal_name,
    check_session_name_role,
    check_session_names,
    check_task_role_arn,
    check_unique,
)
from chalicelib.errors import ConfigurationError
from chalicelib.section import Section

__all__ = [
    "OUTPUT_FORMATS",
    "ComputeType",
    "Environment",
    "Limits",
    "Ownership",
    "Prices",
    "Retention",
    "SchedulerSettings",
    "load_settings",
]

OUTPUT_FORMATS: Final[Mapping[str, str]] = {
    "ipynb": "Notebook",
    "html": "HTML",
    "markdown": "Markdown",
    "script": "Script",
    "pdf": "PDF",
}
"""Every output format that a runner supports, with its label. Each environment lists those that it offers."""

_SETTINGS_FILE: Final = Path(__file__).parents[1] / "settings.json"
"""Where synth writes the settings in the function bundle."""

_FARGATE_MEMORY_GIB: Final[Mapping[float, tuple[float, ...]]] = {
    0.25: (0.5, 1, 2),
    0.5: tuple(range(1, 5)),
    1: tuple(range(2, 9)),
    2: tuple(range(4, 17)),
    4: tuple(range(8, 31)),
    8: tuple(range(16, 61, 4)),
    16: tuple(range(32, 121, 8)),
}
"""Sizes of Fargate: the memory [GiB] for each number of vCPUs (Amazon ECS developer guide, task CPU and memory)."""

Name = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]{0,39}$")]
"""Names of environments and compute types become parts of AWS names: letters, digits, `-` and `_`, at most 40."""

PrincipalNames = Annotated[
    tuple[Annotated[str, AfterValidator(check_principal_name)], ...], AfterValidator(check_unique)
]
"""Users and roles, as an operator names them."""


class ComputeType(Section):
    """A named Fargate size."""

    vcpu: float = Field(description="Number of virtual CPUs: 0.25, 0.5, 1, 2, 4, 8 or 16.")
    memory_gib: float = Field(description="Memory [GiB]. Fargate offers certain amounts for each number of vCPUs.")
    spot: bool = Field(
        default=False,
        description="Try Fargate Spot first, which is cheaper but may be reclaimed. If it has no capacity, use on-demand capacity.",
    )

    @model_validator(mode="after")
    def _is_a_fargate_size(self) -> Self:
        if self.vcpu not in _FARGATE_MEMORY_GIB:
            raise ValueError(f"vcpu = {self.vcpu:g} is not offered by Fargate; choose one of 0.25, 0.5, 1, 2, 4, 8, 16")
        choices = _FARGATE_MEMORY_GIB[self.vcpu]
        if self.memory_gib not in choices:
            listed = ", ".join(f"{choice:g}" for choice in choices)
            raise ValueError(
                f"memory_gib = {self.memory_gib:g} is not available with {self.vcpu:g} vCPU; choose one of {listed}"
            )
        return self

    @property
    def cpu_units(self) -> str:
        """The CPU as ECS expects it: 1024 units per vCPU."""
        return str(int(self.vcpu * 1024))

    @property
    def memory_mib(self) -> str:
        """The memory as ECS expects it [MiB]."""
        return str(int(self.memory_gib * 1024))


class Environment(Section):
    """A named runtime: image, kernel, compute types, output formats, and who may use it."""

    description: str = Field(default="", max_length=200, description="The text below the name in JupyterLab.")
    image: str | None = Field(
        default=None,
        description="Address of an existing runner image. Without it, synth builds runner_container/ and pushes it to ECR.",
    )
    kernel: str | None = Field(
        default="python3",
        description="Kernel for notebooks that name none, or one that the image does not have. If empty, the notebook must name one.",
    )
    output_formats: tuple[str, ...] = Field(
        default=("ipynb", "html"),
        min_length=1,
        description="Formats that users may choose: ipynb, html, markdown, script, and pdf if the image supports it.",
    )
    compute_types: tuple[Name, ...] = Field(
        min_length=1, description="Names of the compute types that users may choose."
    )
    default_compute_type: Name | None = Field(
        default=None, description="Used if a job names none. Without it, the first compute type of the list."
    )
    task_role_arn: Annotated[str, AfterValidator(check_task_role_arn)] | None = Field(
        default=None,
        description="Role of the notebook's code, for access to data. Without it, the task has no role and the notebook has no AWS credentials.",
    )
    users: PrincipalNames = Field(
        default=(),
        description="Who may use this environment: ARNs or unique ids of IAM users and roles. If empty, everybody; an environment with a task role must list its users.",
    )
    file_extensions: tuple[str, ...] = Field(
        default=("ipynb",), description="Files for which JupyterLab offers the environment."
    )

    @model_validator(mode="after")
    def _is_consistent(self) -> Self:
        if unknown := [name for name in self.output_formats if name not in OUTPUT_FORMATS]:
            raise ValueError(f"output_formats contains {', '.join(unknown)}; choose from {', '.join(OUTPUT_FORMATS)}")
        if self.default_compute_type not in (None, *self.compute_types):
            raise ValueError(f"default_compute_type = {self.default_compute_type!r} is not one of its compute_types")
        if self.task_role_arn and not self.users:
            raise ValueError("an environment with a task_role_arn must list its users")
        return self

    @property
    def chosen_compute_type(self) -> str:
        """The compute type of a job that names none."""
        return self.default_compute_type or self.compute_types[0]


class Limits(Section):
    """Limits of the stack, of each person and of each job."""

    max_running_jobs: int = Field(
        default=100, ge=1, le=5000, description="Jobs with a container at the same time, in total."
    )
    max_running_jobs_per_owner: int = Field(
        default=20, ge=1, description="Jobs with a container at the same time, per person."
    )
    max_running_jobs_per_definition: int = Field(
        default=5, ge=1, description="Jobs with a container at the same time, per definition."
    )
    max_waiting_jobs_per_owner: int = Field(
        default=1000, ge=1, le=2500, description="Jobs that wait for a container at the same time, per person."
    )
    max_definitions_per_owner: int = Field(default=1000, ge=1, le=5000, description="Job definitions per person.")
    max_notebook_mib: int = Field(default=20, ge=1, le=100, description="Largest notebook [MiB].")
    max_folder_mib: int = Field(default=500, ge=1, le=5000, description="Largest zipped input folder [MiB].")
    max_unpacked_mib: int = Field(default=2048, ge=1, description="Largest unpacked input folder [MiB].")
    max_unpacked_files: int = Field(
        default=10_000, ge=1, le=100_000, description="Most files and folders in an input folder."
    )
    max_output_mib: int = Field(default=2048, ge=1, description="Largest total output of one run of a job [MiB].")
    max_output_files: int = Field(default=1000, ge=1, le=10_000, description="Most output files of one run of a job.")
    default_timeout_minutes: int = Field(
        default=1440, ge=1, description="Maximum run time of a job that sets none [min]."
    )
    max_timeout_minutes: int = Field(
        default=10_080, ge=1, description="Longest maximum run time that a job may set [min]."
    )
    max_retries: int = Field(default=5, ge=0, le=20, description="Most retries that a job may request.")
    min_schedule_interval_minutes: int = Field(
        default=1, ge=1, description="Shortest interval between two runs of a schedule [min]."
    )
    pause_after_failures: int = Field(
        default=10,
        ge=0,
        le=1000,
        description="Failed runs in a row after which a schedule is paused, if its definition sets no number. 0 never pauses.",
    )
    infrastructure_retries: int = Field(
        default=2,
        ge=0,
        le=10,
        description="New attempts after a failure that the notebook did not cause, such as reclaimed Spot capacity or a lost container.",
    )
    launch_deadline_minutes: int = Field(
        default=20, ge=2, description="How long a container may take to start before the attempt fails [min]."
    )

    @model_validator(mode="after")
    def _is_consistent(self) -> Self:
        if self.default_timeout_minutes > self.max_timeout_minutes:
            raise ValueError("default_timeout_minutes is greater than max_timeout_minutes")
        return self


class Retention(Section):
    """How long to keep jobs and logs."""

    jobs_days: int = Field(
        default=90, ge=0, description="Jobs and their files are deleted this long after they end [d]. 0 keeps them."
    )
    logs_days: int = Field(
        default=30,
        ge=1,
        description="How long log groups keep their events [d]; one of the periods that CloudWatch offers.",
    )


class Prices(Section):
    """Prices for the estimates of what jobs cost; the defaults are Fargate's in us-east-1 on x86_64."""

    vcpu_hour: float = Field(default=0.04048, ge=0, description="Price of a vCPU for an hour.")
    gib_hour: float = Field(default=0.004445, ge=0, description="Price of a GiB of memory for an hour.")
    spot_discount: float = Field(
        default=0.7, ge=0, le=1, description="How much less Spot capacity costs on average: 0.7 is 70 %."
    )
    currency: Annotated[str, StringConstraints(pattern=r"^[A-Z]{3}$")] = Field(
        default="USD", description="Three letters of ISO 4217."
    )
    as_of: Annotated[str, StringConstraints(pattern=r"^\d{4}-\d{2}(-\d{2})?$")] = Field(
        default="2026-11", description="When you looked up the prices; shown with each estimate."
    )


class Ownership(Section):
    """Owners and admins."""

    admins: PrincipalNames = Field(
        default=(), description="ARNs or unique ids of IAM users and roles who may see and stop everybody's jobs."
    )
    session_name_roles: Annotated[
        tuple[Annotated[str, AfterValidator(check_session_name_role)], ...], AfterValidator(check_unique)
    ] = Field(
        default=(),
        description="ARNs of roles whose session names you trust, so that each session name is a separate owner.",
    )


class SchedulerSettings(Section):
    """The settings that the service reads."""

    environments: dict[Name, Environment] = Field(min_length=1)
    compute_types: dict[Name, ComputeType] = Field(min_length=1)
    limits: Limits = Field(default_factory=Limits)
    retention: Retention = Field(default_factory=Retention)
    prices: Prices = Field(default_factory=Prices)
    channels: Annotated[dict[Name, Channel], AfterValidator(check_channel_names)] = Field(default_factory=dict)
    ownership: Ownership = Field(default_factory=Ownership)

    @model_validator(mode="after")
    def _session_names_are_trusted(self) -> Self:
        users = {f"environments.{name}.users": item.users for name, item in self.environments.items()}
        for setting, names in {"ownership.admins": self.ownership.admins, **users}.items():
            try:
                check_session_names(names, self.ownership.session_name_roles)
            except ValueError as error:
                raise ValueError(f"{setting}: {error}") from None
        return self

    @model_validator(mode="after")
    def _names_exist(self) -> Self:
        for name, environment in self.environments.items():
            if unknown := [item for item in environment.compute_types if item not in self.compute_types]:
                raise ValueError(
                    f"environments.{name}.compute_types contains {', '.join(unknown)}, which [compute_types] does not define"
                )
        return self


def load_settings(path: Path = _SETTINGS_FILE) -> SchedulerSettings:
    """Load the settings that synth wrote to the bundle.

    Raises
    ------
    ConfigurationError
        If the file is missing or not valid.
    """
    try:
        return SchedulerSettings.model_validate(json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError) as error:
        raise ConfigurationError(f"The bundle's settings.json cannot be used: {error}") from error
