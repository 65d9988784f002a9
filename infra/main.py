"""The CDK app, which `cdk.json` runs as `python -m infra.main`. `infra/context.py` lists the context that it reads."""

import sys

from aws_cdk import App, Validations
from cdk_nag import AwsSolutionsChecks

from infra.bundle import BundleError, Target, find_uv, stage_bundle
from infra.bytecode import Compiler
from infra.context import KEYS, Context
from infra.routes import read_routes
from infra.settings import SettingsError
from infra.stack import SchedulerStack

__all__ = ["build", "find_compiler", "main"]


def build(app: App) -> SchedulerStack:
    """Add the stack to the app, as the app's context says.

    Raises
    ------
    SettingsError
        If the settings file or a context value is invalid.
    BundleError
        If the function bundle cannot be built.
    """
    context = _context(app)
    settings = context.settings()
    target, python = context.bundle_target(), settings.functions.python
    bundle = stage_bundle(
        settings.service_part,
        target=target,
        python=python,
        architecture=settings.functions.architecture,
        compiler=find_compiler(target, python),
    )
    Validations.of(app).add_plugins(AwsSolutionsChecks(app))
    return SchedulerStack(
        app,
        "Scheduler",
        settings=settings,
        bundle=bundle,
        routes=read_routes(),
        runner_image=context.runner_image,
        protect_tables=context.protect_tables(),
    )


def main() -> int:
    """Synthesize the stack, and report an operator's mistake in a line without a traceback.

    Returns
    -------
    int
        Exit code: 0, or 1 if the settings or the bundle have an error.
    """
    app = App()
    try:
        build(app)
    except (SettingsError, BundleError) as error:
        print(error, file=sys.stderr)  # noqa: T201 - this is the command line
        return 1
    app.synth()
    return 0


def find_compiler(target: Target, python: str) -> Compiler | None:
    """Find the Python that compiles the bundle; print a line if this machine does not have it."""
    if target == "local":
        return Compiler.local()
    compiler = Compiler.for_runtime(python, uv=find_uv())
    if compiler is None:
        print(  # noqa: T201 - this is the command line
            f"The function bundle has no bytecode, so functions start more slowly: Python {python} is not on this machine.",
            file=sys.stderr,
        )
    return compiler


def _context(app: App) -> Context:
    values = {key: app.node.try_get_context(key) for key in KEYS}
    return Context({key: str(value) for key, value in values.items() if value is not None})


if __name__ == "__main__":
    sys.exit(main())
