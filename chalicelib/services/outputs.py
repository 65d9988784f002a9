"""Outputs: what a job has made, and what its runner printed."""

from dataclasses import dataclass
from pathlib import PurePosixPath

from chalicelib.config import OUTPUT_FORMATS
from chalicelib.domain.identifiers import input_key, output_prefix
from chalicelib.domain.job import Job
from chalicelib.storage.bucket import Bucket
from chalicelib.storage.runner_logs import LogPage, RunnerLogs

__all__ = ["FilePage", "JobFile", "OutputService"]


@dataclass(frozen=True)
class JobFile:
    """A file of a job, to download."""

    file_format: str
    """An output format, `files` for everything else that the run made, or `input`."""
    display_name: str
    path: str
    """Relative, with `/`."""
    size_bytes: int
    url: str


@dataclass(frozen=True)
class FilePage:
    """Some files of a job."""

    files: tuple[JobFile, ...]
    next_token: str | None


class OutputService:
    """Lists files and log lines.

    Parameters
    ----------
    files, logs
        The stores.
    """

    def __init__(self, *, files: Bucket, logs: RunnerLogs) -> None:
        self._files = files
        self._logs = logs

    def files(self, job: Job, token: str | None) -> FilePage:
        """List up to 400 files of the last attempt; the first page begins with the input."""
        prefix = output_prefix(job.run_id)
        page = self._files.list_page(prefix, token)
        files = [self._input(job)] if token is None else []
        for stored in page.files:
            file_format, _, path = stored.path.partition("/")
            name = OUTPUT_FORMATS.get(file_format, PurePosixPath(path).name)
            url = self._files.presign_get(prefix + stored.path, PurePosixPath(path).name)
            files.append(JobFile(file_format, name, path, stored.size_bytes, url))
        return FilePage(tuple(files), page.next_token)

    def _input(self, job: Job) -> JobFile:
        packaged = job.spec.package_input_folder
        path = f"{PurePosixPath(job.input_filename).stem}.zip" if packaged else job.input_filename
        url = self._files.presign_get(input_key(job.owner_id, job.job_id, packaged=packaged), path)
        return JobFile("input", "Input", path, job.input_size_bytes, url)

    def logs(self, job: Job, token: str | None) -> LogPage:
        """Read what the current attempt's container printed; nothing before there is one."""
        return self._logs.page(job.task_arn, token) if job.task_arn else LogPage((), None)
