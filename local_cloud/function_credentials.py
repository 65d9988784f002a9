"""Make the credentials of emulated functions unpredictable.

MiniStack derives the key, secret and session token of a function from the names of the function and its role, which are in the
template. This module adds a random value, new at each start.
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
"""What this file uses of MiniStack: module, name, and the first parameters of a function."""


class FunctionCredentials:
    """The credentials of functions.

    Raises
    ------
    EmulatorMismatchError
        If MiniStack lacks something that is used here.
    """

    def __init__(self) -> None:
        self._modules = require(_REQUIRED)

    def patch(self) -> None:
        """Replace the derivation; call this before the first function runs."""
        secret = secrets.token_hex(16)
        for module in self._modules.values():
            patched: Any = module
            patched.execution_credentials = _salted(patched.execution_credentials, secret)


def _salted(derive: Callable[[Mapping[str, Any]], dict[str, str]], secret: str) -> Callable[..., dict[str, str]]:
    def derive_salted(config: Mapping[str, Any]) -> dict[str, str]:
        # MiniStack reads account and region from the ARN, and hashes it: the qualifier can hold the secret.
        return derive({**config, "FunctionArn": f"{config['FunctionArn']}:{secret}"})

    return derive_salted
