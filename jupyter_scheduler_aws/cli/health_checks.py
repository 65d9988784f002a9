"""The health checks of `nbjobs doctor`: each one returns what it found, or raises an error that says what is wrong."""

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
from jupyter_scheduler_aws.cli.formatting import format_duration, format_size, run_time
from jupyter_scheduler_aws.client import Client
from jupyter_scheduler_aws.errors import ConfigurationError, SchedulerClientError
from jupyter_scheduler_aws.snapshots.pack import pack_notebook
from jupyter_scheduler_aws.versions import package_version

__all__ = ["HealthCheckError", "HealthChecks"]

_MAX_CLOCK_DIFFERENCE: Final = timedelta(minutes=4)
"""AWS refuses signatures that are off by five minutes."""

_JOB_TIMEOUT: Final = timedelta(minutes=10)
"""A small notebook needs seconds. The rest is for a slow start of the kernel."""

_MAX_DEFINITIONS: Final = 100
"""Definitions to check: one request."""


class HealthCheckError(SchedulerClientError):
    """A check failed although its requests succeeded."""


class HealthChecks:
    """Checks one stack from this machine.

    Parameters
    ----------
    open_client
        Opens a client. Its errors are findings.
    on_job
        Called when the status or phase of the test job changes.
    """

    def __init__(self, open_client: Callable[[], Client], *, on_job: Callable[[Job], None]) -> None:
        self._open_client = open_client
        self._on_job = on_job
        self._client: Client | None = None
        self._health: Health | None = None

    @property
    def client(self) -> Client:
        """The client. The first check opens it."""
        if self._client is None:
            self._client = self._open_client()
        return self._client

    @property
    def health(self) -> Health:
        """The response of the health endpoint."""
        if self._health is None:
            self._health = self.client.health()
        return self._health

    def close(self) -> None:
        """Close the client if it is open."""
        if self._client:
            self._client.close()

    def url(self) -> str:
        """Check that URL and region are known."""
        return f"{self.client.url} (region {self.client.region})"

    def credentials(self) -> str:
        """Check that there are credentials, and return which."""
        found = self.client.signer.credentials()
        kind = "temporary key" if found.token else "key"
        return f"{kind} {found.access_key[:4]}…{found.access_key[-4:]}"

    def service(self) -> str:
        """Check that the service responds to a signed request, and that the clocks agree."""
        start = time.monotonic()
        difference = abs(datetime.now(UTC) - self.health.time)
        elapsed = time.monotonic() - start
        if difference > _MAX_CLOCK_DIFFERENCE:
            raise HealthCheckError(
                f"The clocks of this machine and of the service differ by {format_duration(difference)}. Set the clock of this machine."
            )
        return f"responded in {elapsed * 1000:.0f} ms"

    def you(self) -> str:
        """Return who you are to the service."""
        admin = ", an admin" if self.health.admin else ""
        kind = f" ({self.health.kind.replace('_', ' ')})" if self.health.kind else ""
        return f"{self.health.arn}{kind}, owner {self.health.owner_id}{admin}"

    def versions(self) -> str:
        """Return the versions of the client and the service."""
        return f"nbjobs {package_version()}, service {self.health.version}, Python {platform.python_version()}"

    def environments(self) -> str:
        """Check that there is an environment that you may use."""
        if found := self.client.environments():
            return ", ".join(environment.name for environment in found)
        raise ConfigurationError("There is no environment that you may use. Ask the operator.")

    def write(self) -> str:
        """Check that uploads work. The uploaded notebook expires within a day."""
        with tempfile.TemporaryDirectory() as folder, pack_notebook(_notebook(Path(folder), "")) as snapshot:
            self.client.upload(snapshot)
            return f"uploaded a notebook of {format_size(snapshot.size_bytes)}"

    def read(self) -> str:
        """Check that lists work."""
        jobs = self.client.list_page(max_items=1).jobs
        return f"listed your jobs; the newest is {jobs[0].job_id}" if jobs else "listed your jobs; you have none yet"

    def definitions(self) -> str:
        """Check that no background work of your newest definitions fails."""
        found = self.client.list_definition_page(max_items=_MAX_DEFINITIONS).definitions
        failing = [definition for definition in found if definition.problems]
        if failing:
            first = failing[0]
            raise HealthCheckError(
                f"{len(failing)} of your {len(found)} newest job definitions fail, such as {first.name!r} ({first.definition_id}): "
                f"{first.problems[0].message} See `nbjobs definitions show {first.definition_id}`."
            )
        return (
            f"no problems with your {len(found)} newest job definitions" if found else "you have no job definitions yet"
        )

    def job(self) -> str:
        """Run a small notebook, check its output, and delete the job. A failed job stays, so that you can inspect it."""
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
        return (
            f"COMPLETED: started after {format_duration(waited)}, ran for {run_time(job)}, and its output is complete"
        )

    def _check_outputs(self, job: Job, folder: Path, nonce: str) -> None:
        if not job.is_completed:
            reason = f"{job.outcome.title}. {job.outcome.message}" if job.outcome else job.status_message or ""
            raise HealthCheckError(f"The job ended {job.status}: {reason} See `nbjobs show {job.job_id}`.")
        paths = self.client.download(job.job_id, folder)
        if not any(f"printed {nonce}" in path.read_text(encoding="utf-8") for path in paths):
            raise HealthCheckError(
                f"The job is COMPLETED, but its notebook does not contain the output. See `nbjobs show {job.job_id}`."
            )


def _notebook(folder: Path, nonce: str) -> Path:
    # The source has the two words apart, so that the printed text is only in the output.
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
