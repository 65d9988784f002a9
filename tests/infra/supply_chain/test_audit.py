"""`make audit` with the real tools, against services of this machine that know one vulnerability, or nothing, or do not answer."""

import gzip
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Final

import pytest

from infra.supply_chain.audit import audits, main
from infra.supply_chain.audit_result import AuditError, AuditResult, parse_npm_audit, parse_pip_audit, summary
from local_cloud.paths import ROOT

BAD: Final = "0.9.0"
GOOD: Final = "1.0.0"
PACKAGE: Final = "porous"


class Service(BaseHTTPRequestHandler):
    """OSV's query and npm's bulk advisories, for one package with one vulnerable version."""

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        query = json.loads(gzip.decompress(body) if self.headers["Content-Encoding"] == "gzip" else body)
        if self.path.startswith("/osv"):
            bad = query["version"] == BAD
            self._response({"vulns": [osv()]} if bad else {})
        else:
            self._response({PACKAGE: [advisory()]} if BAD in query.get(PACKAGE, ()) else {})

    def do_GET(self) -> None:
        """Answer what npm asks of a package that has an advisory: its versions."""
        versions = {each: {"name": PACKAGE, "version": each} for each in (BAD, GOOD)}
        self._response({"name": PACKAGE, "dist-tags": {"latest": GOOD}, "versions": versions})

    def _response(self, document: dict[str, Any]) -> None:
        body = json.dumps(document).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


def osv() -> dict[str, Any]:
    events = [{"introduced": "0"}, {"fixed": GOOD}]
    affected = {"package": {"ecosystem": "PyPI", "name": PACKAGE}, "ranges": [{"type": "ECOSYSTEM", "events": events}]}
    return {"id": "PYSEC-2026-1", "summary": "leaks", "details": "leaks", "affected": [affected]}


def advisory() -> dict[str, Any]:
    return {
        "id": 1,
        "url": "https://advisories.example/1",
        "title": "it leaks",
        "severity": "high",
        "vulnerable_versions": f"<{GOOD}",
        "cwe": [],
        "cvss": {"score": 0, "vectorString": None},
    }


@pytest.fixture
def service() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Service)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def project(root: Path, *, python: str = GOOD, node: str = GOOD) -> Path:
    """Write a project that has one lock of each kind, of one package."""
    (root / "requirements").mkdir()
    line = f"{PACKAGE}=={python} --hash=sha256:{'0' * 64}\n"
    (root / "requirements" / "function.txt").write_text(line, encoding="utf-8")
    package = {"version": node, "resolved": f"https://packages.example/{PACKAGE}.tgz", "integrity": "sha512-AAAA"}
    for folder, version in ((root, package), (root / "tests" / "browser", {**package, "version": GOOD})):
        folder.mkdir(parents=True, exist_ok=True)
        own = {"name": "p", "version": "1.0.0", "dependencies": {PACKAGE: version["version"]}}
        lock = {**own, "lockfileVersion": 3, "packages": {"": own, f"node_modules/{PACKAGE}": version}}
        (folder / "package.json").write_text(json.dumps(own), encoding="utf-8")
        (folder / "package-lock.json").write_text(json.dumps(lock), encoding="utf-8")
    return root


def options(root: Path, service: str) -> list[str]:
    return ["--root", str(root), "--osv-url", f"{service}/osv", "--registry", f"{service}/npm"]


def test_an_audit_without_findings_succeeds_with_a_count(
    tmp_path: Path, service: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(options(project(tmp_path), service)) == 0
    assert capsys.readouterr().out.splitlines() == [
        "requirements/function.txt: 1 packages audited, 0 vulnerabilities",
        "package-lock.json: 1 packages audited, 0 vulnerabilities",
        "tests/browser/package-lock.json: 1 packages audited, 0 vulnerabilities",
    ]


@pytest.mark.parametrize(
    ("versions", "message"),
    [
        ({"python": BAD}, f"{PACKAGE} {BAD}: PYSEC-2026-1, fixed in {GOOD}"),
        ({"node": BAD}, f"{PACKAGE} {BAD} (high): it leaks"),
    ],
    ids=["python", "node"],
)
def test_a_finding_fails_the_audit_and_is_named(
    tmp_path: Path, service: str, versions: dict[str, str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(options(project(tmp_path, **versions), service)) == 1
    assert f"  {message}" in capsys.readouterr().out.splitlines()


def test_unreachable_data_is_reported_for_each_lock_without_a_failure(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(options(project(tmp_path, python=BAD, node=BAD), "http://127.0.0.1:1")) == 0
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 3
    assert all("NOT AUDITED, the data is unreachable" in line for line in lines)


def test_a_lock_that_cannot_be_read_fails_the_audit(
    tmp_path: Path, service: str, capsys: pytest.CaptureFixture[str]
) -> None:
    root = project(tmp_path)
    (root / "requirements" / "function.txt").write_text(f"{PACKAGE}>=1\n", encoding="utf-8")
    (root / "package-lock.json").unlink()
    assert main(options(root, service)) == 1
    errors = capsys.readouterr().err
    assert "requirements/function.txt: the audit failed" in errors
    assert "package-lock.json: the audit failed" in errors


def test_every_lock_of_the_project_is_audited() -> None:
    found = {audit.lock for audit in audits(ROOT)}
    assert found == {
        path
        for pattern in ("requirements/*.txt", "package-lock.json", "tests/*/package-lock.json")
        for path in ROOT.glob(pattern)
    }


def test_a_service_that_knows_no_package_counts_as_unreachable() -> None:
    """pip-audit itself calls that no known vulnerabilities."""
    skipped = [{"name": name, "skip_reason": "Dependency not found"} for name in ("a", "b")]
    result = parse_pip_audit(json.dumps({"dependencies": skipped, "fixes": []}), "No known vulnerabilities found")
    assert result.unreachable
    assert "NOT AUDITED" in summary("lock", result)


def test_a_package_that_the_service_does_not_know_is_named() -> None:
    packages = [{"name": "a", "version": "1", "vulns": []}, {"name": "own", "skip_reason": "not found"}]
    result = parse_pip_audit(json.dumps({"dependencies": packages, "fixes": []}), "")
    assert result == AuditResult(audited=1, unaudited=("own",))
    assert "unknown to the service: own" in summary("lock", result)


def test_missing_output_is_an_error() -> None:
    with pytest.raises(AuditError, match="no output"):
        parse_pip_audit("", "")
    with pytest.raises(AuditError, match="no output"):
        parse_npm_audit("", "")
