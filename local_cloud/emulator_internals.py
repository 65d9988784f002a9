"""MiniStack's private parts are taken through here, so that another MiniStack is refused before anything is replaced in it."""

import importlib
import importlib.metadata
import inspect
from collections.abc import Mapping
from types import ModuleType
from typing import Final

__all__ = ["PINNED_VERSION", "EmulatorMismatchError", "require"]

PINNED_VERSION: Final = "1.5.33"
"""The only MiniStack version that all of this was tried with; `pyproject.toml` pins the same."""


class EmulatorMismatchError(RuntimeError):
    """The installed MiniStack is not the one that the local cloud was written for."""


def require(needed: Mapping[str, Mapping[str, tuple[str, ...] | None]]) -> dict[str, ModuleType]:
    """Import modules of MiniStack that have what is needed of them.

    Parameters
    ----------
    needed
        Module, name, and the first parameters where it is a function.

    Raises
    ------
    EmulatorMismatchError
        If something is missing, naming each.
    """
    modules = {name: importlib.import_module(name) for name in needed}
    missing = [
        f"{module}.{name}{'' if parameters is None else '(' + ', '.join(parameters) + ')'}"
        for module, names in needed.items()
        for name, parameters in names.items()
        if not _has(modules[module], name, parameters)
    ]
    if missing:
        version = importlib.metadata.version("ministack")
        raise EmulatorMismatchError(
            f"MiniStack {version} lacks {', '.join(missing)}; the local cloud was made for MiniStack {PINNED_VERSION}. "
            "Run `make init` to install the pinned one."
        )
    return modules


def _has(module: ModuleType, name: str, parameters: tuple[str, ...] | None) -> bool:
    if not hasattr(module, name):
        return False
    return (
        parameters is None
        or tuple(inspect.signature(getattr(module, name)).parameters)[: len(parameters)] == parameters
    )
