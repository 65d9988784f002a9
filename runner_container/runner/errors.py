"""Every error of the runner.

RunnerError
├── SettingsError          the container was started without what it needs: exit code 2
├── NotMyRunError          the run is no longer this container's: exit code 20
├── UnreachableError       the service did not answer for too long: exit code 21
│   └── BusyError              it answered, but with "later": 429 or 5xx
├── RefusedError           the service refused a request that the protocol allows
├── TransferError          bytes could not be moved to or from a presigned address
├── StopRequestedError     the run has to end early; the control knows why
└── RunProblemError        the run ends here, with an outcome of its own
"""

from runner.outcomes import Code

__all__ = [
    "BusyError",
    "NotMyRunError",
    "RefusedError",
    "RunProblemError",
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


class NotMyRunError(RunnerError):
    """The service answered 404, 409 or 410: another container has the run, or it is over."""


class UnreachableError(RunnerError):
    """The service gave no usable answer for as long as the runner may wait."""


class BusyError(UnreachableError):
    """The service answered that it cannot serve the request now: it is there, so this is no silence.

    Parameters
    ----------
    message
        What the service said.
    retry_after_seconds
        How long it asks to wait; 0 if it does not say.
    """

    def __init__(self, message: str, retry_after_seconds: float = 0) -> None:
        super().__init__(message)
        self.retry_after_seconds = retry_after_seconds


class RefusedError(RunnerError):
    """The service answered with a status that repeating cannot change.

    Parameters
    ----------
    message
        What was refused, and the service's own words.
    status
        The HTTP status.
    """

    def __init__(self, message: str, status: int) -> None:
        super().__init__(message)
        self.status = status


class TransferError(RunnerError):
    """A download or upload at a presigned address failed for good.

    Parameters
    ----------
    message
        Which transfer, and why.
    status
        The HTTP status of the last answer; None where there was none.
    """

    def __init__(self, message: str, status: int | None = None) -> None:
        super().__init__(message)
        self.status = status


class StopRequestedError(RunnerError):
    """Raised at the next safe place after a stop, a time-out or SIGTERM."""


class RunProblemError(RunnerError):
    """The run cannot go on; it ends with the outcome that this error carries.

    Parameters
    ----------
    code
        The outcome's code.
    message
        What is wrong and what to do, for the person whose job it is.
    """

    def __init__(self, code: Code, message: str) -> None:
        super().__init__(message)
        self.code = code
