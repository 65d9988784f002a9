"""Settings of the service: what the operator chose.

`SchedulerSettings` is the part of `scheduler.toml` that the service reads. Synth validates it and puts it into the function
bundle as `settings.json`. Nothing is read at import: `factory.py` asks on first use. Where this stack's resources are,
`resources.py` knows.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Final, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints, model_validator

from chalicelib.domain.authorization.principal_settings import (
    check_chosen_sessions,
    check_principal_name,
    check_session_name_role,
    check_task_role_arn,
    without_repetition,
)
from chalicelib.errors import ConfigurationError

__all__ = [
    "OUTPUT_FORMATS",
    "ComputeType",
    "Environment",
    "Limits",
    "Ownership",
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
"""Every output format that a runner can be asked for, with its label; which ones an environment offers, it says itself."""

_SETTINGS_FILE: Final = Path(__file__).parents[1] / "settings.json"
"""Where synth puts the settings in the function bundle."""

_FARGATE_MEMORY_GIB: Final[Mapping[float, tuple[float, ...]]] = {
    0.25: (0.5, 1, 2),
    0.5: tuple(range(1, 5)),
    1: tuple(range(2, 9)),
    2: tuple(range(4, 17)),
    4: tuple(range(8, 31)),
    8: tuple(range(16, 61, 4)),
    16: tuple(range(32, 121, 8)),
}
"""Fargate's sizes: memory in GiB that goes with each number of vCPU (Amazon ECS developer guide, task CPU and memory)."""

Name = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]{0,39}$")]
"""Names of environments and compute types become parts of AWS names: letters, digits, `-` and `_`, at most 40."""

PrincipalNames = Annotated[
    tuple[Annotated[str, AfterValidator(check_principal_name)], ...], AfterValidator(without_repetition)
]
"""Users and roles as an operator names them."""


class _Section(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)


class ComputeType(_Section):
    """A named Fargate size."""

    vcpu: float = Field(description="Number of virtual CPUs: 0.25, 0.5, 1, 2, 4, 8 or 16.")
    memory_gib: float = Field(description="Memory [GiB]; Fargate offers certain amounts for each number of vCPU.")
    spot: bool = Field(
        default=False,
        description="Try Fargate Spot first (cheaper, may be reclaimed); without capacity there, on demand.",
    )

    @model_validator(mode="after")
    def _is_a_fargate_size(self) -> Self:
        if self.vcpu not in _FARGATE_MEMORY_GIB:
            raise ValueError(f"vcpu = {self.vcpu:g} is not offered by Fargate; choose one of 0.25, 0.5, 1, 2, 4, 8, 16")
        choices = _FARGATE_MEMORY_GIB[self.vcpu]
        if self.memory_gib not in choices:
            listed = ", ".join(f"{choice:g}" for choice in choices)
            raise ValueError(
                f"memory_gib = {self.memory_gib:g} does not go with {self.vcpu:g} vCPU; choose one of {listed}"
            )
        return self

    @property
    def cpu_units(self) -> str:
        """The CPU as ECS writes it: 1024 units a vCPU."""
        return str(int(self.vcpu * 1024))

    @property
    def memory_mib(self) -> str:
        """The memory as ECS writes it [MiB]."""
        return str(int(self.memory_gib * 1024))


class Environment(_Section):
    """A named runtime: image, kernel, sizes, formats, and who may use it."""

    description: str = Field(default="", max_length=200, description="What people see under the name in JupyterLab.")
    image: str | None = Field(
        default=None,
        description="Address of a ready runner image; without it, synth builds runner_container/ and pushes it to ECR.",
    )
    kernel: str | None = Field(
        default="python3",
        description="Kernel for notebooks that name none, or one that the image does not have. Empty: the notebook must name one.",
    )
    output_formats: tuple[str, ...] = Field(
        default=("ipynb", "html", "markdown", "script"),
        min_length=1,
        description="Formats that people may ask for: ipynb, html, markdown, script, and pdf where the image can make it.",
    )
    compute_types: tuple[Name, ...] = Field(
        min_length=1, description="Names of the compute types that people may choose."
    )
    default_compute_type: Name | None = Field(
        default=None, description="Chosen where none is; the first of the list without it."
    )
    task_role_arn: Annotated[str, AfterValidator(check_task_role_arn)] | None = Field(
        default=None,
        description="Role that the notebook's own code has, for its own data. Without it, the task has no role, and the notebook no AWS credentials.",
    )
    users: PrincipalNames = Field(
        default=(),
        description="Who may use this environment: ARNs or unique ids of IAM users and roles. Empty: everybody, if there is no task role.",
    )
    file_extensions: tuple[str, ...] = Field(
        default=("ipynb",), description="What JupyterLab offers the environment for."
    )

    @model_validator(mode="after")
    def _is_consistent(self) -> Self:
        if unknown := [name for name in self.output_formats if name not in OUTPUT_FORMATS]:
            raise ValueError(f"output_formats names {', '.join(unknown)}; known are {', '.join(OUTPUT_FORMATS)}")
        if self.default_compute_type not in (None, *self.compute_types):
            raise ValueError(f"default_compute_type = {self.default_compute_type!r} is not among its compute_types")
        if self.task_role_arn and not self.users:
            raise ValueError("an environment with a task_role_arn must name its users")
        return self

    @property
    def chosen_compute_type(self) -> str:
        """The compute type of a job that names none."""
        return self.default_compute_type or self.compute_types[0]


class Limits(_Section):
    """What one stack, one person and one job may take."""

    max_running_jobs: int = Field(default=100, ge=1, le=5000, description="Jobs with a container at one time, in all.")
    max_running_jobs_per_owner: int = Field(
        default=20, ge=1, description="Jobs with a container at one time, per person."
    )
    max_running_jobs_per_definition: int = Field(
        default=5, ge=1, description="Jobs with a container at one time, per definition."
    )
    max_waiting_jobs_per_owner: int = Field(
        default=1000, ge=1, le=2500, description="Jobs that wait for a container at one time, per person."
    )
    max_definitions_per_owner: int = Field(default=1000, ge=1, le=5000, description="Job definitions per person.")
    max_notebook_mib: int = Field(default=20, ge=1, le=100, description="Largest notebook [MiB].")
    max_folder_mib: int = Field(default=500, ge=1, le=5000, description="Largest zipped input folder [MiB].")
    max_unpacked_mib: int = Field(default=2048, ge=1, description="Largest input folder once unpacked [MiB].")
    max_unpacked_files: int = Field(
        default=10_000, ge=1, le=100_000, description="Most files and folders in an input folder."
    )
    max_output_mib: int = Field(default=2048, ge=1, description="Most output of one run of a job [MiB].")
    max_output_files: int = Field(default=1000, ge=1, le=10_000, description="Most output files of one run of a job.")
    default_timeout_minutes: int = Field(
        default=1440, ge=1, description="Maximum run time of a job that states none [min]."
    )
    max_timeout_minutes: int = Field(default=10_080, ge=1, description="Longest run time that a job may state [min].")
    max_retries: int = Field(default=5, ge=0, le=20, description="Most retries that a job may ask for.")
    min_schedule_interval_minutes: int = Field(
        default=1, ge=1, description="How often a schedule may fire at most: once in so many minutes [min]."
    )
    infrastructure_retries: int = Field(
        default=2,
        ge=0,
        le=10,
        description="New attempts after a fault that is not the notebook's: Spot reclaim, lost container.",
    )
    launch_deadline_minutes: int = Field(
        default=20, ge=2, description="How long a container may take to start before the attempt is given up [min]."
    )

    @model_validator(mode="after")
    def _is_consistent(self) -> Self:
        if self.default_timeout_minutes > self.max_timeout_minutes:
            raise ValueError("default_timeout_minutes is more than max_timeout_minutes")
        return self


class Retention(_Section):
    """How long things are kept."""

    jobs_days: int = Field(
        default=90, ge=0, description="Jobs and their files are deleted this long after they end [d]; 0 keeps them."
    )
    logs_days: int = Field(
        default=30, ge=1, description="Log groups keep their events this long [d]; a length that CloudWatch offers."
    )


class Ownership(_Section):
    """Whose jobs are whose."""

    admins: PrincipalNames = Field(
        default=(), description="ARNs or unique ids of IAM users and roles who may see and stop everybody's jobs."
    )
    session_name_roles: Annotated[
        tuple[Annotated[str, AfterValidator(check_session_name_role)], ...], AfterValidator(without_repetition)
    ] = Field(
        default=(),
        description="ARNs of roles whose session names are trustworthy, so that each session name is a person of its own.",
    )


class SchedulerSettings(_Section):
    """What the operator chose, as far as the service reads it."""

    environments: dict[Name, Environment] = Field(min_length=1)
    compute_types: dict[Name, ComputeType] = Field(min_length=1)
    limits: Limits = Field(default_factory=Limits)
    retention: Retention = Field(default_factory=Retention)
    ownership: Ownership = Field(default_factory=Ownership)

    @model_validator(mode="after")
    def _sessions_did_not_choose_their_names(self) -> Self:
        named = {f"environments.{name}.users": each.users for name, each in self.environments.items()}
        for setting, names in {"ownership.admins": self.ownership.admins, **named}.items():
            try:
                check_chosen_sessions(names, self.ownership.session_name_roles)
            except ValueError as error:
                raise ValueError(f"{setting}: {error}") from None
        return self

    @model_validator(mode="after")
    def _names_exist(self) -> Self:
        for name, environment in self.environments.items():
            if unknown := [each for each in environment.compute_types if each not in self.compute_types]:
                raise ValueError(
                    f"environments.{name}.compute_types names {', '.join(unknown)}, which [compute_types] has not"
                )
        return self


def load_settings(path: Path = _SETTINGS_FILE) -> SchedulerSettings:
    """Read the settings that synth put into the bundle.

    Raises
    ------
    ConfigurationError
        If the file is missing or not what synth writes.
    """
    try:
        return SchedulerSettings.model_validate(json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError) as error:
        raise ConfigurationError(f"The bundle's settings.json cannot be used: {error}") from error
