"""The CDK app. `cdk.json` runs it; `python -m infra.main` does the same.

Context (`-c key=value`):

settings
    Path of the settings file; `scheduler.toml` at the root without it.
stack_name, retain_data
    In place of `stack.name` and `stack.retain_data`; `retain_data=false` for stacks that are thrown away.
bundle_target
    `declared` (the functions' runtime, the default) or `local` (this machine's Python and platform).
runner_image
    Address of a runner image in place of every environment's own; then no image is built.
"""

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from aws_cdk import App, Validations
from cdk_nag import AwsSolutionsChecks
from pydantic import ValidationError

from infra.bundle import BundleError, Target, stage_bundle
from infra.routes import read_routes
from infra.settings import SettingsError, StackSection, StackSettings, read_settings
from infra.stack import SchedulerStack

__all__ = ["build", "main"]

_OVERRIDES: Final[Mapping[str, str]] = {"name": "stack_name", "retain_data": "retain_data"}
"""Settings of the section `[stack]`, and the context that takes their place."""

_TARGETS: Final[Mapping[str, Target]] = {"declared": "declared", "local": "local"}

_SETTINGS: Final = Path(__file__).parents[1] / "scheduler.toml"


def build(app: App) -> SchedulerStack:
    """Put the stack into the app, as the app's context says.

    Raises
    ------
    SettingsError
        If the settings file or a context value is not what it must be.
    BundleError
        If the code of the functions cannot be put together.
    """
    settings = _override(read_settings(Path(_context(app, "settings") or _SETTINGS)), app)
    bundle = stage_bundle(
        settings.service_part,
        target=_target(app),
        python=settings.functions.python,
        architecture=settings.functions.architecture,
    )
    Validations.of(app).add_plugins(AwsSolutionsChecks(app))
    return SchedulerStack(
        app,
        "Scheduler",
        settings=settings,
        bundle=bundle,
        routes=read_routes(),
        runner_image=_context(app, "runner_image"),
    )


def main() -> int:
    """Synthesize; a mistake of the operator's is told in a line, without a traceback.

    Returns
    -------
    int
        Exit code: 0, or 1 if something must be mended first.
    """
    app = App()
    try:
        build(app)
    except (SettingsError, BundleError) as error:
        print(error, file=sys.stderr)  # noqa: T201 - this is the command line
        return 1
    app.synth()
    return 0


def _context(app: App, key: str) -> str | None:
    value = app.node.try_get_context(key)
    return None if value is None else str(value)


def _target(app: App) -> Target:
    value = _context(app, "bundle_target") or "declared"
    if value not in _TARGETS:
        raise SettingsError(f"-c bundle_target={value}: choose one of {', '.join(_TARGETS)}")
    return _TARGETS[value]


def _override(settings: StackSettings, app: App) -> StackSettings:
    given = {field: value for field, key in _OVERRIDES.items() if (value := _context(app, key)) is not None}
    try:
        stack = StackSection.model_validate(settings.stack.model_dump() | given)
    except ValidationError as error:
        first = error.errors()[0]
        key = _OVERRIDES[str(first["loc"][0])]
        raise SettingsError(f"-c {key}={first['input']}: {first['msg']}") from None
    return settings.model_copy(update={"stack": stack})


if __name__ == "__main__":
    sys.exit(main())
