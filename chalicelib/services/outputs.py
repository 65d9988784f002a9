"""Outputs: the files of a job's attempts, and the logs of their runners."""

import re
from dataclasses import dataclass, replace
from pathlib import PurePosixPath
from typing import Final

from chalicelib.config import OUTPUT_FORMATS
from chalicelib.domain.attempt_history import attempts_of
from chalicelib.domain.identifiers import output_prefix, outputs_prefix
from chalicelib.domain.job import Job
from chalicelib.errors import InvalidRequestError, NotFoundError
from chalicelib.storage.bucket import Bucket
from chalicelib.storage.runner_logs import LogPage, RunnerLogs

__all__ = ["AttemptLogPage", "FilePage", "JobFile", "OutputService"]

_TOKEN: Final = re.compile(r"([1-9]\d{0,8})\.(.*)", re.ASCII | re.DOTALL)


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
    """One page of the files of an attempt."""

    attempt: int
    """The attempt; 0 if the job has not had one."""
    files: tuple[JobFile, ...]
    next_token: str | None


@dataclass(frozen=True)
class AttemptLogPage:
    """One page of the log of an attempt."""

    attempt: int
    """The attempt; 0 if the job has not had one."""
    page: LogPage


@dataclass(frozen=True, kw_only=True)
class OutputService:
    """Lists files and log lines. A token of a page names its attempt, so that a list stays one attempt's while the job is retried."""

    files: Bucket
    logs: RunnerLogs

    def list_files(self, job: Job, attempt: int | None, token: str | None) -> FilePage:
        """List up to 400 files of an attempt; the first page begins with the input.

        Parameters
        ----------
        job
            The job.
        attempt
            Number of the attempt. None: the last one that has files.
        token
            From the previous page.

        Raises
        ------
        NotFoundError
            If the job has not had such an attempt.
        InvalidRequestError
            If the token is not one of this list.
        """
        _check_attempt(job, attempt)
        number, stored_token = _read_token(token, attempt) if token else (attempt or job.attempt, None)
        page = self.files.list_page(_prefix(job, number), stored_token)
        if not (page.files or token or attempt) and (with_files := self._last_with_files(job)):
            number = with_files
            page = self.files.list_page(_prefix(job, number), None)
        files = [] if token else [self._input(job)]
        for stored in page.files:
            file_format, _, path = stored.path.partition("/")
            name = OUTPUT_FORMATS.get(file_format, PurePosixPath(path).name)
            url = self.files.presign_get(_prefix(job, number) + stored.path, PurePosixPath(path).name)
            files.append(JobFile(file_format, name, path, stored.size_bytes, url))
        return FilePage(number, tuple(files), _make_token(number, page.next_token))

    def find_output(self, job: Job, file_format: str | None) -> JobFile:
        """Return the job's executed notebook, or what it was converted to.

        Parameters
        ----------
        job
            The job.
        file_format
            An output format. None: the first of the job's formats that has a file.

        Raises
        ------
        InvalidRequestError
            If the job does not make this format.
        NotFoundError
            If there is no such file.
        """
        formats = job.spec.output_formats
        if file_format and file_format not in formats:
            raise InvalidRequestError.for_field("format", f"the job makes {', '.join(formats)}, not {file_format!r}.")
        files = {file.file_format: file for file in reversed(self.list_files(job, None, None).files)}
        for name in (file_format,) if file_format else formats:
            if name in files:
                return files[name]
        raise NotFoundError(f"Job {job.job_id} has no output of this format.")

    def _last_with_files(self, job: Job) -> int | None:
        """Return the last attempt that has files, with one call; None if there is none. A first attempt has no earlier one."""
        if job.attempt <= 1:
            return None
        names = self.files.list_folders(outputs_prefix(job.owner_id, job.job_id))
        return max((int(name) for name in names if name.isdecimal()), default=None)

    def _input(self, job: Job) -> JobFile:
        stem = PurePosixPath(job.input_filename).stem
        path = f"{stem}.zip" if job.spec.package_input_folder else job.input_filename
        url = self.files.presign_get(job.input_key, path)
        return JobFile("input", "Input", path, job.input_size_bytes, url)

    def read_logs(self, job: Job, attempt: int | None, token: str | None, *, tail: int | None = None) -> AttemptLogPage:
        """Read the log of an attempt's container; empty before there is one.

        Parameters
        ----------
        job
            The job.
        attempt
            Number of the attempt. None: the current one; tokens then continue with the attempts that follow it.
        token
            From an earlier page.
        tail
            Read the last lines instead of the first ones, at most this number. A token then continues after them.

        Raises
        ------
        NotFoundError
            If the job has not had such an attempt, or has no record of its container.
        InvalidRequestError
            If the token is not one of this log.
        """
        _check_attempt(job, attempt)
        number, stored_token = _read_token(token, attempt) if token else (attempt or job.attempt, None)
        tasks = {each.number: each.task_arn for each in attempts_of(job) if each.task_arn}
        if attempt and attempt not in tasks and attempt < job.attempt:
            raise NotFoundError(
                f"There is no log of attempt {attempt} of job {job.job_id}: it had no container, or is not on record any more."
            )
        page = self.logs.page(tasks[number], stored_token, tail=tail) if number in tasks else LogPage((), None)
        is_end = not page.events and page.next_token in (None, stored_token)
        later = min((each for each in tasks if each > number), default=None)
        if is_end and later and not attempt:
            return AttemptLogPage(number, LogPage((), _make_token(later, "")))
        return AttemptLogPage(number, replace(page, next_token=_make_token(number, page.next_token)))


def _prefix(job: Job, attempt: int) -> str:
    return output_prefix(replace(job.run_id, attempt=attempt))


def _check_attempt(job: Job, attempt: int | None) -> None:
    if attempt is not None and attempt > job.attempt:
        last = f"its last attempt is {job.attempt}" if job.attempt else "it has not had an attempt yet"
        raise NotFoundError(f"Job {job.job_id} has no attempt {attempt}: {last}.")


def _make_token(attempt: int, token: str | None) -> str | None:
    return None if token is None else f"{attempt}.{token}"


def _read_token(token: str, attempt: int | None) -> tuple[int, str | None]:
    """Return the attempt that a token names, and AWS's token, which is None at the beginning."""
    match = _TOKEN.fullmatch(token)
    if match is None or attempt not in (None, int(match[1])):
        raise InvalidRequestError.for_unknown_token()
    return int(match[1]), match[2] or None
