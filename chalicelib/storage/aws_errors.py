"""What AWS said behind an error."""

from botocore.exceptions import ClientError
from pynamodb.exceptions import PynamoDBException, TransactWriteError

from chalicelib.domain.definitions.problem import Failure

__all__ = ["cause_code", "describe_failure"]


def cause_code(error: PynamoDBException) -> str | None:
    """Give the code that AWS refused a call with; None if no answer came: pynamodb's own property fails there."""
    response = getattr(error.cause, "response", None) or {}
    code = response.get("Error", {}).get("Code")
    return str(code) if code else None


def describe_failure(error: Exception) -> Failure:
    """Describe why a call of AWS failed; where no answer came, by the kind of error."""
    if isinstance(error, TransactWriteError):
        for reason in error.cancellation_reasons:
            if reason is not None:
                return Failure(reason.code, reason.message or "")
    cause = error.cause if isinstance(error, PynamoDBException) else error
    if isinstance(cause, ClientError):
        described = cause.response["Error"]
        return Failure(described.get("Code", ""), described.get("Message", ""))
    return Failure(type(cause or error).__name__, str(cause or error))
