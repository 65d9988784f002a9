"""Background work: its share of a function's time, and its failures: logged, counted, and kept from stopping other work."""

import logging
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

from chalicelib.domain.background_work import BackgroundWork
from chalicelib.observability import count_background_failure
from chalicelib.services.clock import Clock

__all__ = ["Duty", "OutOfTimeError", "counted", "for_each", "isolated", "run_duties"]

_log = logging.getLogger(__name__)

_T = TypeVar("_T")


class OutOfTimeError(Exception):
    """A duty has not finished in its share of the time; the next invocation continues."""


@dataclass(frozen=True)
class Duty:
    """One of several kinds of work of one invocation."""

    work: BackgroundWork
    run: Callable[[datetime], object]
    """Does it, and starts nothing new at the time that it is passed; the next invocation continues."""


def run_duties(duties: Sequence[Duty], *, until: datetime, clock: Clock) -> None:
    """Run duties one after another, each with an equal share of the time that is left: a slow or failing duty does not stop the next.

    Parameters
    ----------
    duties
        The duties; one that waits for AWS makes the shares of the later ones smaller, so the important and the quick ones come first.
    until
        When to start nothing new.
    clock
        The clock.
    """
    for number, duty in enumerate(duties):
        now = clock()
        with isolated(duty.work):
            duty.run(now + (until - now) / (len(duties) - number))


def for_each(
    work: BackgroundWork,
    rows: Iterable[_T],
    handle: Callable[[_T], object],
    *,
    ids: Callable[[_T], Mapping[str, str]],
    until: datetime,
    clock: Clock,
) -> bool:
    """Handle one row after another. A row that fails is logged and does not stop the others.

    They count as one failure of background work, whatever their number.

    Parameters
    ----------
    work
        The kind of work.
    rows
        What to handle.
    handle
        Handles a row.
    ids
        Returns what a row is about, for the log.
    until
        When to start nothing new.
    clock
        The clock.

    Returns
    -------
    bool
        Whether there was time for all rows.
    """
    has_failed = False
    for row in rows:
        if clock() >= until:
            return False
        try:
            handle(row)
        except Exception:  # noqa: BLE001 - whatever fails, other rows are handled
            if not has_failed:
                count_background_failure(work)
            has_failed = True
            _log.exception("background work failed", extra={"work": work.value, **ids(row)})
    return True


@contextmanager
def counted(work: BackgroundWork, **ids: str) -> Iterator[None]:
    """Log and count a failure, and raise it: AWS then delivers the event again, and in the end to a dead-letter queue.

    Parameters
    ----------
    work
        The kind of work.
    **ids
        What it is done for, for the log.
    """
    try:
        yield
    except Exception:
        _report(work, ids)
        raise


@contextmanager
def isolated(work: BackgroundWork, **ids: str) -> Iterator[None]:
    """Log and count a failure, and go on: for work that is repeated anyway and must not stop other work. Takes the arguments of `counted`."""
    try:
        yield
    except Exception:  # noqa: BLE001 - whatever fails, other work goes on
        _report(work, ids)


def _report(work: BackgroundWork, ids: Mapping[str, str]) -> None:
    count_background_failure(work)
    _log.exception("background work failed", extra={"work": work.value, **ids})
