"""One measurement against its baseline, and the Markdown table that the README shows."""

from collections.abc import Iterable
from dataclasses import dataclass

__all__ = ["Row", "markdown"]


@dataclass(frozen=True, kw_only=True)
class Row:
    """One thing that is measured twice in the same run: here, and by what it is compared with."""

    what: str
    """What is measured, as the README says it."""

    ours: float
    """The median here, in `unit`."""

    baseline: float
    """The median of what it is compared with, in `unit`."""

    against: str
    """What it is compared with."""

    unit: str = "ms"
    """The unit of both numbers."""

    goal: str = ""
    """What the project aims for, such as `3 x` or `+ 250 ms`; empty where there is no goal."""

    @property
    def ratio(self) -> float:
        """Ours divided by the baseline."""
        return self.ours / self.baseline


def markdown(rows: Iterable[Row]) -> str:
    """Return the rows as a table in Markdown."""
    lines = ["| what | here | compared with | | ratio | goal |", "| --- | ---: | --- | ---: | ---: | ---: |"]
    lines += [
        f"| {row.what} | {_number(row.ours)} {row.unit} | {row.against} | {_number(row.baseline)} {row.unit} "
        f"| {row.ratio:.2f} | {row.goal} |"
        for row in rows
    ]
    return "\n".join(lines)


def _number(value: float) -> str:
    """Return three significant digits at least."""
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"  # noqa: PLR2004 - where three digits are whole
