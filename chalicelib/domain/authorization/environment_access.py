"""Who must be allowed to use an environment, at each step of a job's and a definition's life.

It is always the owner's right that counts, against the settings of the moment; an admin lends theirs to nobody. Whoever brings in code or
parameters needs the right, too, so that an admin who is not among the users of an environment cannot put code in there either.
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import Final

from chalicelib.config import ComputeType, Environment, SchedulerSettings
from chalicelib.domain.authorization.ownership import Caller, may_use
from chalicelib.domain.job import JobSpec
from chalicelib.errors import InvalidRequestError, NotAllowedError

__all__ = ["NEEDS_THE_RIGHT", "Party", "Step", "check_environment", "check_run"]


class Party(StrEnum):
    """Whose right may be needed."""

    OWNER = "owner"
    CALLER = "caller"


class Step(StrEnum):
    """What is about to be done."""

    CREATE = "create a job or a definition"
    EDIT = "change the schedule, tags or other options of a definition, or resume it"
    EDIT_CODE = "change the notebook, the parameters or the environment of a definition"
    LOOK_AFTER = "rename, pause or delete a definition; rename, stop or delete a job; read anything"
    RUN_NOW = "run a definition now"
    RESIZE = "change the compute type of a waiting job"
    TICK = "make the job of a due minute"
    LAUNCH = "launch a job"


NEEDS_THE_RIGHT: Final[Mapping[Step, tuple[Party, ...]]] = {
    Step.CREATE: (Party.OWNER, Party.CALLER),
    Step.EDIT: (Party.OWNER,),
    Step.EDIT_CODE: (Party.OWNER, Party.CALLER),
    Step.LOOK_AFTER: (),
    Step.RUN_NOW: (Party.OWNER, Party.CALLER),
    Step.RESIZE: (Party.OWNER,),
    Step.TICK: (Party.OWNER,),
    Step.LAUNCH: (Party.OWNER,),
}
"""Whose right each step needs. Who creates something is its owner."""


def check_environment(
    step: Step,
    name: str,
    settings: SchedulerSettings,
    *,
    owner_principals: tuple[str, ...],
    caller: Caller | None = None,
) -> Environment:
    """Find an environment, and check the right of everybody whose right the step needs.

    Parameters
    ----------
    step
        What is about to be done in it.
    name
        The environment.
    settings
        What the operator says now.
    owner_principals
        Names of the owner's principal, as the record keeps them.
    caller
        Who asks; None where nobody does: at a tick, and at a launch.

    Raises
    ------
    InvalidRequestError
        If there is no such environment.
    NotAllowedError
        If it is not open to one of them.
    """
    environment = settings.environments.get(name)
    if environment is None:
        asker = caller.principal.names if caller else owner_principals
        known = ", ".join(each for each, one in settings.environments.items() if may_use(one, asker))
        raise InvalidRequestError.for_field(
            "runtime_environment_name", f"there is no environment {name!r}; choose one of {known}."
        )
    parties = NEEDS_THE_RIGHT[step]
    if caller and Party.CALLER in parties and not may_use(environment, caller.principal.names):
        raise NotAllowedError(
            f"The environment {name!r} is not open to you ({caller.arn}). Ask the operator to name you among its users."
        )
    if Party.OWNER in parties and not may_use(environment, owner_principals):
        who = owner_principals[0] if owner_principals else "unknown"
        raise NotAllowedError(
            f"The environment {name!r} is not open to the owner ({who}). Ask the operator to name the owner among its users,"
            " or choose another environment."
        )
    return environment


def check_run(step: Step, spec: JobSpec, settings: SchedulerSettings, caller: Caller | None = None) -> ComputeType:
    """Check that a job of this spec may run now, and give its compute type.

    Raises
    ------
    InvalidRequestError
        If its environment or its compute type is gone.
    NotAllowedError
        If the environment is not open to somebody whose right the step needs.
    """
    name = spec.runtime_environment_name
    environment = check_environment(step, name, settings, owner_principals=spec.owner_principals, caller=caller)
    compute_type = settings.compute_types.get(spec.compute_type)
    if compute_type is None:
        offered = ", ".join(environment.compute_types)
        raise InvalidRequestError.for_field(
            "compute_type", f"there is no compute type {spec.compute_type!r} any more; choose one of {offered}."
        )
    return compute_type
