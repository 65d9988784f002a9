"""Who needs the right to use an environment, at each step in the life of a job or a definition.

The owner's right always counts, checked against the current settings. An admin's right does not replace it. A caller who brings code or
parameters also needs the right, so that an admin who is not among the users of an environment cannot run code there.
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import Final

from chalicelib.config import ComputeType, Environment, SchedulerSettings
from chalicelib.domain.authorization.ownership import Caller, may_use
from chalicelib.domain.job import JobSpec
from chalicelib.errors import InvalidRequestError, NotAllowedError

__all__ = ["REQUIRED_RIGHTS", "Party", "Step", "check_environment", "check_run"]


class Party(StrEnum):
    """Whose right a step may need."""

    OWNER = "owner"
    CALLER = "caller"


class Step(StrEnum):
    """What a request or the service is about to do."""

    CREATE = "create a job or a definition"
    EDIT = "change the schedule, tags or other options of a definition, or resume it"
    EDIT_CODE = "change the notebook, the parameters or the environment of a definition"
    MANAGE = "rename, pause or delete a definition; rename, stop or delete a job; read anything"
    RUN_NOW = "run a definition now"
    RESIZE = "change the compute type of a waiting job"
    TICK = "create the job of a due time"
    LAUNCH = "launch a job"


REQUIRED_RIGHTS: Final[Mapping[Step, tuple[Party, ...]]] = {
    Step.CREATE: (Party.OWNER, Party.CALLER),
    Step.EDIT: (Party.OWNER,),
    Step.EDIT_CODE: (Party.OWNER, Party.CALLER),
    Step.MANAGE: (),
    Step.RUN_NOW: (Party.OWNER, Party.CALLER),
    Step.RESIZE: (Party.OWNER,),
    Step.TICK: (Party.OWNER,),
    Step.LAUNCH: (Party.OWNER,),
}
"""Whose right each step needs. The caller who creates something is its owner."""


def check_environment(
    step: Step,
    name: str,
    settings: SchedulerSettings,
    *,
    owner_principals: tuple[str, ...],
    caller: Caller | None = None,
) -> Environment:
    """Return an environment after checking the right of everyone whose right the step needs.

    Parameters
    ----------
    step
        The step to check.
    name
        The name of the environment.
    settings
        The current settings.
    owner_principals
        Names of the owner's principal, as stored in the record.
    caller
        The caller; None at a tick and at a launch, which have no caller.

    Raises
    ------
    InvalidRequestError
        If the environment does not exist.
    NotAllowedError
        If one of them may not use it.
    """
    environment = settings.environments.get(name)
    if environment is None:
        principals = caller.principal.names if caller else owner_principals
        known = ", ".join(key for key, value in settings.environments.items() if may_use(value, principals))
        raise InvalidRequestError.for_field(
            "runtime_environment_name", f"there is no environment {name!r}; choose one of {known}."
        )
    parties = REQUIRED_RIGHTS[step]
    if caller and Party.CALLER in parties and not may_use(environment, caller.principal.names):
        raise NotAllowedError(
            f"You ({caller.arn}) may not use the environment {name!r}. Ask the operator to add you to its users."
        )
    if Party.OWNER in parties and not may_use(environment, owner_principals):
        who = owner_principals[0] if owner_principals else "unknown"
        raise NotAllowedError(
            f"The owner ({who}) may not use the environment {name!r}. Ask the operator to add the owner to its users,"
            " or choose another environment."
        )
    return environment


def check_run(step: Step, spec: JobSpec, settings: SchedulerSettings, caller: Caller | None = None) -> ComputeType:
    """Check whether a job with this spec may run now. Return its compute type.

    Raises
    ------
    InvalidRequestError
        If its environment or its compute type no longer exists.
    NotAllowedError
        If somebody whose right the step needs may not use the environment.
    """
    name = spec.runtime_environment_name
    environment = check_environment(step, name, settings, owner_principals=spec.owner_principals, caller=caller)
    compute_type = settings.compute_types.get(spec.compute_type)
    if compute_type is None:
        offered = ", ".join(environment.compute_types)
        raise InvalidRequestError.for_field(
            "compute_type", f"there is no compute type {spec.compute_type!r}; choose one of {offered}."
        )
    return compute_type
