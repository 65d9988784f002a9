"""A runner's report of how its attempt ended: the body of `POST …/report`, and of the result object beside the outputs."""

from typing import Annotated, Final

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError, field_validator

from chalicelib.domain.attempt_result import AttemptResult, make_warning
from chalicelib.domain.outcome import RUNNER_CODES, make_outcome

__all__ = ["MAX_RESULT_BYTES", "ReportBody", "parse_result"]

MAX_RESULT_BYTES: Final = 256 * 1024
"""Largest result object: as large as the body of a request may be."""


class _Body(BaseModel):
    model_config = ConfigDict(extra="ignore", strict=True, defer_build=True)


class OutcomeBody(_Body):
    """How a run ended."""

    code: str
    message: str = ""
    cell: Annotated[int, Field(ge=1)] | None = None
    error_name: str | None = None

    @field_validator("code")
    @classmethod
    def _is_a_runners(cls, value: str) -> str:
        if value not in RUNNER_CODES:
            raise ValueError(f"{value!r} is not an outcome that a runner reports")
        return value


class WarningBody(_Body):
    """Something that a person would want to know although it did not decide how the run ended."""

    code: Annotated[str, StringConstraints(pattern=r"^[a-z][a-z_]{0,49}$")]
    message: str
    names: list[str] = Field(default=[], max_length=100)
    count: Annotated[int, Field(ge=0)] = 0


class ReportBody(_Body):
    """How a run ended, and what a person would want to know about it."""

    outcome: OutcomeBody
    warnings: list[WarningBody] = Field(default=[], max_length=100)
    files_count: Annotated[int, Field(ge=0)] | None = None
    files_bytes: Annotated[int, Field(ge=0)] | None = None

    def to_result(self) -> AttemptResult:
        """Return the result for the service."""
        return AttemptResult(
            make_outcome(**self.outcome.model_dump()),
            tuple(make_warning(**warning.model_dump()) for warning in self.warnings),
            self.files_count,
            self.files_bytes,
        )


def parse_result(data: bytes) -> AttemptResult | None:
    """Parse a result object; None if it is not a report, because a runner of another version or a mistake has written it."""
    try:
        return ReportBody.model_validate_json(data).to_result()
    except (ValidationError, UnicodeError):
        return None
