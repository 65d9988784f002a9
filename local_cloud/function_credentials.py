"""Credentials of the emulated functions that nobody can compute.

MiniStack derives a function's key, secret and session token from the names of the function and its role, which are in every
template. Here a random value, new at each start, goes into all three.
"""

import secrets
from collections.abc import Callable, Mapping
from typing import Any, Final

from local_cloud.emulator_compatibility import require

__all__ = ["FunctionCredentials"]

_REQUIRED: Final[Mapping[str, Mapping[str, tuple[str, ...] | None]]] = {
    "ministack.core.lambda_runtime": {"execution_credentials": ("config",)},
    "ministack.services.lambda_svc": {"execution_credentials": ("config",)},
}
"""Module, name, and the first parameters where it is a function: what this file uses of MiniStack."""


class FunctionCredentials:
    """The sessions that functions run with.

    Raises
    ------
    EmulatorMismatchError
        If something that is used here is missing, naming each.
    """

    def __init__(self) -> None:
        self._modules = require(_REQUIRED)

    def patch(self) -> None:
        """Replace the derivation; call it before the first function runs."""
        secret = secrets.token_hex(16)
        for module in self._modules.values():
            replaced: Any = module
            replaced.execution_credentials = _salted(replaced.execution_credentials, secret)


def _salted(derive: Callable[[Mapping[str, Any]], dict[str, str]], secret: str) -> Callable[..., dict[str, str]]:
    def derive_salted(config: Mapping[str, Any]) -> dict[str, str]:
        # The address is read for account and region, and hashed: a qualifier is a place for what nobody knows.
        return derive({**config, "FunctionArn": f"{config['FunctionArn']}:{secret}"})

    return derive_salted
