"""`nbjobs costs`."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Annotated, Any

import typer

from jupyter_scheduler_aws.cli.terminal import Terminal

if TYPE_CHECKING:
    from rich.table import Table

    from jupyter_scheduler_aws.api.job_models import Job

__all__ = ["costs"]


@dataclass
class _Sum:
    """What the jobs of one definition, or of one name, cost."""

    name: str
    definition_id: str | None
    jobs: int = 0
    vcpu_seconds: int = 0
    gib_seconds: int = 0
    estimates: dict[str, float] = field(default_factory=dict)
    """By currency: an operator can change it."""

    def add(self, job: "Job") -> None:
        if job.cost is None:
            return
        self.jobs += 1
        self.vcpu_seconds += job.cost.vcpu_seconds
        self.gib_seconds += job.cost.gib_seconds
        self.estimates[job.cost.currency] = self.estimates.get(job.cost.currency, 0) + job.cost.estimate

    def document(self) -> dict[str, Any]:
        return {
            "name": self.name,
            "job_definition_id": self.definition_id,
            "jobs": self.jobs,
            "vcpu_seconds": self.vcpu_seconds,
            "gib_seconds": self.gib_seconds,
            "estimates": {currency: round(amount, 6) for currency, amount in self.estimates.items()},
        }


def costs(
    terminal: Terminal,
    *,
    days: Annotated[int, typer.Option(min=1, metavar="N", help="Jobs that were created in the last N days.")] = 30,
    definition: Annotated[
        str | None, typer.Option("--definition", metavar="ID", help="Only jobs of this definition.")
    ] = None,
) -> None:
    """Show what your jobs have cost, the most expensive first.

    Jobs are added up by definition, others by name. These are estimates from
    the operator's prices for the time that containers ran, not a bill.
    """
    since = datetime.now(UTC) - timedelta(days=days)
    with terminal.client() as client:
        sums = _sums(_created_since(client.list_jobs(job_definition_id=definition), since))
    total = _Sum("all", definition)
    for each in sums:
        total.jobs += each.jobs
        total.vcpu_seconds += each.vcpu_seconds
        total.gib_seconds += each.gib_seconds
        for currency, amount in each.estimates.items():
            total.estimates[currency] = total.estimates.get(currency, 0) + amount
    terminal.document({"since": since.isoformat(timespec="seconds"), "costs": [each.document() for each in sums]})
    if sums:
        terminal.view(_table([*sums, total]))
    terminal.note(f"jobs of the last {days} days; estimates, not a bill" if sums else "No job has ended in this time.")


def _created_since(jobs: Iterable["Job"], since: datetime) -> Iterator["Job"]:
    """Yield the jobs until one is older; ids of ticks sort by due time, so a late one may be left out."""
    for job in jobs:
        if job.create_time < since:
            return
        yield job


def _sums(jobs: Iterable["Job"]) -> list[_Sum]:
    found: dict[str, _Sum] = {}
    for job in jobs:
        key = job.job_definition_id or f"name {job.name}"
        found.setdefault(key, _Sum(job.name, job.job_definition_id)).add(job)
    with_cost = [each for each in found.values() if each.jobs]
    return sorted(with_cost, key=lambda each: -sum(each.estimates.values()))


def _table(rows: Iterable[_Sum]) -> "Table":
    from jupyter_scheduler_aws.cli.formatting import price_text, safe_line
    from jupyter_scheduler_aws.cli.tables import plain_table

    cells = [
        (
            str(safe_line(each.name)),
            each.definition_id or "",
            str(each.jobs),
            f"{each.vcpu_seconds / 3600:,.2f}",
            f"{each.gib_seconds / 3600:,.2f}",
            " + ".join(price_text(amount, currency) for currency, amount in each.estimates.items()),
        )
        for each in rows
    ]
    return plain_table(("NAME", "DEFINITION", "JOBS", "VCPU-HOURS", "GIB-HOURS", "COST"), cells)
