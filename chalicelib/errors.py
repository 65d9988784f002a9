"""Every error that crosses a layer. `routes/responses.py` turns those with a status into answers.

SchedulerError
├── RequestError                    what a caller did; carries status and code
│   ├── InvalidRequestError         400 a field, a filter or a token is not what it must be
│   │   └── CrontabError                a crontab or its time zone is not understood, or never fires
│   ├── NotAuthenticatedError       401 no verified identity came with the request
│   ├── NotAllowedError             403 verified, but not for this; or no runner
│   │   └── OwnerDisabledError          an admin has disabled the owner
│   ├── NotFoundError               404 there is no such thing, or it is somebody else's
│   ├── ConflictError               409 it exists, but in a state that does not allow this
│   │   ├── IdempotencyTokenError       the token was used for a different request
│   │   ├── LimitReachedError           the owner has as many of these as the operator allows
│   │   └── NotYourRunError             the run belongs to another container, or has ended
│   ├── TooLargeError               413 a body, a notebook or a folder over its limit
│   ├── UnprocessableError          422 well-formed, but it cannot be run
│   ├── TooManyRequestsError        429 AWS asked to slow down
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
    """Root of the tree."""


class RequestError(SchedulerError):
    """What a caller did, said so that they know what, which and what next."""

    status: ClassVar[int] = 400
    """HTTP status of the answer."""

    code: ClassVar[str] = "bad_request"
    """What a program can compare."""

    def __init__(self, message: str, *, reason: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.reason = reason


class InvalidRequestError(RequestError):
    """A field, a filter or a token is not what it must be."""

    code = "invalid_request"

    @classmethod
    def for_field(cls, field: str, problem: str) -> Self:
        """Name the field and what is wrong with it."""
        return cls(f"{field}: {problem}", reason=field)

    @classmethod
    def for_unknown_token(cls) -> Self:
        """Say that a list cannot go on from a `next_token`."""
        return cls.for_field("next_token", "it is not a token that this API gave out; start again without it.")


class CrontabError(InvalidRequestError):
    """A crontab or its time zone is not understood, or never fires; `reason` names the crontab's field."""

    code = "invalid_crontab"


class NotAuthenticatedError(RequestError):
    """No verified identity came with the request."""

    status = 401
    code = "not_authenticated"


class NotAllowedError(RequestError):
    """Verified, but not for this."""

    status = 403
    code = "not_allowed"

    @classmethod
    def for_runner(cls) -> Self:
        """Refuse whoever is no runner of the run, without a word about the run."""
        return cls("This is for the run's own container.")


class OwnerDisabledError(NotAllowedError):
    """An admin has disabled the owner."""

    code = "owner_disabled"


class NotFoundError(RequestError):
    """There is no such thing, or it is somebody else's: the answer does not tell which."""

    status = 404
    code = "not_found"

    @classmethod
    def for_job(cls, job_id: str) -> Self:
        """Say that there is no such job."""
        return cls(f"There is no job {job_id} of yours. It may have been deleted, or have passed its retention time.")

    @classmethod
    def for_definition(cls, definition_id: str) -> Self:
        """Say that there is no such definition."""
        return cls(f"There is no job definition {definition_id} of yours. It may have been deleted.")

    @classmethod
    def for_owner(cls, owner_id: str) -> Self:
        """Say that there is no such owner."""
        return cls(f"There is no owner {owner_id}. GET /scheduler/owners lists everybody who has created something.")


class ConflictError(RequestError):
    """It exists, but in a state that does not allow this."""

    status = 409
    code = "conflict"


class IdempotencyTokenError(ConflictError):
    """The token was used for a different request."""

    code = "idempotency_token_reused"

    @classmethod
    def for_token(cls, token: str) -> Self:
        """Name the token."""
        return cls(
            f"The idempotency token {token!r} was used for a different request. Choose another token, or send the same request again."
        )


class LimitReachedError(ConflictError):
    """The owner has as many of these as the operator allows. Not 429: the same request succeeds only when one of them is gone."""

    code = "limit_reached"


class NotYourRunError(ConflictError):
    """The run belongs to another container, or has ended."""

    code = "not_your_run"


class TooLargeError(RequestError):
    """A body, a notebook or a folder over its limit."""

    status = 413
    code = "too_large"


class UnprocessableError(RequestError):
    """Well-formed, but it cannot be run."""

    status = 422
    code = "cannot_be_run"


class TooManyRequestsError(RequestError):
    """AWS asked to slow down."""

    status = 429
    code = "too_many_requests"


class CopyTimeoutError(RequestError):
    """S3 took too long to copy a large snapshot; nothing was stored."""

    status = 503
    code = "copy_timeout"

    @classmethod
    def for_size(cls, size_bytes: int, time_limit: timedelta) -> Self:
        """Name the size and the limit."""
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
    """The deployment lacks something that it must have."""


class LaunchError(SchedulerError):
    """A container could not be started.

    Parameters
    ----------
    outcome_code
        Which outcome of `domain.outcome` this is.
    detail
        What is wrong, what to do, and what ECS said.
    """

    def __init__(self, outcome_code: str, detail: str) -> None:
        super().__init__(detail)
        self.outcome_code = outcome_code
        self.detail = detail
