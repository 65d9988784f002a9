"""What the forms of the panel show if the environments cannot be listed.

The panel drops an error of this request: its form says "Loading …" for ever, and the edit form shows no field at all. So the
reason is listed as environments. The form shows the name of the first one if there are two, and all text of an output format.
"""

from typing import Final

from jupyter_scheduler.models import RuntimeEnvironment

from jupyter_scheduler_aws.api.deadline import deadline
from jupyter_scheduler_aws.client import Client
from jupyter_scheduler_aws.errors import SchedulerClientError

__all__ = ["check_environment", "environments_that_explain"]

_MARK: Final = "\N{WARNING SIGN} "
"""Begins the names. An environment's name has no such character."""

_PATIENCE_SECONDS: Final = 9.0
"""How long *Create* waits for the present reason [s]."""

_NAMES: Final = (f"{_MARK}Environments are not available", f"{_MARK}Cancel, and open the form again")


def environments_that_explain(reason: str) -> list[RuntimeEnvironment]:
    """Return entries for the picker that show a reason.

    Parameters
    ----------
    reason
        Why the environments cannot be listed, and what to do.
    """
    return [
        RuntimeEnvironment(
            name=name,
            label=name,
            description=reason,
            file_extensions=["ipynb"],
            output_formats=[_MARK + reason],
            metadata={"problem": reason},
        )
        for name in _NAMES
    ]


def check_environment(client: Client, name: str) -> None:
    """Check that a form was filled in with an environment, and not with one of `environments_that_explain`.

    Raises
    ------
    SchedulerClientError
        If it was: with the present reason why environments cannot be listed, or else with the advice to open the form again.
    """
    if not name.startswith(_MARK):
        return
    with deadline(_PATIENCE_SECONDS):
        client.environments()
    raise SchedulerClientError(
        "The environments were not available when this form was opened. They are now: cancel, and open the form again."
    )
