"""The columns of `nbjobs owners list`, and the rows of `nbjobs owners show`."""

from collections.abc import Sequence

from rich.table import Table

from jupyter_scheduler_aws.api.owner_models import Owner
from jupyter_scheduler_aws.cli.formatting import format_age, local_time
from jupyter_scheduler_aws.cli.tables import details_grid, plain_table

__all__ = ["owner_details", "owner_table"]


def owner_table(owners: Sequence[Owner], _width: int) -> Table:
    """Return the table of `nbjobs owners list`."""
    rows = [(owner.owner_id, _state(owner), format_age(owner.last_seen), owner.arn) for owner in owners]
    return plain_table(("OWNER", "STATE", "LAST SEEN", "ARN"), rows)


def owner_details(owner: Owner) -> Table:
    """Return the rows of `nbjobs owners show`."""
    rows = [("owner", owner.owner_id), ("arn", owner.arn), ("state", _state(owner))]
    if disabled := owner.disabled:
        rows += [("disabled by", f"{disabled.by.arn}\n{local_time(disabled.by.time)}"), ("reason", disabled.reason)]
    rows += [("first seen", local_time(owner.first_seen))]
    rows += [("last seen", f"{local_time(owner.last_seen)} ({format_age(owner.last_seen)})")]
    return details_grid(rows)


def _state(owner: Owner) -> str:
    return "disabled" if owner.disabled else "enabled"
