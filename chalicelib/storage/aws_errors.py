"""Errors of AWS: botocore and pynamodb raise them, and only this package knows them; callers get `AwsError`."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from inspect import isfunction, isgeneratorfunction
from typing import Any, Final, TypeVar

from botocore.exceptions import BotoCoreError, ClientError
from pynamodb.exceptions import PynamoDBException, TransactWriteError

from chalicelib.errors import AwsError, AwsThrottledError

__all__ = ["CONDITION_FAILED", "aws_errors", "error_code", "raises_aws_errors", "to_aws_error"]

CONDITION_FAILED: Final = "ConditionalCheckFailedException"
"""DynamoDB's error code when the condition of a single write does not hold."""

_THROTTLED: Final = frozenset(
    {
        "LimitExceededException",
        "ProvisionedThroughputExceeded",
        "ProvisionedThroughputExceededException",
        "RequestLimitExceeded",
        "SlowDown",
        "ThrottlingError",
        "ThrottlingException",
        "TooManyRequestsException",
        "TransactionConflict",
        "TransactionConflictException",
        "TransactionInProgressException",
    }
)
"""Error codes after which the same call may succeed in a moment."""

_Store = TypeVar("_Store")


def error_code(error: ClientError | PynamoDBException) -> str:
    """Return the error code of AWS's response; empty if there was no response."""
    cause = error.cause if isinstance(error, PynamoDBException) else error
    response = getattr(cause, "response", None) or {}
    return str(response.get("Error", {}).get("Code", ""))


def to_aws_error(error: Exception) -> AwsError:
    """Describe why a call of AWS failed: by AWS's response, or without one by the type of the error."""
    code, message = _code_and_message(error)
    return AwsThrottledError(code, message) if code in _THROTTLED else AwsError(code, message)


def _code_and_message(error: Exception) -> tuple[str, str]:
    if isinstance(error, TransactWriteError):
        for reason in error.cancellation_reasons:
            if reason is not None:
                return reason.code, reason.message or ""
    cause = (error.cause if isinstance(error, PynamoDBException) else error) or error
    if isinstance(cause, ClientError):
        described = cause.response["Error"]
        return described.get("Code", ""), described.get("Message", "")
    return type(cause).__name__, str(cause)


@contextmanager
def aws_errors() -> Iterator[None]:
    """Raise errors of botocore and pynamodb as `AwsError`."""
    try:
        yield
    except (BotoCoreError, ClientError, PynamoDBException) as error:
        raise to_aws_error(error) from error


def raises_aws_errors(store: type[_Store]) -> type[_Store]:
    """Make every public method of a store raise `AwsError` where a call of AWS fails."""
    for name, member in list(vars(store).items()):
        if isfunction(member) and not name.startswith("_"):
            setattr(store, name, _translated(member))
    return store


def _translated(method: Callable[..., Any]) -> Callable[..., Any]:
    if not isgeneratorfunction(method):
        return aws_errors()(method)

    @wraps(method)
    def generate(*args: Any, **kwargs: Any) -> Iterator[Any]:
        with aws_errors():
            yield from method(*args, **kwargs)

    return generate
