"""Parse the output of `pip-audit` and `npm audit` for one lock file. Pure: the output is an argument."""

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
"""Parts of pip-audit's last line when its service does not respond."""

_NO_CONNECTION_CODES: Final = frozenset(
    {"EAI_AGAIN", "ECONNREFUSED", "ECONNRESET", "ENOTFOUND", "ETIMEDOUT", "ENOAUDIT"}
)
"""Codes of npm and node for a registry that does not respond."""


class AuditError(Exception):
    """A tool could not read the lock, or failed; the message is its last line."""


@dataclass(frozen=True, kw_only=True)
class AuditResult:
    """The result for one lock."""

    audited: int = 0
    """Number of packages that the service knows."""

    unaudited: tuple[str, ...] = ()
    """Packages that the service does not know."""

    findings: tuple[str, ...] = ()
    """Published vulnerabilities, a line for each."""

    unreachable: str = ""
    """Why there is no response; empty if there is one."""


def parse_pip_audit(output: str, errors: str) -> AuditResult:
    """Parse the output of `pip-audit --format json`.

    A service that knows none of the packages has no data; `pip-audit` itself reports no findings in that case.

    Raises
    ------
    AuditError
        If there is no report, for a reason other than the connection.
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
    """Parse the output of `npm audit --json`.

    Raises
    ------
    AuditError
        If there is no report, for a reason other than the connection.
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
    """Return the summary of one lock."""
    if result.unreachable:
        return f"{lock}: NOT AUDITED, the data is unreachable ({result.unreachable})"
    lines = [f"{lock}: {result.audited} packages audited, {len(result.findings)} vulnerabilities"]
    if result.unaudited:
        lines.append(f"  not audited, unknown to the service: {', '.join(result.unaudited)}")
    return "\n".join((*lines, *(f"  {each}" for each in result.findings)))


def _finding(package: Mapping[str, Any], found: Mapping[str, Any]) -> str:
    fixed = ", ".join(found.get("fix_versions") or ()) or "no release"
    return f"{package['name']} {package['version']}: {found['id']}, fixed in {fixed}"


def _npm_findings(vulnerabilities: Iterable[Mapping[str, Any]]) -> Iterable[str]:
    for each in vulnerabilities:
        titles = [via["title"] for via in each["via"] if isinstance(via, dict)] or [f"by {', '.join(each['via'])}"]
        yield f"{each['name']} {each['range']} ({each['severity']}): {'; '.join(titles)}"


def _last_line(text: str) -> str:
    return (text.strip().splitlines() or ["no output"])[-1]
