"""How compute types are shown: the panel shows their names in its form only, and never which one a job ran on.

A name is shown with its size, and an environment with the compute type. Names contain no spaces, so what the panel or a program
sends back can be told apart from the name.
"""

from collections.abc import Mapping
from typing import Any, Final

__all__ = ["environment_with_compute_type", "plain_names", "with_size"]

_START: Final = " ("

_FIELDS: Final = ("compute_type", "runtime_environment_name")


def with_size(name: str, sizes: Mapping[str, str]) -> str:
    """Return a compute type for the form, such as `small (1 vCPU, 4 GiB)`; only its name if an older service states no sizes."""
    return f"{name}{_START}{sizes[name]})" if sizes.get(name) else name


def environment_with_compute_type(document: Mapping[str, Any]) -> Any:
    """Return the environment of a job or a definition for the panel's details, such as `python (small)`, and whether a job ran on Spot."""
    environment, compute_type = (document.get(name) for name in ("runtime_environment_name", "compute_type"))
    if not (isinstance(environment, str) and isinstance(compute_type, str) and compute_type):
        return environment
    return f"{environment}{_START}{compute_type}{', on Spot' if document.get('on_spot') is True else ''})"


def plain_names(fields: Mapping[str, Any]) -> dict[str, Any]:
    """Return the fields of a request with the names alone, as the service knows them."""
    shown = {name: fields[name] for name in _FIELDS if isinstance(fields.get(name), str)}
    return {**fields, **{name: value.partition(_START)[0] for name, value in shown.items()}}
