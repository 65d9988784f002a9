"""What the service measures: the log lines that the dashboard queries, and the metrics in the embedded format."""

import json
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

import pytest

__all__ = ["Measurements", "measurements"]

_LOGGER: Final = "chalicelib.observability.measurements"


class Measurements(logging.Handler):
    """Measured lines since the last look, and metrics that were written immediately."""

    def __init__(self, capsys: pytest.CaptureFixture[str]) -> None:
        super().__init__()
        self._capsys = capsys
        self._records: list[logging.LogRecord] = []

    def emit(self, record: logging.LogRecord) -> None:
        """Keep a line."""
        self._records.append(record)

    def lines(self, name: str, *fields: str) -> list[tuple[Any, ...]]:
        """Return some fields of the lines of this name, and forget all lines."""
        taken = [tuple(vars(record)[each] for each in fields) for record in self._records if record.msg == name]
        self._records.clear()
        return taken

    def metrics(self, name: str) -> list[tuple[str, float]]:
        """Return service and value of a metric since the last call."""
        lines = (json.loads(line) for line in self._capsys.readouterr().out.splitlines() if f'"{name}"' in line)
        return [(line["service"], line[name][0]) for line in lines]


@contextmanager
def measurements(capsys: pytest.CaptureFixture[str]) -> Iterator[Measurements]:
    """Listen to what is measured."""
    made, logger = Measurements(capsys), logging.getLogger(_LOGGER)
    logger.addHandler(made)
    try:
        yield made
    finally:
        logger.removeHandler(made)
