"""What `pip install` does: it enables the connector, and installs typed code that imports quickly."""

import json
import shutil
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest
from jupyter_scheduler.environments import EnvironmentManager
from jupyter_scheduler.job_files_manager import JobFilesManager
from jupyter_scheduler.scheduler import BaseScheduler
from jupyter_server.extension.manager import ExtensionPackage
from traitlets.utils.importstring import import_item

ROOT = Path(__file__).parents[2]
CONFIG = "etc/jupyter/jupyter_jupyter_scheduler_config.json"
SERVER_CONFIG = "etc/jupyter/jupyter_server_config.d/jupyter_scheduler_aws.json"
KINDS = {
    "scheduler_class": BaseScheduler,
    "environment_manager_class": EnvironmentManager,
    "job_files_manager_class": JobFilesManager,
}


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> zipfile.ZipFile:
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", str(folder)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    [path] = folder.glob("*.whl")
    return zipfile.ZipFile(path)


def test_wheel_enables_the_connector(wheel: zipfile.ZipFile) -> None:
    [name] = [name for name in wheel.namelist() if name.endswith(f".data/data/{CONFIG}")]
    settings = json.loads(wheel.read(name))["SchedulerApp"]
    assert settings.pop("db_url") == "sqlite://", "the stock scheduler's database is made in memory, and nowhere else"
    assert settings.keys() == KINDS.keys()
    for trait, path in settings.items():
        assert issubclass(import_item(path), KINDS[trait])


def test_wheel_has_the_extension_of_jupyterlab_in_the_place_where_it_is_found(wheel: zipfile.ZipFile) -> None:
    folder = ".data/data/share/jupyter/labextensions/jupyter-scheduler-aws"
    [name] = [name for name in wheel.namelist() if name.endswith(f"{folder}/package.json")]
    document = json.loads(wheel.read(name))
    version = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]
    assert document["version"] == version
    assert document["jupyterlab"]["disabledExtensions"] == ["@jupyterlab/scheduler:IAdvancedOptions"]
    script = document["jupyterlab"]["_build"]["load"]
    assert f"{name.removesuffix('package.json')}{script}" in wheel.namelist()
    assert not [name for name in wheel.namelist() if name.startswith("jupyter_scheduler_aws/labextension")], (
        "once is enough"
    )


def test_without_node_the_extension_is_left_out_and_the_build_says_why(tmp_path: Path) -> None:
    source = tmp_path / "source"
    shutil.copytree(
        ROOT / "jupyter_scheduler_aws",
        source / "jupyter_scheduler_aws",
        ignore=shutil.ignore_patterns("labextension", "__pycache__"),
    )
    (source / "labextension").mkdir()
    for name in ("pyproject.toml", "README.md", "LICENSE", "labextension/build_hook.py"):
        shutil.copy(ROOT / name, source / name)
    command = [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", str(tmp_path)]
    done = subprocess.run(
        command, cwd=source, env={"PATH": str(tmp_path)}, check=True, capture_output=True, encoding="utf-8"
    )
    assert "node and npm not found, so the JupyterLab extension is left out. Install Node.js" in done.stderr
    [path] = tmp_path.glob("*.whl")
    names = zipfile.ZipFile(path).namelist()
    assert not [name for name in names if "labextensions" in name]
    assert any(name.endswith(CONFIG) for name in names)


def test_wheel_enables_the_endpoints(wheel: zipfile.ZipFile) -> None:
    """As the Jupyter server does it: the names in its configuration are packages, which name the modules that extend it."""
    [name] = [name for name in wheel.namelist() if name.endswith(f".data/data/{SERVER_CONFIG}")]
    [(package, is_enabled)] = json.loads(wheel.read(name))["ServerApp"]["jpserver_extensions"].items()
    assert is_enabled is True
    loaded = ExtensionPackage(name=package, enabled=True)  # type: ignore[no-untyped-call] # of jupyter-server
    [point] = loaded.extension_points.values()
    assert point.validate()
    assert point.module_name == "jupyter_scheduler_aws.connector.server_extension"


def test_wheel_has_only_the_package(wheel: zipfile.ZipFile) -> None:
    tops = {name.partition("/")[0].partition("-")[0] for name in wheel.namelist()}
    assert tops == {"jupyter_scheduler_aws"}


def test_wheel_has_the_marker_of_typed_packages(wheel: zipfile.ZipFile) -> None:
    assert "jupyter_scheduler_aws/py.typed" in wheel.namelist()


def test_types_are_visible_to_users(tmp_path: Path) -> None:
    program = tmp_path / "program.py"
    program.write_text(
        "from jupyter_scheduler_aws import Client\n"
        "with Client() as client:\n"
        "    reveal_type(client.get_job('1').timeout)\n"
        "    client.get_job(1)\n"
    )
    command = [
        sys.executable,
        "-m",
        "mypy",
        "--strict",
        "--config-file",
        "",
        "--cache-dir",
        str(tmp_path),
        str(program),
    ]
    done = subprocess.run(command, cwd=tmp_path, check=False, capture_output=True, text=True)
    assert 'Revealed type is "datetime.timedelta | None"' in done.stdout, done.stdout
    assert "program.py:4: error: Argument 1" in done.stdout
    assert "import-untyped" not in done.stdout


@pytest.mark.parametrize("name", ["JobStatus", "InputChoice", "OverlapPolicy", "SchedulerClientError"])
def test_names_for_the_command_line_import_no_library(name: str) -> None:
    code = f"import sys; from jupyter_scheduler_aws import {name}; print({{'httpx', 'botocore', 'tenacity'}} & sys.modules.keys())"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True, capture_output=True, text=True)
    assert done.stdout.strip() == "set()"


def test_client_imports_no_library_that_most_commands_do_not_need() -> None:
    code = "import sys; from jupyter_scheduler_aws import Client; print({'boto3', 'pydantic', 'nbformat', 'pathspec'} & sys.modules.keys())"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True, capture_output=True, text=True)
    assert done.stdout.strip() == "set()"


def test_public_names_can_be_imported() -> None:
    import jupyter_scheduler_aws

    for name in jupyter_scheduler_aws.__all__:
        assert getattr(jupyter_scheduler_aws, name).__name__ == name


def test_command_line_does_not_import_the_jupyter_server() -> None:
    code = "import sys, jupyter_scheduler_aws.cli; print({'jupyter_scheduler', 'jupyter_server'} & sys.modules.keys())"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True, capture_output=True, text=True)
    assert done.stdout.strip() == "set()"


def test_unknown_name_raises_an_attribute_error() -> None:
    import jupyter_scheduler_aws

    with pytest.raises(AttributeError, match="Azure"):
        jupyter_scheduler_aws.AzureScheduler  # noqa: B018 - the access is the test
