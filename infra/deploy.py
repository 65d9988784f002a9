"""`make deploy`: runs the preflight, then the CDK CLI, which deploys a new stack in two steps.

CloudFormation cannot delete a table with deletion protection, so a failed first deployment could not be rolled back. A new stack is
therefore created without deletion protection, and a second, short update enables it.
"""

import argparse
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from botocore.exceptions import BotoCoreError, ClientError

from infra.context import Context, parse_context
from infra.preflight.account import Account
from infra.preflight.account_facts import is_first_deployment
from infra.preflight.report import examine
from infra.preflight.session import clients, region
from infra.settings import SettingsError

__all__ = ["commands", "main"]

_ROOT: Final = Path(__file__).parents[1]
_CDK: Final = "node_modules/.bin/cdk"


def commands(cdk: str, context: Mapping[str, str], *, is_first: bool) -> list[list[str]]:
    """Return the commands of a deployment, in order."""
    deploy = [cdk, "deploy", *(part for key, value in context.items() for part in ("-c", f"{key}={value}"))]
    if not is_first or "protect_tables" in context or not Context(context).settings().stack.retain_data:
        return [deploy]
    return [[*deploy, "-c", "protect_tables=false"], deploy]


def main(arguments: Sequence[str] | None = None) -> int:
    """Deploy, unless the preflight finds an error.

    Returns
    -------
    int
        Exit code: 0; 1 if the preflight or the settings stopped the deployment; otherwise that of the CDK CLI.
    """
    parser = argparse.ArgumentParser(prog="python -m infra.deploy", description="Deploy the stack.")
    parser.add_argument("-c", "--context", action="append", default=[], metavar="key=value", help="as for cdk")
    parser.add_argument("--no-preflight", action="store_true", help="skip the checks")
    parser.add_argument("--cdk", default=_CDK, help="the CDK command line")
    options = parser.parse_args(arguments)
    try:
        context = parse_context(options.context)
        where = region()
        client = clients(where)
        if options.no_preflight:
            is_first = _is_first(context, client, where)
        else:
            report = examine(Context(context), client, region=where)
            print("\n".join(report.lines()), flush=True)  # noqa: T201 - this is the command line
            if not report.may_deploy:
                return 1
            is_first = report.is_first
        return _run(commands(options.cdk, context, is_first=is_first))
    except (BotoCoreError, SettingsError) as error:
        print(error, file=sys.stderr)  # noqa: T201 - this is the command line
        return 1


def _is_first(context: Mapping[str, str], client: Callable[[str], Any], where: str | None) -> bool:
    try:
        status = Account(client, region=where or "").stack_status(Context(context).settings().stack.name)
    except (BotoCoreError, ClientError):
        return False  # unknown: protect the tables from the start
    return is_first_deployment(status)


def _run(steps: Sequence[Sequence[str]]) -> int:
    for number, step in enumerate(steps):
        if number:
            print("The stack is created. Enabling deletion protection of its tables …", flush=True)  # noqa: T201
        code = subprocess.run(step, cwd=_ROOT, check=False).returncode
        if code:
            return code
    return 0


if __name__ == "__main__":
    sys.exit(main())
