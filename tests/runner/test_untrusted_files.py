"""Nothing that a notebook writes changes the runner's requests, its imports, or the work of the converter."""

import textwrap
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

import pytest

from runner.errors import SettingsError
from runner.formats import converter_environment
from runner.http_sessions import read_network
from tests.runner.conftest import FAST, Runner, notebook
from tests.runner.fake_service import CERTIFICATE, RUN_PATH, FakeService

Order = Callable[..., None]

PREPARE = """
    import pathlib, site, sys
    home = pathlib.Path.home()
    runner_folder = home.parent
    def write(path, text):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        path.chmod(0o600)
    code = f"open({str(runner_folder / 'planted')!r}, 'a').write(__name__)\\n"
    data = home / '.local' / 'share' / 'jupyter'
    packages = pathlib.Path(site.getusersitepackages())
    modules = ('sitecustomize', 'usercustomize', 'nbconvert', 'nbformat', 'jinja2', 'runner', 'mistune', 'encodings', 'ssl')
"""

PLANTED: Final = {
    "netrc": """
        for name in ('.netrc', '_netrc'):
            write(home / name, 'machine 127.0.0.1 login eve password stolen\\ndefault login eve password stolen\\n')
    """,
    "user's packages": """
        for name in modules:
            write(packages / f'{name}.py', code)
        write(packages / 'planted.pth', 'import planted_by_path\\n')
        write(packages / 'planted_by_path.py', code)
    """,
    "working folder": """
        for folder in (pathlib.Path(), runner_folder, runner_folder / 'home'):
            for name in modules:
                write(folder / f'{name}.py', code)
    """,
    "entry points": """
        write(packages / 'evil.py', code)
        found = packages / 'evil-1.0.dist-info'
        write(found / 'METADATA', 'Metadata-Version: 2.1\\nName: evil\\nVersion: 1.0\\n')
        write(found / 'entry_points.txt', '[nbconvert.exporters]\\nhtml = evil:E\\nmarkdown = evil:E\\n[pygments.lexers]\\npython = evil:E\\n')
    """,
    "templates": """
        for name in ('lab', 'classic', 'base', 'markdown', 'python', 'script'):
            for file in ('index.html.j2', 'index.md.j2', 'index.py.j2', 'base.html.j2', 'conf.json'):
                write(data / 'nbconvert' / 'templates' / name / file, 'PLANTED')
    """,
    "Jupyter's configuration": """
        for folder in (home / '.jupyter', runner_folder, pathlib.Path()):
            for name in ('jupyter_config', 'jupyter_nbconvert_config', 'nbconvert_config'):
                write(folder / f'{name}.py', code)
                write(folder / f'{name}.json', '{"Exporter": {"template_name": "planted"}, "NbConvertBase": {"x": 1}}')
    """,
    "IPython's configuration": """
        write(home / '.ipython' / 'profile_default' / 'startup' / '00-planted.py', code)
        write(home / '.ipython' / 'profile_default' / 'ipython_config.py', code)
        write(home / '.config' / 'matplotlib' / 'matplotlibrc', 'backend: planted')
        write(home / '.pythonrc.py', code)
    """,
    "kernels": """
        write(data / 'kernels' / 'python3' / 'kernel.json', '{"argv": ["planted"], "display_name": "planted", "language": "R"}')
        for file in (data / 'runtime').glob('*.json'):
            file.write_text('{}')
    """,
    "tools": """
        for name in ('.pip/pip.conf', '.config/pip/pip.conf', '.gitconfig', '.curlrc', '.wgetrc', '.mime.types', '.pydistutils.cfg', '.pypirc'):
            write(home / name, '[global]\\nproxy = http://127.0.0.1:9\\ntext/planted csv html\\n')
        write(home / '.local' / 'share' / 'mime' / 'globs2', '50:text/planted:*.csv\\n')
        write(home / '.config' / 'fontconfig' / 'fonts.conf', 'PLANTED')
    """,
    "the kernel's own environment": """
        import os
        for name in ('HTTP_PROXY', 'HTTPS_PROXY', 'ALL_PROXY', 'http_proxy', 'https_proxy'):
            os.environ[name] = 'http://127.0.0.1:9'
        os.environ.update(REQUESTS_CA_BUNDLE='/nonexistent', SSL_CERT_FILE='/nonexistent', PYTHONPATH=str(packages), HOME='/', TZ='planted')
    """,
    "certificates": """
        write(runner_folder / 'certificates.pem', 'PLANTED')
    """,
}  # fmt: skip


@pytest.fixture
def service() -> Iterator[FakeService]:
    with FakeService(is_tls=True) as fake:
        yield fake


@pytest.mark.parametrize("what", PLANTED)
def test_files_of_a_notebook_do_not_affect_the_runner(
    runner: Runner, service: FakeService, order: Order, what: str
) -> None:
    source = textwrap.dedent(PREPARE) + textwrap.dedent(PLANTED[what])
    order(
        notebook(source, "print('right')\nopen('result.csv', 'w').write('a,b\\n');"),
        output_formats=["html", "markdown", "script"],
    )
    (runner.folder / "certificates.pem").write_bytes(CERTIFICATE.read_bytes())

    code, running = runner.run(REQUESTS_CA_BUNDLE=str(runner.folder / "certificates.pem"))

    assert (code, runner.outcome) == (0, {"code": "succeeded"}), running.log
    assert {"report-out.html", "report-out.ipynb", "report-out.md", "report-out.py", "result.csv"} <= set(
        service.outputs
    )
    assert b"right" in service.outputs["report-out.html"]
    assert b"    right" in service.outputs["report-out.md"]
    assert service.outputs["report-out.py"].startswith(b"#!/usr/bin/env python")
    assert service.declared["result.csv"]["content_type"] == "text/csv"
    assert not (runner.folder / "planted").exists()
    for request in service.requests:
        assert "Authorization" not in request.headers
        assert ("X-Session-Token" in request.headers) == (request.route not in {"check-in", "input", "put", "result"})


def test_an_untrusted_certificate_is_refused(runner: Runner, service: FakeService, order: Order) -> None:
    order(notebook("1"))

    code, running = runner.run(script=FAST, retry_seconds="1")

    assert (code, service.requests) == (21, [])
    assert "SSLError" in running.log


def test_the_proxy_of_the_image_is_used_except_for_no_proxy() -> None:
    environ = {"HTTPS_PROXY": "http://proxy:1", "https_proxy": "http://small:1", "NO_PROXY": "localhost,.amazonaws.com"}
    network = read_network(environ)

    assert network.proxies_for("https://a.example/x") == {"https": "http://small:1"}
    assert network.proxies_for("https://bucket.s3.amazonaws.com/x?y") == {}
    assert read_network({"ALL_PROXY": "http://all:1"}).proxies_for("https://a.example") == {"all": "http://all:1"}
    assert read_network({}).proxies_for("https://a.example") == {}
    assert read_network({**environ, "NO_PROXY": "*"}).proxies_for("https://a.example") == {}


@pytest.mark.parametrize("variable", ["REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE"])
def test_unreadable_certificates_end_the_runner_with_a_message(
    runner: Runner, service: FakeService, variable: str
) -> None:
    code, running = runner.run(script=None, **{variable: "/nonexistent/ca.pem"})

    assert (code, service.requests) == (2, [])
    assert f"{variable} = '/nonexistent/ca.pem' has no readable certificates" in running.log
    with pytest.raises(SettingsError):
        read_network({variable: "/nonexistent/ca.pem"})


def test_all_certificates_of_a_folder_are_loaded(tmp_path: Path) -> None:
    folder = tmp_path / "certificates"
    folder.mkdir()
    with pytest.raises(SettingsError):
        read_network({"REQUESTS_CA_BUNDLE": str(folder)})
    for name in ("a.pem", "b.pem"):
        (folder / name).write_bytes(CERTIFICATE.read_bytes())

    context = read_network({"REQUESTS_CA_BUNDLE": str(folder)}).context

    assert len(context.get_ca_certs()) == 1


def test_requests_go_through_the_proxy(runner: Runner) -> None:
    run_url = f"http://service.invalid{RUN_PATH}"
    with FakeService() as proxy:
        proxy.failures["work-order"] = [400]

        code, running = runner.run(RUN_URL=run_url, HTTP_PROXY=proxy.url)

    assert code == 19, running.log
    assert [request.path for request in proxy.requests] == [f"{run_url}/check-in", f"{run_url}/work-order"]


@pytest.mark.parametrize(
    "route", ["check-in", "work-order", "input", "output-urls", "put", "report", "heartbeat", "result"]
)
def test_redirects_are_not_followed(runner: Runner, service: FakeService, order: Order, route: str) -> None:
    order(
        notebook("open('a.txt', 'w').write('a')"), heartbeat_seconds=0.2, finish_seconds=-600
    )  # uploads are retried for `retry_seconds` only
    with FakeService() as other:
        service.redirects[route] = f"{other.url}/v1/runs/owner-1/job-1/1/{route}"

        runner.run(script=FAST, retry_seconds="1", report_seconds="1", REQUESTS_CA_BUNDLE=str(CERTIFICATE))

        assert service.requests_to(route) != []
        assert other.requests == []


def test_the_converter_gets_no_variables_with_folders() -> None:
    environ = {
        "PATH": "/bin",
        "HOME": "/somewhere",
        "PYTHONPATH": "/a",
        "JUPYTER_PATH": "/b",
        "XDG_DATA_HOME": "/c",
        "LANG": "C",
    }

    assert converter_environment(environ) == {"PATH": "/bin", "HOME": "/nonexistent", "LANG": "C"}
