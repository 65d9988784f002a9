"""The time that a job is for, in templates of parameters and as environment variables of the notebook.

A job that runs late, or again after midnight, computes wrong days from the clock. Its scheduled time stays the same in every attempt.
"""

import re
from collections.abc import Mapping
from datetime import UTC, datetime, tzinfo
from typing import Final
from zoneinfo import ZoneInfo

from chalicelib.domain.job import Job
from chalicelib.domain.parameters import parse_parameter

__all__ = ["describe_template_problem", "resolve_templates", "run_variables"]

_TEMPLATE: Final = re.compile(r"\{\{\s*scheduled_time\s*(?::([^{}]*))?\}\}")
_DIRECTIVE: Final = re.compile(r"%-?(.?)", re.DOTALL)
_DIRECTIVES: Final = "YymdBbAaHIpMSjGVuUWZzFT%"
"""Directives of strftime that mean the same on every Linux. `-` before one leaves out a leading zero (glibc)."""
_MAX_FORMAT_CHARACTERS: Final = 40
"""So that a parameter cannot grow beyond what a record can hold."""


def describe_template_problem(text: str) -> str | None:
    """Return why the templates in a parameter are refused, or None."""
    for template in _TEMPLATE.finditer(text):
        time_format = (template[1] or "").strip()
        if len(time_format) > _MAX_FORMAT_CHARACTERS:
            return f"the format in {template[0]} has more than {_MAX_FORMAT_CHARACTERS} characters"
        for directive in _DIRECTIVE.finditer(time_format):
            if not directive[1] or directive[1] not in _DIRECTIVES:
                known = " ".join(f"%{letter}" for letter in _DIRECTIVES)
                return f"{directive[0]} in {template[0]} is not a directive of a time format; use {known}"
    return None


def resolve_templates(parameters: Mapping[str, str], scheduled_time: datetime, timezone: str | None) -> dict[str, str]:
    """Replace `{{ scheduled_time:FORMAT }}` in parameters.

    A parameter that is text with the template in it stays text, also if the result looks like a number: `%m` is always text, not sometimes
    the number 11 and sometimes the text 09.

    Parameters
    ----------
    parameters
        Texts of parameters, which `describe_template_problem` accepts.
    scheduled_time
        The time that the job is for.
    timezone
        The IANA name of the zone that the time is written in; None for UTC.

    Returns
    -------
        All parameters. A template without a format becomes the time in ISO 8601.
    """
    if not any(map(_TEMPLATE.search, parameters.values())):
        return dict(parameters)
    local = scheduled_time.astimezone(_zone(timezone))
    return {name: _resolve(text, local) for name, text in parameters.items()}


def run_variables(job: Job) -> dict[str, str]:
    """Return the environment variables that tell a notebook which run it is."""
    variables = {"JOB_ID": job.job_id, "ATTEMPT": str(job.attempt)}
    if job.job_definition_id:
        variables["DEFINITION_ID"] = job.job_definition_id
    if job.scheduled_time:
        variables["SCHEDULED_TIME"] = _iso(job.scheduled_time.astimezone(_zone(job.timezone)))
        variables["TIMEZONE"] = job.timezone or "UTC"
    if job.last_success:
        variables["LAST_SUCCESS"] = _iso(job.last_success.astimezone(_zone(job.timezone)))
    return {f"JUPYTER_SCHEDULER_{name}": value for name, value in variables.items()}


def _resolve(text: str, local: datetime) -> str:
    def write(template: re.Match[str]) -> str:
        time_format = (template[1] or "").strip()
        return local.strftime(time_format) if time_format else _iso(local)

    resolved = _TEMPLATE.sub(write, text)
    if resolved == text or not isinstance(parse_parameter(text), str) or isinstance(parse_parameter(resolved), str):
        return resolved
    return repr(resolved)


def _iso(local: datetime) -> str:
    return local.isoformat(timespec="seconds")


def _zone(name: str | None) -> tzinfo:
    return ZoneInfo(name) if name else UTC
