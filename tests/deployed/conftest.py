import json
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from jupyter_scheduler_aws.api.signing import RequestSigner
from jupyter_scheduler_aws.client import Client
from tests.support.deployed import Deployed, deployed

__all__ = ["deployed"]


@pytest.fixture(scope="session")
def client(deployed: Deployed) -> Iterator[Client]:
    """Return a client of the deployed stack."""
    with Client(deployed.api_url, region=deployed.region, session=deployed.session) as client:
        yield client


@pytest.fixture(scope="session")
def http(deployed: Deployed) -> Iterator[httpx.Client]:
    """Return an HTTP client that signs, for requests that the client library does not send."""
    with httpx.Client(
        base_url=deployed.api_url, auth=RequestSigner(deployed.session, deployed.region), timeout=60
    ) as http:
        yield http


@pytest.fixture
def notebook(tmp_path: Path) -> "NotebookMaker":
    return NotebookMaker(tmp_path)


class NotebookMaker:
    """Return a function that writes notebooks of code cells."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def __call__(self, *sources: str, name: str = "made.ipynb") -> Path:
        cells: list[dict[str, object]] = [
            {
                "cell_type": "code",
                "id": f"c{i}",
                "metadata": {},
                "execution_count": None,
                "outputs": [],
                "source": source,
            }
            for i, source in enumerate(sources)
        ]
        kernelspec = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
        path = self._folder / name
        path.write_text(
            json.dumps({"cells": cells, "metadata": kernelspec, "nbformat": 4, "nbformat_minor": 5}), encoding="utf-8"
        )
        return path
