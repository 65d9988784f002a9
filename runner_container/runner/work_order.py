"""The work order: what to run, as the service returns it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

from runner.errors import RunnerError

__all__ = ["Limits", "WorkOrder"]


@dataclass(frozen=True, kw_only=True)
class Limits:
    """Limits on the input and the outputs of one run."""

    max_unpacked_bytes: int
    max_unpacked_files: int
    max_output_bytes: int
    max_output_files: int


@dataclass(frozen=True, kw_only=True)
class WorkOrder:
    """The response of `GET /work-order` (docs/runner-protocol.md)."""

    job_id: str
    attempt: int
    input_url: str
    filename: str
    """The basename of the notebook; with `packaged`, its name at the root of the zip."""
    packaged: bool
    size_bytes: int
    parameters: Mapping[str, str]
    variables: Mapping[str, str]
    """Environment variables of the kernel: which run it is."""
    environment: str
    kernel: str | None
    """The environment's kernel, for notebooks that name none or one that is not installed; may be None."""
    output_formats: tuple[str, ...]
    output_stem: str
    timeout_seconds: float
    heartbeat_seconds: float
    finish_seconds: float
    """How long the runner may convert, upload and report after the maximum run time."""
    result_form: Mapping[str, Any]
    """A presigned form for the result object: a URL, and fields to send before the file."""
    limits: Limits

    @classmethod
    def from_json(cls, body: Mapping[str, Any]) -> Self:
        """Read the response of the service.

        Raises
        ------
        RunnerError
            If a field is missing or has another type.
        """
        try:
            return cls._read(body)
        except (KeyError, TypeError, ValueError) as error:
            raise RunnerError(
                f"the work order cannot be read: {error!r}; the service and the image may have different versions"
            ) from error

    @classmethod
    def _read(cls, body: Mapping[str, Any]) -> Self:
        input_, limits = body["input"], body["limits"]
        return cls(
            job_id=str(body["job_id"]),
            attempt=int(body["attempt"]),
            input_url=str(input_["url"]),
            filename=str(input_["filename"]),
            packaged=bool(input_["packaged"]),
            size_bytes=int(input_["size_bytes"]),
            parameters={str(name): str(value) for name, value in (body.get("parameters") or {}).items()},
            variables={str(name): str(value) for name, value in (body.get("variables") or {}).items()},
            environment=str(body["environment"]["name"]),
            kernel=body["environment"].get("kernel") or None,
            output_formats=tuple(body["output_formats"]),
            output_stem=str(body["output_stem"]),
            timeout_seconds=float(body["timeout_seconds"]),
            heartbeat_seconds=float(body["heartbeat_seconds"]),
            finish_seconds=float(body["finish_seconds"]),
            result_form=dict(body["result_form"]),
            limits=Limits(**{name: int(limits[name]) for name in Limits.__dataclass_fields__}),
        )
