"""Outputs: the files of a job, and the log of its runner."""

from dataclasses import dataclass
from pathlib import PurePosixPath

from chalicelib.config import OUTPUT_FORMATS
from chalicelib.domain.identifiers import output_prefix
from chalicelib.domain.job import Job
from chalicelib.storage.bucket import Bucket
from chalicelib.storage.runner_logs import LogPage, RunnerLogs

__all__ = ["FilePage", "JobFile", "OutputService"]


@dataclass(frozen=True)
class JobFile:
    """A file of a job, with its download URL."""

    file_format: str
    """An output format, `files` for all other files of the run, or `input`."""
    display_name: str
    path: str
    """Relative, with `/`."""
    size_bytes: int
    url: str


@dataclass(frozen=True)
class FilePage:
    """One page of the files of a job."""

    files: tuple[JobFile, ...]
    next_token: str | None


@dataclass(frozen=True, kw_only=True)
class OutputService:
    """Lists files and log lines."""

    files: Bucket
    logs: RunnerLogs

    def list_files(self, job: Job, token: str | None) -> FilePage:
        """List up to 400 files of the last attempt; the first page begins with the input."""
        prefix = output_prefix(job.run_id)
        page = self.files.list_page(prefix, token)
        files = [self._input(job)] if token is None else []
        for stored in page.files:
            file_format, _, path = stored.path.partition("/")
            name = OUTPUT_FORMATS.get(file_format, PurePosixPath(path).name)
            url = self.files.presign_get(prefix + stored.path, PurePosixPath(path).name)
            files.append(JobFile(file_format, name, path, stored.size_bytes, url))
        return FilePage(tuple(files), page.next_token)

    def _input(self, job: Job) -> JobFile:
        stem = PurePosixPath(job.input_filename).stem
        path = f"{stem}.zip" if job.spec.package_input_folder else job.input_filename
        url = self.files.presign_get(job.input_key, path)
        return JobFile("input", "Input", path, job.input_size_bytes, url)

    def read_logs(self, job: Job, token: str | None) -> LogPage:
        """Read the log of the current attempt's container; empty before there is one."""
        return self.logs.page(job.task_arn, token) if job.task_arn else LogPage((), None)
