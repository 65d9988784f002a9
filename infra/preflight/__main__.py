"""Check, by read-only calls, that the account can take the stack: `python -m infra.preflight [-c key=value]…`."""

import argparse
import sys
from collections.abc import Sequence

from botocore.exceptions import BotoCoreError

from infra.context import Context, parse_context
from infra.preflight.report import examine
from infra.preflight.session import clients, region
from infra.settings import SettingsError

__all__ = ["main"]


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the findings.

    Returns
    -------
    int
        Exit code: 0, or 1 if something must be fixed before a deployment.
    """
    parser = argparse.ArgumentParser(prog="python -m infra.preflight", description=__doc__)
    parser.add_argument("-c", "--context", action="append", default=[], metavar="key=value", help="as for cdk")
    given = parser.parse_args(arguments)
    try:
        where = region()
        report = examine(Context(parse_context(given.context)), clients(where), region=where)
    except (BotoCoreError, SettingsError) as error:
        print(error, file=sys.stderr)  # noqa: T201 - this is the command line
        return 1
    print("\n".join(report.lines()))  # noqa: T201 - this is the command line
    return 0 if report.may_deploy else 1


if __name__ == "__main__":
    sys.exit(main())
