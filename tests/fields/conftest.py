from collections.abc import Iterator

import pytest

from tests.support.definitions import Definitions
from tests.support.openapi import CheckedApi
from tests.support.scheduler import LocalScheduler, scheduler, settings


@pytest.fixture(scope="module")
def local() -> Iterator[LocalScheduler]:
    """A scheduler with two environments and two channels, each of whose responses must match the OpenAPI document."""
    environment = {"compute_types": ["small", "medium", "large"], "output_formats": ["ipynb", "html", "script"]}
    environments = {"python": environment, "second": {**environment, "description": "Another"}}
    topics = {name: {"kind": "topic", "topic_arn": f"arn:aws:sns:us-east-1:123456789012:{name}"} for name in ("a", "b")}
    with scheduler(settings(environments=environments, channels=topics)) as made:
        made.api = CheckedApi()
        yield made


@pytest.fixture(scope="module")
def definitions(local: LocalScheduler) -> Definitions:
    return Definitions(local)
