"""Check that the installed MiniStack has the private functions that the local cloud patches, before it patches any."""

import importlib
import importlib.metadata
import inspect
from collections.abc import Mapping
from operator import attrgetter
from types import ModuleType
from typing import Final

__all__ = ["PINNED_VERSION", "EmulatorMismatchError", "require"]

PINNED_VERSION: Final = "1.5.33"
"""The only version of MiniStack that the patches are tested with; `pyproject.toml` pins the same."""


class EmulatorMismatchError(RuntimeError):
    """The installed MiniStack is not the version that the local cloud patches."""


def require(required: Mapping[str, Mapping[str, tuple[str, ...] | None]]) -> dict[str, ModuleType]:
    """Import modules of MiniStack and check that they have the required names.

    Parameters
    ----------
    required
        Module, name, and the first parameters of a function.

    Raises
    ------
    EmulatorMismatchError
        If a name is missing; the message lists all that are.
    """
    modules = {name: importlib.import_module(name) for name in required}
    missing = [
        f"{module}.{name}{'' if parameters is None else '(' + ', '.join(parameters) + ')'}"
        for module, names in required.items()
        for name, parameters in names.items()
        if not _has(modules[module], name, parameters)
    ]
    if missing:
        version = importlib.metadata.version("ministack")
        raise EmulatorMismatchError(
            f"MiniStack {version} lacks {', '.join(missing)}; the local cloud needs MiniStack {PINNED_VERSION}. "
            "Run `make init` to install it."
        )
    return modules


def _has(module: ModuleType, name: str, parameters: tuple[str, ...] | None) -> bool:
    try:
        found = attrgetter(name)(module)
    except AttributeError:
        return False
    return parameters is None or tuple(inspect.signature(found).parameters)[: len(parameters)] == parameters
