"""What `pip-audit` and `npm audit` said of one lock file. Pure: their output is an argument."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

__all__ = ["AuditError", "AuditResult", "parse_npm_audit", "parse_pip_audit", "summary"]

_NO_CONNECTION: Final = (
    "ConnectionError",
    "ConnectTimeout",
    "ReadTimeout",
    "ProxyError",
    "SSLError",
    "Could not connect",
)
"""What pip-audit's last words contain where its service does not answer."""

_NO_CONNECTION_CODES: Final = frozenset(
    {"EAI_AGAIN", "ECONNREFUSED", "ECONNRESET", "ENOTFOUND", "ETIMEDOUT", "ENOAUDIT"}
)
"""npm's and node's codes for a registry that does not answer."""


class AuditError(Exception):
    """A tool could not read the lock, or ended otherwise than it should; the text is its last line."""


@dataclass(frozen=True, kw_only=True)
class AuditResult:
    """What is known of one lock."""

    audited: int = 0
    """Number of packages that the service knows."""

    unaudited: tuple[str, ...] = ()
    """Packages that the service does not know."""

    findings: tuple[str, ...] = ()
    """Published vulnerabilities, one a line."""

    unreachable: str = ""
    """Why there is no answer at all; empty if there is one."""


def parse_pip_audit(output: str, errors: str) -> AuditResult:
    """Read what `pip-audit --format json` wrote.

    A service that knows none of the packages is one that does not have the data: `pip-audit` itself then says that nothing was found.

    Raises
    ------
    AuditError
        If there is no report, for another reason than the connection.
    """
    if not output.strip():
        last = _last_line(errors)
        if any(each in last for each in _NO_CONNECTION):
            return AuditResult(unreachable=last)
        raise AuditError(last)
    packages = json.loads(output)["dependencies"]
    unaudited = tuple(each["name"] for each in packages if "skip_reason" in each)
    if packages and len(unaudited) == len(packages):
        return AuditResult(unaudited=unaudited, unreachable=packages[0]["skip_reason"])
    findings = tuple(_finding(package, each) for package in packages for each in package.get("vulns", ()))
    return AuditResult(audited=len(packages) - len(unaudited), unaudited=unaudited, findings=findings)


def parse_npm_audit(output: str, errors: str) -> AuditResult:
    """Read what `npm audit --json` wrote.

    Raises
    ------
    AuditError
        If there is no report, for another reason than the connection.
    """
    try:
        report: Mapping[str, Any] = json.loads(output)
    except ValueError:
        raise AuditError(_last_line(errors)) from None
    if "vulnerabilities" in report:
        total = report["metadata"]["dependencies"]["total"]
        return AuditResult(audited=total, findings=tuple(_npm_findings(report["vulnerabilities"].values())))
    message = str(report.get("message") or (report.get("error") or {}).get("summary") or _last_line(errors))
    code = (report.get("error") or {}).get("code") or report.get("code")
    if "statusCode" in report or code in _NO_CONNECTION_CODES or any(each in message for each in _NO_CONNECTION_CODES):
        return AuditResult(unreachable=message)
    raise AuditError(message)


def summary(lock: str, result: AuditResult) -> str:
    """Write what a person reads of one lock."""
    if result.unreachable:
        return f"{lock}: NOT AUDITED, the data is not in reach here ({result.unreachable})"
    lines = [f"{lock}: {result.audited} packages audited, {len(result.findings)} vulnerabilities"]
    if result.unaudited:
        lines.append(f"  not audited, unknown to the service: {', '.join(result.unaudited)}")
    return "\n".join((*lines, *(f"  {each}" for each in result.findings)))


def _finding(package: Mapping[str, Any], found: Mapping[str, Any]) -> str:
    fixed = ", ".join(found.get("fix_versions") or ()) or "no release"
    return f"{package['name']} {package['version']}: {found['id']}, mended in {fixed}"


def _npm_findings(vulnerabilities: Iterable[Mapping[str, Any]]) -> Iterable[str]:
    for each in vulnerabilities:
        titles = [via["title"] for via in each["via"] if isinstance(via, dict)] or [f"by {', '.join(each['via'])}"]
        yield f"{each['name']} {each['range']} ({each['severity']}): {'; '.join(titles)}"


def _last_line(text: str) -> str:
    return (text.strip().splitlines() or ["it said nothing"])[-1]
