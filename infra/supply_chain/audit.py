"""`make audit`: hold every lock file against published vulnerabilities.

Exit code 1 for a finding or a tool that fails; where the data is not in reach, a notice for each lock and exit code 0.
"""

import argparse
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from infra.supply_chain.audit_result import AuditError, AuditResult, parse_npm_audit, parse_pip_audit, summary

__all__ = ["Audit", "audits", "main", "run"]

_ROOT: Final = Path(__file__).parents[2]

_SECONDS: Final = 600
"""Longest time for one lock [s]; the largest has 200 packages, each a request."""


@dataclass(frozen=True, kw_only=True)
class Audit:
    """One lock file, and the tool that reads it."""

    lock: Path
    command: Sequence[str]
    parse: Callable[[str, str], AuditResult]


def audits(root: Path, *, osv_url: str | None = None, registry: str | None = None) -> Iterator[Audit]:
    """Yield what there is to audit.

    Parameters
    ----------
    root
        The repository.
    osv_url
        An OSV service in place of the package index's own data, which may be a mirror.
    registry
        An npm registry in place of the configured one.
    """
    service = ["--vulnerability-service", "osv", "--osv-url", osv_url] if osv_url else []
    options = ["--require-hashes", "--disable-pip", "--format", "json", "--progress-spinner", "off", *service]
    for lock in sorted((root / "requirements").glob("*.txt")):
        command = [sys.executable, "-m", "pip_audit", *options, "--requirement", str(lock)]
        yield Audit(lock=lock, command=command, parse=parse_pip_audit)
    # Offline, npm says that there is nothing to find. Its own pauses between retries add up to a minute.
    options = [
        "--json",
        "--package-lock-only",
        "--offline=false",
        "--fetch-retry-maxtimeout=2000",
        "--fetch-retry-mintimeout=1000",
    ]
    npm = ["npm", "audit", *options, *(["--registry", registry] if registry else [])]
    for lock in (root / "package-lock.json", root / "tests" / "browser" / "package-lock.json"):
        yield Audit(lock=lock, command=[*npm, "--prefix", str(lock.parent)], parse=parse_npm_audit)


def run(audit: Audit) -> AuditResult:
    """Run the tool.

    Raises
    ------
    AuditError
        If it is missing, or says something that is no report.
    """
    try:
        done = subprocess.run(
            audit.command, capture_output=True, check=False, cwd=audit.lock.parent, text=True, timeout=_SECONDS
        )
    except FileNotFoundError:
        raise AuditError(f"{audit.command[0]} is missing; run `make init`.") from None
    except subprocess.TimeoutExpired:
        return AuditResult(unreachable=f"no answer within {_SECONDS} s")
    return audit.parse(done.stdout, done.stderr)


def main(arguments: Sequence[str] | None = None) -> int:
    """Audit every lock and print what was found.

    Returns
    -------
    int
        Exit code: 1 if anything was found or a tool failed.
    """
    parser = argparse.ArgumentParser(prog="python -m infra.supply_chain.audit", description="Audit every lock file.")
    parser.add_argument("--osv-url", help="an OSV service in place of the package index's own data")
    parser.add_argument("--registry", help="an npm registry in place of the configured one")
    parser.add_argument("--root", type=Path, default=_ROOT, help=argparse.SUPPRESS)
    given = parser.parse_args(arguments)
    failed = False
    for audit in audits(given.root, osv_url=given.osv_url, registry=given.registry):
        name = str(audit.lock.relative_to(given.root))
        try:
            result = run(audit)
        except AuditError as error:
            print(f"{name}: the audit failed: {error}", file=sys.stderr)  # noqa: T201 - this is the command line
            failed = True
            continue
        print(summary(name, result), flush=True)  # noqa: T201 - this is the command line
        failed = failed or bool(result.findings)
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
