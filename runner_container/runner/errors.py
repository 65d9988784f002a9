"""Every error of the runner.

RunnerError
├── SettingsError          the container was started without what it needs: exit code 2
├── RunRevokedError        the run no longer belongs to this container: exit code 20
├── UnreachableError       the service did not respond for too long; before the work order: exit code 21, connection lost
│   └── BusyError              it responded, but with "later": 429 or 5xx
├── RefusedError           the service refused a request that the protocol allows
├── TransferError          a download from or an upload to a presigned URL failed
├── StopRequestedError     the run has to end early; the watchdog knows why
└── RunProblemError        the run ends here, with an outcome of its own
"""

from runner.exit_codes import Code

__all__ = [
    "BusyError",
    "RefusedError",
    "RunProblemError",
    "RunRevokedError",
    "RunnerError",
    "SettingsError",
    "StopRequestedError",
    "TransferError",
    "UnreachableError",
]


class RunnerError(Exception):
    """The base of all errors of the runner."""


class SettingsError(RunnerError):
    """A variable that the container must be started with is missing or wrong."""


class RunRevokedError(RunnerError):
    """The service responded 404, 409 or 410: another container has the run, or it is over."""


class UnreachableError(RunnerError):
    """There was no usable response from the service for as long as the runner may wait."""


class BusyError(UnreachableError):
    """The service responded that it cannot serve the request now. It is reachable, so a later attempt may succeed.

    Parameters
    ----------
    message
        The response.
    retry_after_seconds
        How long to wait according to the service; 0 if it does not say.
    """

    def __init__(self, message: str, retry_after_seconds: float = 0) -> None:
        super().__init__(message)
        self.retry_after_seconds = retry_after_seconds


class RefusedError(RunnerError):
    """The service responded with a status that a retry cannot change.

    Parameters
    ----------
    message
        What was refused, and the response.
    status
        The HTTP status.
    """

    def __init__(self, message: str, status: int) -> None:
        super().__init__(message)
        self.status = status


class TransferError(RunnerError):
    """A download from or an upload to a presigned URL failed.

    Parameters
    ----------
    message
        Which transfer, and why.
    status
        The HTTP status of the last response; None if there was none.
    """

    def __init__(self, message: str, status: int | None = None) -> None:
        super().__init__(message)
        self.status = status


class StopRequestedError(RunnerError):
    """Raised at the next safe point after a stop, a timeout or SIGTERM."""


class RunProblemError(RunnerError):
    """The run cannot continue; it ends with the outcome that this error carries.

    Parameters
    ----------
    code
        The outcome's code.
    message
        What is wrong and what to do, for the owner of the job.
    """

    def __init__(self, code: Code, message: str) -> None:
        super().__init__(message)
        self.code = code
