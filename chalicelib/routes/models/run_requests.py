"""Wire models of runners' requests; see docs/runner-protocol.md."""

import re
from typing import Annotated, Final, Literal

from pydantic import Field, StringConstraints, field_validator

from chalicelib.config import OUTPUT_FORMATS
from chalicelib.domain.identifiers import RunId
from chalicelib.domain.job import Phase, PhaseCode
from chalicelib.domain.output_budget import OutputFile
from chalicelib.domain.runner_identity import CheckIn
from chalicelib.routes.models.job_requests import relative_path
from chalicelib.routes.models.request_fields import Body

__all__ = ["CheckInBody", "HeartbeatBody", "OutputUrlsBody"]

_MAX_PATH_BYTES: Final = 700
"""Longest path of an output: an S3 key has at most 1,024 bytes, and starts with the job's prefix."""

Proof = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
"""An HMAC-SHA256 in hexadecimal digits."""


class CheckInBody(Body):
    """`POST …/check-in`."""

    instance_id: Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{32}$")]
    launch: Annotated[int, Field(ge=1, le=1_000_000)]
    key_proof: Proof
    code_proof: Proof

    def to_check_in(self, run_id: RunId) -> CheckIn:
        """Return the check-in for the service."""
        return CheckIn(run_id=run_id, **self.model_dump())


class HeartbeatBody(Body):
    """`POST …/heartbeat`."""

    phase: Literal["starting_kernel", "running", "converting", "uploading"]
    cell: Annotated[int, Field(ge=0)] | None = None
    cells: Annotated[int, Field(ge=0)] | None = None
    connected_seconds: Annotated[int, Field(ge=0)] = 0
    """For how long every heartbeat has been answered [s]."""
    result_form: bool = False
    """Whether the runner needs another form for its result object."""

    def to_phase(self) -> Phase:
        """Return the phase for the service."""
        return Phase(PhaseCode(self.phase), cell=self.cell, cells=self.cells)


class OutputFileBody(Body):
    """One output to upload."""

    format: str
    path: str
    size_bytes: Annotated[int, Field(ge=0)]
    content_type: Annotated[str, StringConstraints(pattern=r"^[\w.+-]+/[\w.+-]+(; ?charset=[\w-]+)?$")] | None = None

    @field_validator("format")
    @classmethod
    def _is_known(cls, value: str) -> str:
        if value != "files" and value not in OUTPUT_FORMATS:
            raise ValueError(f"{value!r} is not an output format")
        return value

    @field_validator("path")
    @classmethod
    def _is_relative(cls, value: str) -> str:
        if not value or len(value.encode()) > _MAX_PATH_BYTES or re.search(r"[\x00-\x1f\x7f\\]", value):
            raise ValueError("a path has 1 to 700 bytes, without control characters and backslashes")
        return relative_path(value)


class OutputUrlsBody(Body):
    """`POST …/output-urls`."""

    files: list[OutputFileBody] = Field(min_length=1, max_length=100)

    def to_files(self) -> list[OutputFile]:
        """Return the files for the service."""
        return [OutputFile(file.format, file.path, file.size_bytes, file.content_type) for file in self.files]
