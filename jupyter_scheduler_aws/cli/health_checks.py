"""What the doctor looks at: each check gives what it found, or raises what is wrong."""

import json
import platform
import secrets
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

from jupyter_scheduler_aws.api.job_models import Job
from jupyter_scheduler_aws.api.response_models import Health
from jupyter_scheduler_aws.cli.formatting import duration, size, took
from jupyter_scheduler_aws.client import Client
from jupyter_scheduler_aws.errors import ConfigurationError, SchedulerClientError
from jupyter_scheduler_aws.snapshots.pack import pack_notebook
from jupyter_scheduler_aws.versions import package_version

__all__ = ["Examination", "ExaminationError"]

_TOLERATED_CLOCK: Final = timedelta(minutes=4)
"""AWS refuses signatures that are five minutes off; a job would meet that sooner than a person."""

_JOB_TIMEOUT: Final = timedelta(minutes=10)
"""A trivial notebook needs seconds; the rest is for a slow start of its kernel."""

_MOST_DEFINITIONS: Final = 100
"""Definitions to look at: one request."""


class ExaminationError(SchedulerClientError):
    """A check found something wrong that no request told."""


class Examination:
    """Examines one stack from this machine.

    Parameters
    ----------
    open_client
        Opens a client; its errors are findings.
    on_job
        Called as the trivial job goes on.
    """

    def __init__(self, open_client: Callable[[], Client], *, on_job: Callable[[Job], None]) -> None:
        self._open_client = open_client
        self._on_job = on_job
        self._client: Client | None = None
        self._health: Health | None = None

    @property
    def client(self) -> Client:
        """The client, which the first check opens."""
        if self._client is None:
            self._client = self._open_client()
        return self._client

    @property
    def health(self) -> Health:
        """What the service said of itself."""
        if self._health is None:
            self._health = self.client.health()
        return self._health

    def close(self) -> None:
        """Close the client, if there is one."""
        if self._client:
            self._client.close()

    def url(self) -> str:
        """Check that there is a URL, and a region for it."""
        return f"{self.client.url} (region {self.client.region})"

    def credentials(self) -> str:
        """Check that there are credentials, and say which."""
        found = self.client.signer.credentials()
        kind = "temporary key" if found.token else "key"
        return f"{kind} {found.access_key[:4]}…{found.access_key[-4:]}"

    def service(self) -> str:
        """Check that the service answers a signed request, and that the clocks agree."""
        start = time.monotonic()
        difference = abs(datetime.now(UTC) - self.health.time)
        taken = time.monotonic() - start
        if difference > _TOLERATED_CLOCK:
            raise ExaminationError(
                f"This machine's clock and the service's differ by {duration(difference)}. Set this machine's clock."
            )
        return f"answered in {taken * 1000:.0f} ms"

    def you(self) -> str:
        """Say who the service takes you for."""
        admin = ", an admin" if self.health.admin else ""
        kind = f" ({self.health.kind.replace('_', ' ')})" if self.health.kind else ""
        return f"{self.health.arn}{kind}, owner {self.health.owner_id}{admin}"

    def versions(self) -> str:
        """Name the versions of both sides."""
        return f"nbjobs {package_version()}, service {self.health.version}, Python {platform.python_version()}"

    def environments(self) -> str:
        """Check that there is an environment to use."""
        if found := self.client.environments():
            return ", ".join(each.name for each in found)
        raise ConfigurationError("There is no environment that you may use. Ask the operator for one.")

    def write(self) -> str:
        """Upload a notebook that no job uses; it expires within a day."""
        with tempfile.TemporaryDirectory() as folder, pack_notebook(_notebook(Path(folder), "")) as snapshot:
            self.client.upload(snapshot)
            return f"uploaded a notebook of {size(snapshot.size_bytes)}"

    def read(self) -> str:
        """List the newest job."""
        jobs = self.client.list_page(max_items=1).jobs
        return f"listed your jobs; the newest is {jobs[0].job_id}" if jobs else "listed your jobs; you have none yet"

    def definitions(self) -> str:
        """Check that no background work for your newest definitions fails."""
        found = self.client.list_definition_page(max_items=_MOST_DEFINITIONS).definitions
        failing = [each for each in found if each.problems]
        if failing:
            first = failing[0]
            raise ExaminationError(
                f"{len(failing)} of your {len(found)} newest job definitions fail, such as {first.name!r} ({first.definition_id}): "
                f"{first.problems[0].message} See `nbjobs definitions show {first.definition_id}`."
            )
        return (
            f"nothing fails for your {len(found)} newest job definitions"
            if found
            else "you have no job definitions yet"
        )

    def job(self) -> str:
        """Run a trivial notebook, read what it printed, and delete the job; one that failed is left to be looked at."""
        nonce = secrets.token_hex(8)
        with tempfile.TemporaryDirectory() as folder:
            notebook = _notebook(Path(folder), nonce)
            job_id = self.client.submit(
                notebook, name="nbjobs doctor", output_formats=("ipynb",), timeout=_JOB_TIMEOUT, tags=("nbjobs-doctor",)
            )
            try:
                job = self.client.wait(job_id, on_change=self._on_job)
                self._check_outputs(job, Path(folder) / "outputs", nonce)
            except KeyboardInterrupt:
                self.client.delete_jobs([job_id])
                raise
        self.client.delete_jobs([job_id])
        waited = job.start_time - job.create_time if job.start_time else timedelta()
        return f"COMPLETED: started after {duration(waited)}, ran {took(job)}, its output was read back"

    def _check_outputs(self, job: Job, folder: Path, nonce: str) -> None:
        if not job.is_completed:
            why = f"{job.outcome.title}. {job.outcome.message}" if job.outcome else job.status_message or ""
            raise ExaminationError(f"The job ended {job.status}: {why} See `nbjobs show {job.job_id}`.")
        paths = self.client.download(job.job_id, folder)
        if not any(f"printed {nonce}" in path.read_text(encoding="utf-8") for path in paths):
            raise ExaminationError(
                f"The job is COMPLETED, but what it printed is not in its notebook. See `nbjobs show {job.job_id}`."
            )


def _notebook(folder: Path, nonce: str) -> Path:
    # The printed text is put together, so that it stands only in the output, not in the source.
    cell: dict[str, Any] = {
        "cell_type": "code",
        "metadata": {},
        "execution_count": None,
        "outputs": [],
        "source": f'print("printed", "{nonce}")',
    }
    metadata = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
    path = folder / "doctor.ipynb"
    path.write_text(json.dumps({"nbformat": 4, "nbformat_minor": 4, "metadata": metadata, "cells": [cell]}))
    return path
