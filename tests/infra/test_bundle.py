"""The function bundle: small, whole, the same wherever it is made, and enough by itself."""

import json
import subprocess
import sys
import zipfile
from hashlib import sha256
from pathlib import Path

import pytest

from chalicelib.config import load_settings
from chalicelib.routes.openapi.document import DOCUMENT
from infra.bundle import BundleError, Target, find_uv, make_once, stage_bundle
from infra.settings import StackSettings, read_settings
from tests.infra.synthesized import ROOT

MAX_ZIP_BYTES = 10_000_000
"""DESIGN's bar for the function zip."""

RUNTIME = ("boto3", "botocore", "s3transfer")
"""What the Lambda runtime has, and the bundle leaves out."""


@pytest.fixture(scope="module")
def settings() -> StackSettings:
    return read_settings(ROOT / "scheduler.toml")


def stage(settings: StackSettings, build: Path, target: Target = "declared", architecture: str = "arm64") -> Path:
    return stage_bundle(settings.service_part, target=target, python="3.13", architecture=architecture, build=build)


@pytest.fixture(scope="module")
def declared(settings: StackSettings, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return stage(settings, tmp_path_factory.mktemp("declared"))


@pytest.fixture(scope="module")
def local(settings: StackSettings, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return stage(settings, tmp_path_factory.mktemp("local"), target="local")


def files(folder: Path) -> dict[str, str]:
    return {
        str(path.relative_to(folder)): sha256(path.read_bytes()).hexdigest()
        for path in folder.rglob("*")
        if path.is_file()
    }


def test_the_zip_is_small(declared: Path, tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "bundle.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        for path in declared.rglob("*"):
            archive.write(path, path.relative_to(declared))
    assert (tmp_path / "bundle.zip").stat().st_size < MAX_ZIP_BYTES


@pytest.mark.parametrize(("architecture", "tag"), [("arm64", "aarch64"), ("x86_64", "x86_64")])
def test_packages_are_those_of_the_declared_runtime(
    architecture: str, tag: str, settings: StackSettings, tmp_path: Path
) -> None:
    libraries = [path.name for path in stage(settings, tmp_path, architecture=architecture).rglob("*.so")]
    assert any(name.startswith("_pydantic_core.cpython-313") for name in libraries)
    assert all(tag in name for name in libraries)


def test_the_service_is_in_it_and_what_the_runtime_has_is_not(declared: Path) -> None:
    names = {path.name for path in declared.iterdir()}
    assert {"app", "chalicelib", "chalice", "pydantic", "pynamodb", "settings.json"} <= names
    assert not names & {*RUNTIME, "pip", "setuptools", "bin", "infra", "runner"}
    assert (declared / DOCUMENT.relative_to(ROOT)).read_bytes() == DOCUMENT.read_bytes()


def test_nothing_in_it_tells_where_or_when_it_was_made(declared: Path, settings: StackSettings, tmp_path: Path) -> None:
    assert files(declared) == files(stage(settings, tmp_path))
    assert not [
        name for name in files(declared) if "__pycache__" in name or name.endswith(("RECORD", "direct_url.json"))
    ]


def test_the_settings_are_those_that_the_service_reads(declared: Path, settings: StackSettings) -> None:
    assert load_settings(declared / "settings.json") == settings.service_part
    assert "network" not in json.loads((declared / "settings.json").read_text())


def test_other_settings_make_another_bundle_of_the_same_packages(settings: StackSettings, tmp_path: Path) -> None:
    other = settings.model_copy(update={"limits": settings.limits.model_copy(update={"max_retries": 1})})
    assert stage(settings, tmp_path) == stage(settings, tmp_path)
    assert stage(settings, tmp_path) != stage(other, tmp_path)
    assert len(list((tmp_path / "packages").iterdir())) == 1


def test_a_package_that_cannot_be_installed_is_one_line_and_leaves_nothing(
    settings: StackSettings, tmp_path: Path
) -> None:
    with pytest.raises(
        BundleError, match=r"^The packages of function.txt cannot be installed for the function bundle: .+$"
    ):
        stage_bundle(
            settings.service_part, target="declared", python="not-a-version", architecture="arm64", build=tmp_path
        )
    assert not list((tmp_path / "packages").iterdir())


def test_without_uv_the_line_says_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(BundleError, match="make init"):
        find_uv(tmp_path)


def test_a_folder_is_made_whole_or_not_at_all(tmp_path: Path) -> None:
    def fail_half_way(folder: Path) -> None:
        (folder / "first").touch()
        raise BundleError("the disk is full")

    with pytest.raises(BundleError):
        make_once(tmp_path / "bundle" / "key", fail_half_way)
    assert not list((tmp_path / "bundle").iterdir())


def test_of_two_that_make_the_same_folder_the_first_wins(tmp_path: Path) -> None:
    def be_overtaken(folder: Path) -> None:
        (folder / "mine").touch()
        make_once(tmp_path / "key", lambda theirs: (theirs / "theirs").touch())

    assert [path.name for path in make_once(tmp_path / "key", be_overtaken).iterdir()] == ["theirs"]
    assert [path.name for path in tmp_path.iterdir()] == ["key"]


SERVE = """
import json, sys
sys.path[:0] = sys.argv[1:3]
from app import app as entry_points
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
answer = entry_points.app(event, Context())
outside = [name for name, module in sys.modules.items()
           if "site-packages" in (getattr(module, "__file__", None) or "")]
print(json.dumps({"status": answer["statusCode"], "body": json.loads(answer["body"]), "outside": outside}))
"""


def test_it_serves_a_request_with_nothing_else_on_the_path(local: Path, tmp_path: Path) -> None:
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
        "without AWS, nobody can be known"
    )
    assert response["outside"] == []
