import logging
from collections.abc import Iterator

import pytest

from tests.support.failures import Failures
from tests.support.measurements import Measurements, measurements


@pytest.fixture
def failures(capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture) -> Iterator[Failures]:
    """Listen to the logger itself: the first request gives the service's logs their structured form, which ends above it."""
    logger = logging.getLogger("chalicelib.services.background_work")
    logger.addHandler(caplog.handler)
    yield Failures(capsys, caplog)
    logger.removeHandler(caplog.handler)


@pytest.fixture
def measured(capsys: pytest.CaptureFixture[str]) -> Iterator[Measurements]:
    """Listen to what the service measures."""
    with measurements(capsys) as made:
        yield made
