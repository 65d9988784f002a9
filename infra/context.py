"""Command-line options that override `scheduler.toml`: CDK's context, `-c key=value`.

settings
    Path of the settings file; by default `scheduler.toml` in the root folder.
stack_name, retain_data
    Override `stack.name` and `stack.retain_data`; use `retain_data=false` for temporary stacks.
admin
    ARN or unique id of one admin in addition to `ownership.admins`.
channels
    JSON of channels in addition to `[channels.<name>]`.
bundle_target
    `declared` (the functions' runtime, the default) or `local` (this machine's Python and platform).
runner_image
    Address of a runner image for all environments; no image is built then.
protect_tables
    `false` leaves retained tables without deletion protection; `make deploy` uses it for a stack's first deployment.
"""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from pydantic import ValidationError

from infra.bundle import Target
from infra.settings import SettingsError, StackSection, StackSettings, read_settings

__all__ = ["KEYS", "Context", "parse_context"]

KEYS: Final = (
    "settings",
    "stack_name",
    "retain_data",
    "admin",
    "channels",
    "bundle_target",
    "runner_image",
    "protect_tables",
)
"""Every key that the app reads."""

_OVERRIDES: Final[Mapping[str, str]] = {"name": "stack_name", "retain_data": "retain_data"}
"""Settings of the section `[stack]`, and the context keys that override them."""

_TARGETS: Final[Mapping[str, Target]] = {"declared": "declared", "local": "local"}

_BOOLEANS: Final = {"true": True, "false": False}

_SETTINGS: Final = Path(__file__).parents[1] / "scheduler.toml"


def parse_context(pairs: Sequence[str]) -> dict[str, str]:
    """Parse `key=value` pairs, as CDK's `-c` accepts them.

    Raises
    ------
    SettingsError
        If a pair has no `=`.
    """
    if wrong := [pair for pair in pairs if "=" not in pair]:
        raise SettingsError(f"-c {wrong[0]}: write key=value")
    return {key: value for key, _, value in (pair.partition("=") for pair in pairs)}


class Context:
    """The context of one run of the app.

    Parameters
    ----------
    values
        Values by key; CDK uses the keys that the app does not read.
    """

    def __init__(self, values: Mapping[str, str]) -> None:
        self._values = values

    def settings(self) -> StackSettings:
        """Read the settings file and apply the overrides.

        Raises
        ------
        SettingsError
            If the settings file or a context value is invalid.
        """
        settings = read_settings(Path(self._values.get("settings") or _SETTINGS))
        given = {field: self._values[key] for field, key in _OVERRIDES.items() if key in self._values}
        try:
            stack = StackSection.model_validate(settings.stack.model_dump() | given)
        except ValidationError as error:
            first = error.errors()[0]
            key = _OVERRIDES[str(first["loc"][0])]
            raise SettingsError(f"-c {key}={first['input']}: {first['msg']}") from None
        return self._with_channels(self._with_admin(settings.model_copy(update={"stack": stack})))

    def _with_admin(self, settings: StackSettings) -> StackSettings:
        admin = self._values.get("admin")
        if admin is None or admin in settings.ownership.admins:
            return settings
        ownership = settings.ownership.model_dump() | {"admins": (*settings.ownership.admins, admin)}
        try:
            return StackSettings.model_validate(settings.model_dump() | {"ownership": ownership})
        except ValidationError as error:
            message = error.errors()[0]["msg"].removeprefix("Value error, ")
            raise SettingsError(f"-c admin={admin}: {message}") from None

    def _with_channels(self, settings: StackSettings) -> StackSettings:
        text = self._values.get("channels")
        if text is None:
            return settings
        try:
            given = settings.model_dump(exclude_unset=True)
            return StackSettings.model_validate(given | {"channels": given.get("channels", {}) | json.loads(text)})
        except (ValidationError, ValueError, TypeError) as error:
            raise SettingsError(f"-c channels={text}: {error}") from None

    @property
    def runner_image(self) -> str | None:
        """Image that replaces the images of all environments."""
        return self._values.get("runner_image")

    def bundle_target(self) -> Target:
        """Return what the functions' bundle is built for.

        Raises
        ------
        SettingsError
            If there is no such target.
        """
        value = self._values.get("bundle_target") or "declared"
        if value not in _TARGETS:
            raise SettingsError(f"-c bundle_target={value}: choose one of {', '.join(_TARGETS)}")
        return _TARGETS[value]

    def protect_tables(self) -> bool:
        """Check whether retained tables are protected from deletion.

        Raises
        ------
        SettingsError
            If the value is neither `true` nor `false`.
        """
        value = self._values.get("protect_tables", "true").lower()
        if value not in _BOOLEANS:
            raise SettingsError(f"-c protect_tables={value}: choose true or false")
        return _BOOLEANS[value]
