"""What AWS said behind an error of pynamodb."""

from pynamodb.exceptions import PynamoDBException

__all__ = ["cause_code"]


def cause_code(error: PynamoDBException) -> str | None:
    """Give the code that AWS refused a call with; None if no answer came: pynamodb's own property fails there."""
    response = getattr(error.cause, "response", None) or {}
    code = response.get("Error", {}).get("Code")
    return str(code) if code else None
