"""The function bundle: it is small, complete, self-contained, and the same wherever it is built."""

import importlib.util
import json
import marshal
import subprocess
import sys
import zipfile
from hashlib import sha256
from pathlib import Path

import pytest

from chalicelib.config import load_settings
from chalicelib.routes.openapi.document import DOCUMENT
from infra.bundle import BundleError, Target, find_uv, make_once, stage_bundle
from infra.bytecode import Compiler
from infra.main import find_compiler
from infra.settings import StackSettings, read_settings
from tests.infra.synthesized import ROOT

MAX_ZIP_BYTES = int(9.5 * 1024 * 1024)
"""Largest zip, with bytecode: Lambda fetches and unpacks it at each cold start."""

RUNTIME = ("boto3", "botocore", "s3transfer")
"""Packages of the Lambda runtime, which the bundle leaves out."""

UNCHECKED_HASH = 1
"""Flags of a bytecode file that is loaded without a look at its source (PEP 552)."""


@pytest.fixture(scope="module")
def settings() -> StackSettings:
    return read_settings(ROOT / "scheduler.toml")


def stage(
    settings: StackSettings,
    build: Path,
    target: Target = "declared",
    architecture: str = "arm64",
    compiler: Compiler | None = None,
) -> Path:
    return stage_bundle(
        settings.service_part, target=target, python="3.13", architecture=architecture, compiler=compiler, build=build
    )


@pytest.fixture(scope="module")
def declared(settings: StackSettings, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return stage(settings, tmp_path_factory.mktemp("declared"))


@pytest.fixture(scope="module")
def local(settings: StackSettings, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("local")
    return stage(settings, folder, target="local", compiler=Compiler.local())


def files(folder: Path) -> dict[str, str]:
    return {
        str(path.relative_to(folder)): sha256(path.read_bytes()).hexdigest()
        for path in folder.rglob("*")
        if path.is_file()
    }


@pytest.mark.parametrize("kind", ["declared", "local"])
def test_the_zip_is_small(kind: str, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    bundle: Path = request.getfixturevalue(kind)
    with zipfile.ZipFile(tmp_path / "bundle.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        for path in bundle.rglob("*"):
            archive.write(path, path.relative_to(bundle))
    assert (tmp_path / "bundle.zip").stat().st_size < MAX_ZIP_BYTES


@pytest.mark.parametrize(("architecture", "tag"), [("arm64", "aarch64"), ("x86_64", "x86_64")])
def test_packages_are_built_for_the_declared_runtime(
    architecture: str, tag: str, settings: StackSettings, tmp_path: Path
) -> None:
    libraries = [path.name for path in stage(settings, tmp_path, architecture=architecture).rglob("*.so")]
    assert any(name.startswith("_pydantic_core.cpython-313") for name in libraries)
    assert all(tag in name for name in libraries)


def test_the_bundle_contains_the_service_but_no_package_of_the_runtime(declared: Path) -> None:
    names = {path.name for path in declared.iterdir()}
    assert {"app", "chalicelib", "chalice", "pydantic", "pynamodb", "settings.json"} <= names
    assert not names & {*RUNTIME, "pip", "setuptools", "bin", "infra", "runner"}


def test_the_bundle_contains_the_openapi_document_but_not_its_generator(declared: Path) -> None:
    document = declared / DOCUMENT.relative_to(ROOT)
    assert document.read_bytes() == DOCUMENT.read_bytes()
    assert list(document.parent.iterdir()) == [document]


def test_every_module_has_bytecode_that_is_loaded_without_a_look_at_its_source(local: Path) -> None:
    modules = list(local.rglob("*.py"))
    assert len(modules) > 500
    for module in modules:
        bytecode = Path(importlib.util.cache_from_source(str(module))).read_bytes()
        assert bytecode[:4] == importlib.util.MAGIC_NUMBER
        assert int.from_bytes(bytecode[4:8], "little") == UNCHECKED_HASH


def test_bytecode_names_the_path_of_the_function_and_is_the_same_in_every_build(
    local: Path, settings: StackSettings, tmp_path: Path
) -> None:
    assert files(local) == files(stage(settings, tmp_path, target="local", compiler=Compiler.local()))
    bytecode = Path(importlib.util.cache_from_source(str(local / "app" / "dispatch.py"))).read_bytes()
    assert marshal.loads(bytecode[16:]).co_filename == "/var/task/app/dispatch.py"


def test_without_the_runtimes_python_there_is_no_compiler() -> None:
    assert Compiler.for_runtime("3.1", uv=find_uv()) is None
    assert Compiler.for_runtime("no-version", uv=find_uv()) is None


def test_a_bundle_without_bytecode_is_reported_in_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert find_compiler("declared", "3.1") is None
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("The function bundle has no bytecode")
    assert "Python 3.1 " in line


def test_the_compiler_of_this_machines_version_is_found() -> None:
    python = f"{sys.version_info.major}.{sys.version_info.minor}"
    compiler = Compiler.for_runtime(python, uv=find_uv())
    assert compiler
    described = subprocess.run([compiler.executable, "-V"], capture_output=True, text=True, check=True).stdout
    assert described.split()[1].startswith(f"{python}.")
    assert compiler.version.startswith(f"{python}.")


def test_nothing_in_the_bundle_shows_where_or_when_it_was_built(
    declared: Path, settings: StackSettings, tmp_path: Path
) -> None:
    assert files(declared) == files(stage(settings, tmp_path))
    assert not [
        name for name in files(declared) if "__pycache__" in name or name.endswith(("RECORD", "direct_url.json"))
    ]


def test_the_bundle_contains_the_settings_of_the_service_only(declared: Path, settings: StackSettings) -> None:
    assert load_settings(declared / "settings.json") == settings.service_part
    assert "network" not in json.loads((declared / "settings.json").read_text())


def test_different_settings_build_another_bundle_with_the_same_packages(
    settings: StackSettings, tmp_path: Path
) -> None:
    other = settings.model_copy(update={"limits": settings.limits.model_copy(update={"max_retries": 1})})
    assert stage(settings, tmp_path) == stage(settings, tmp_path)
    assert stage(settings, tmp_path) != stage(other, tmp_path)
    assert len(list((tmp_path / "packages").iterdir())) == 1


def test_a_package_that_cannot_be_installed_is_reported_in_one_line_and_leaves_nothing(
    settings: StackSettings, tmp_path: Path
) -> None:
    with pytest.raises(
        BundleError, match=r"^The packages of function.txt cannot be installed for the function bundle: .+$"
    ):
        stage_bundle(
            settings.service_part, target="declared", python="not-a-version", architecture="arm64", build=tmp_path
        )
    assert not list((tmp_path / "packages").iterdir())


def test_a_missing_uv_is_reported_with_the_command_that_installs_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(BundleError, match="make init"):
        find_uv(tmp_path)


def test_a_folder_is_created_completely_or_not_at_all(tmp_path: Path) -> None:
    def fail_halfway(folder: Path) -> None:
        (folder / "first").touch()
        raise BundleError("the disk is full")

    with pytest.raises(BundleError):
        make_once(tmp_path / "bundle" / "key", fail_halfway)
    assert not list((tmp_path / "bundle").iterdir())


def test_the_first_of_two_processes_that_create_the_same_folder_wins(tmp_path: Path) -> None:
    def lose_the_race(folder: Path) -> None:
        (folder / "mine").touch()
        make_once(tmp_path / "key", lambda theirs: (theirs / "theirs").touch())

    assert [path.name for path in make_once(tmp_path / "key", lose_the_race).iterdir()] == ["theirs"]
    assert [path.name for path in tmp_path.iterdir()] == ["key"]


SERVE = """
import json, sys
sys.path[:0] = sys.argv[1:3]
from app import app as entry_point
event = {
    "httpMethod": "GET", "resource": "/scheduler/health", "path": "/scheduler/health", "headers": {},
    "multiValueHeaders": {}, "multiValueQueryStringParameters": None, "pathParameters": {}, "stageVariables": None,
    "body": None, "isBase64Encoded": False,
    "requestContext": {
        "httpMethod": "GET", "resourcePath": "/scheduler/health", "requestId": "r-1", "path": "/v1/scheduler/health",
        "identity": {},
    },
}
class Context:
    function_name = "api"
    function_version = "1"
    memory_limit_in_mb = 1024
    invoked_function_arn = "arn:aws:lambda:eu-central-1:123456789012:function:api"
    aws_request_id = "r-1"
    def get_remaining_time_in_millis(self): return 29000
response = entry_point.app(event, Context())
outside = [name for name, module in sys.modules.items()
           if "site-packages" in (getattr(module, "__file__", None) or "")]
print(json.dumps({"status": response["statusCode"], "body": json.loads(response["body"]), "outside": outside}))
"""


def test_the_bundle_serves_a_request_with_nothing_else_on_the_path(local: Path, tmp_path: Path) -> None:
    installed = Path(sys.prefix, "lib", f"python{sys.version_info[0]}.{sys.version_info[1]}", "site-packages")
    for package in RUNTIME:
        (tmp_path / package).symlink_to(installed / package)
    environment = {"AWS_REGION": "eu-central-1", "AWS_DEFAULT_REGION": "eu-central-1", "POWERTOOLS_SERVICE_NAME": "api"}
    environment |= {"POWERTOOLS_METRICS_NAMESPACE": "JupyterScheduler", "POWERTOOLS_TRACE_DISABLED": "true"}
    command = [sys.executable, "-I", "-S", "-B", "-c", SERVE, str(local), str(tmp_path)]
    done = subprocess.run(command, env=environment, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    response = json.loads(done.stdout.splitlines()[-1])
    assert (response["status"], response["body"]["code"]) == (401, "not_authenticated"), (
        "without AWS, no caller has a verified identity"
    )
    assert response["outside"] == []
