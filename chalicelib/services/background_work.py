"""Failures of background work: logged, counted, and kept from stopping other work."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager

from chalicelib.domain.background_work import BackgroundWork
from chalicelib.observability import count_background_failure

__all__ = ["counted", "isolated"]

_log = logging.getLogger(__name__)


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


def _report(work: BackgroundWork, ids: dict[str, str]) -> None:
    count_background_failure(work)
    _log.exception("background work failed", extra={"work": work.value, **ids})
