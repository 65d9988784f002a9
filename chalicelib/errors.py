"""Every error that crosses a layer. `routes/error_responses.py` maps them to HTTP responses.

SchedulerError
├── RequestError                    the request cannot be carried out; has a status and a code
│   ├── InvalidRequestError         400 a field, a filter or a token is not valid
│   │   └── CrontabError                a crontab or its time zone is not valid, or never fires
│   ├── NotAuthenticatedError       401 the request has no verified identity
│   ├── NotAllowedError             403 the caller is verified but may not do this, or is not a runner
│   │   └── OwnerDisabledError          an admin has disabled the owner
│   ├── NotFoundError               404 it does not exist, or belongs to somebody else
│   ├── ConflictError               409 its state does not allow this
│   │   ├── IdempotencyTokenError       the token was used before, and cannot be used again
│   │   ├── LimitReachedError           the owner has as many as the operator allows
│   │   └── NotYourRunError             the run belongs to another container, or has ended
│   ├── TooLargeError               413 a body, a notebook or a folder exceeds its limit
│   ├── UnprocessableError          422 the snapshot cannot run
│   ├── TooManyRequestsError        429 AWS throttles the requests
│   └── CopyTimeoutError            503 S3 took too long to copy a large snapshot
├── AwsError                        AWS refused a call, failed, or did not respond; carries AWS's code and message
│   └── AwsThrottledError               AWS asks to slow down
├── ConfigurationError              the deployment lacks something
└── LaunchError                     a container could not be started; carries an outcome code
"""

from datetime import timedelta
from typing import ClassVar, Self

__all__ = [
    "AwsError",
    "AwsThrottledError",
    "ConfigurationError",
    "ConflictError",
    "CopyTimeoutError",
    "CrontabError",
    "IdempotencyTokenError",
    "InvalidRequestError",
    "LaunchError",
    "LimitReachedError",
    "NotAllowedError",
    "NotAuthenticatedError",
    "NotFoundError",
    "NotYourRunError",
    "OwnerDisabledError",
    "RequestError",
    "SchedulerError",
    "TooLargeError",
    "TooManyRequestsError",
    "UnprocessableError",
]


class SchedulerError(Exception):
    """The base class of all errors."""


class RequestError(SchedulerError):
    """A request that cannot be carried out. The message explains what is wrong and what to do."""

    status: ClassVar[int] = 400
    """HTTP status of the response."""

    code: ClassVar[str] = "bad_request"
    """The kind of error, for programs."""

    def __init__(self, message: str, *, reason: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.reason = reason


class InvalidRequestError(RequestError):
    """A field, a filter or a token is not valid."""

    code = "invalid_request"

    @classmethod
    def for_field(cls, field: str, problem: str) -> Self:
        """Make an error that names the field and its problem."""
        return cls(f"{field}: {problem}", reason=field)

    @classmethod
    def for_unknown_token(cls) -> Self:
        """Make an error for a `next_token` that is not valid."""
        return cls.for_field("next_token", "it is not a token of this API; start again without it.")


class CrontabError(InvalidRequestError):
    """A crontab or its time zone is not valid, or never fires. `reason` is the name of the crontab's field."""

    code = "invalid_crontab"


class NotAuthenticatedError(RequestError):
    """The request has no verified identity."""

    status = 401
    code = "not_authenticated"


class NotAllowedError(RequestError):
    """The caller is verified but may not do this."""

    status = 403
    code = "not_allowed"

    @classmethod
    def for_runner(cls) -> Self:
        """Make an error for a caller that is not the runner of a run. It reveals nothing about the run."""
        return cls("Only the container of this run may call this route.")


class OwnerDisabledError(NotAllowedError):
    """An admin has disabled the owner."""

    code = "owner_disabled"


class NotFoundError(RequestError):
    """It does not exist, or belongs to somebody else. The response does not reveal which."""

    status = 404
    code = "not_found"

    @classmethod
    def for_job(cls, job_id: str) -> Self:
        """Make an error for a job."""
        return cls(
            f"You have no job {job_id}. It may have been deleted, by somebody or at the end of its retention time."
        )

    @classmethod
    def for_definition(cls, definition_id: str) -> Self:
        """Make an error for a definition."""
        return cls(f"You have no job definition {definition_id}. It may have been deleted.")

    @classmethod
    def for_owner(cls, owner_id: str) -> Self:
        """Make an error for an owner."""
        return cls(f"There is no owner {owner_id}. GET /scheduler/owners lists everybody who has created something.")


class ConflictError(RequestError):
    """The state of the resource does not allow this."""

    status = 409
    code = "conflict"


class IdempotencyTokenError(ConflictError):
    """The token was used for a different request, or what it created was deleted."""

    code = "idempotency_token_reused"

    @classmethod
    def for_token(cls, token: str) -> Self:
        """Make an error that names the token."""
        return cls(
            f"The idempotency token {token!r} was used for a different request. Choose another token, or send the same request again."
        )

    @classmethod
    def for_deleted(cls, token: str, made_id: str) -> Self:
        """Make an error that names the token, and what it created."""
        return cls(
            f"The idempotency token {token!r} has created {made_id}, which was deleted since. Choose another token to create it again."
        )


class LimitReachedError(ConflictError):
    """The owner has as many as the operator allows. Not 429, because a retry succeeds only after one of them is gone."""

    code = "limit_reached"


class NotYourRunError(ConflictError):
    """The run belongs to another container, or has ended."""

    code = "not_your_run"


class TooLargeError(RequestError):
    """A body, a notebook or a folder exceeds its limit."""

    status = 413
    code = "too_large"


class UnprocessableError(RequestError):
    """The snapshot cannot run."""

    status = 422
    code = "cannot_be_run"


class TooManyRequestsError(RequestError):
    """AWS throttles the requests."""

    status = 429
    code = "too_many_requests"


class CopyTimeoutError(RequestError):
    """S3 took too long to copy a large snapshot. Nothing was stored."""

    status = 503
    code = "copy_timeout"

    @classmethod
    def for_size(cls, size_bytes: int, time_limit: timedelta) -> Self:
        """Make an error that names the size and the time limit."""
        return cls(
            f"S3 did not copy the snapshot of {size_bytes:,} bytes within {time_limit.total_seconds():.0f} s. Nothing was stored."
            " Send the same request again, or make the folder smaller."
        )


class AwsError(SchedulerError):
    """AWS refused a call, failed, or did not respond.

    Parameters
    ----------
    code
        AWS's error code; the name of the exception if there was no response.
    message
        AWS's message.
    """

    def __init__(self, code: str, message: str) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message


class AwsThrottledError(AwsError):
    """AWS asks to slow down: the same call may succeed in a moment."""


class ConfigurationError(SchedulerError):
    """The deployment is not configured correctly."""


class LaunchError(SchedulerError):
    """A container could not be started.

    Parameters
    ----------
    outcome_code
        The value of an `OutcomeCode`.
    detail
        What is wrong, what to do, and what ECS returned.
    """

    def __init__(self, outcome_code: str, detail: str) -> None:
        super().__init__(detail)
        self.outcome_code = outcome_code
        self.detail = detail
