"""`make audit`: check every lock file for published vulnerabilities.

The exit code is 1 if there is a finding or a tool fails. If the data is unreachable, the command prints a notice for each lock, with exit code 0.
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
"""Time limit for one lock [s]; the largest has 200 packages, with a request for each."""


@dataclass(frozen=True, kw_only=True)
class Audit:
    """One lock file, and the tool that reads it."""

    lock: Path
    command: Sequence[str]
    parse: Callable[[str, str], AuditResult]


def audits(root: Path, *, osv_url: str | None = None, registry: str | None = None) -> Iterator[Audit]:
    """Yield the audits of all lock files.

    Parameters
    ----------
    root
        The repository.
    osv_url
        An OSV service that replaces the data of the package index, which may be a mirror.
    registry
        An npm registry that replaces the configured one.
    """
    service = ["--vulnerability-service", "osv", "--osv-url", osv_url] if osv_url else []
    options = ["--require-hashes", "--disable-pip", "--format", "json", "--progress-spinner", "off", *service]
    for lock in sorted((root / "requirements").glob("*.txt")):
        command = [sys.executable, "-m", "pip_audit", *options, "--requirement", str(lock)]
        yield Audit(lock=lock, command=command, parse=parse_pip_audit)
    # Offline, npm reports no findings. Its default pauses between retries add up to a minute.
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
        If the tool is missing, or its output is not a report.
    """
    try:
        result = subprocess.run(
            audit.command, capture_output=True, check=False, cwd=audit.lock.parent, text=True, timeout=_SECONDS
        )
    except FileNotFoundError:
        raise AuditError(f"{audit.command[0]} is missing; run `make init`.") from None
    except subprocess.TimeoutExpired:
        return AuditResult(unreachable=f"no response within {_SECONDS} s")
    return audit.parse(result.stdout, result.stderr)


def main(arguments: Sequence[str] | None = None) -> int:
    """Audit every lock and print the findings.

    Returns
    -------
    int
        Exit code: 1 if anything was found or a tool failed.
    """
    parser = argparse.ArgumentParser(prog="python -m infra.supply_chain.audit", description="Audit every lock file.")
    parser.add_argument("--osv-url", help="an OSV service that replaces the data of the package index")
    parser.add_argument("--registry", help="an npm registry that replaces the configured one")
    parser.add_argument("--root", type=Path, default=_ROOT, help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    failed = False
    for audit in audits(options.root, osv_url=options.osv_url, registry=options.registry):
        name = str(audit.lock.relative_to(options.root))
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
