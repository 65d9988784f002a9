"""A function loads what its role needs, no more, and all of it while Lambda initializes the function."""

import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from infra.functions import FUNCTIONS
from infra.settings import read_settings
from tests.infra.synthesized import ROOT
from tests.infra.test_functions import SERVICES

PROGRAM = """
import importlib, json, pathlib, sys
root, settings, entry_point, *services = sys.argv[1:]
sys.path.insert(0, root)
importlib.import_module(entry_point)
at_init = sorted(sys.modules)

from botocore.session import Session
from chalicelib.config import load_settings
from chalicelib.factory import Factory
from chalicelib.resources import Resources

class Variables(dict):
    def get(self, name, default=None):
        return "eu-central-1"

session = Session()
session.set_config_variable("region", "eu-central-1")
factory = Factory(settings=load_settings(pathlib.Path(settings)), resources=Resources(Variables()), session=session)
for service in services:
    getattr(factory, service)
print(json.dumps({"at_init": at_init, "later": sorted(set(sys.modules) - set(at_init))}))
"""
"""Import an entry point, then make the services that its handler uses."""


@dataclass(frozen=True)
class Loaded:
    """The modules that a function loads."""

    at_init: list[str]
    later: list[str]

    def has(self, *packages: str) -> list[str]:
        """Return the modules of these packages that are loaded at init."""
        return [name for name in self.at_init if name in packages or name.startswith(tuple(f"{p}." for p in packages))]


@pytest.fixture(scope="module")
def loaded(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Loaded]:
    """What each function loads, in a process of its own."""
    settings = tmp_path_factory.mktemp("settings") / "settings.json"
    settings.write_text(read_settings(ROOT / "scheduler.toml").service_part.model_dump_json())
    return {spec.name: _load(spec.name, spec.handler.rpartition(".")[0], settings) for spec in FUNCTIONS}


def _load(name: str, entry_point: str, settings: Path) -> Loaded:
    services = SERVICES[name.title().replace("-", "")].split()
    command = [sys.executable, "-I", "-c", PROGRAM, str(ROOT), str(settings), entry_point, *services]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr
    return Loaded(**json.loads(result.stdout))


EVENT_FUNCTIONS = sorted(spec.name for spec in FUNCTIONS if spec.name != "api")


@pytest.mark.parametrize("name", ["api", *EVENT_FUNCTIONS])
def test_no_function_imports_boto3(name: str, loaded: dict[str, Loaded]) -> None:
    assert loaded[name].has("botocore.session")
    assert not loaded[name].has("boto3", "s3transfer")


@pytest.mark.parametrize("name", EVENT_FUNCTIONS)
def test_event_functions_import_neither_chalice_nor_routes(name: str, loaded: dict[str, Loaded]) -> None:
    assert not loaded[name].has("chalice", "chalicelib.routes")


def test_the_api_function_imports_no_task_launcher_and_no_background_services(loaded: dict[str, Loaded]) -> None:
    background = [
        "cleanup",
        "definition_cleanup",
        "definition_sweep",
        "dispatch",
        "missed_ticks",
        "sweep",
        "task_events",
        "ticks",
    ]
    assert not loaded["api"].has("chalicelib.storage.task_launcher", *(f"chalicelib.services.{n}" for n in background))


def test_the_api_function_does_not_import_the_openapi_generator(loaded: dict[str, Loaded]) -> None:
    assert not loaded["api"].has("chalicelib.routes.openapi")


def test_the_dispatch_function_imports_no_services_of_jobs_and_definitions(loaded: dict[str, Loaded]) -> None:
    assert loaded["dispatch"].has("chalicelib.services.dispatch", "chalicelib.storage.task_launcher")
    users = ["definition_runs", "definitions", "jobs", "outputs", "owners", "runs", "take_over", "uploads"]
    others = [
        "cleanup",
        "definition_cleanup",
        "definition_sweep",
        "missed_ticks",
        "schedule_sync",
        "sweep",
        "task_events",
        "ticks",
    ]
    assert not loaded["dispatch"].has(*(f"chalicelib.services.{name}" for name in (*users, *others)))


@pytest.mark.parametrize("name", ["api", *EVENT_FUNCTIONS])
def test_the_first_request_imports_no_more_of_the_service(name: str, loaded: dict[str, Loaded]) -> None:
    assert [module for module in loaded[name].later if module.startswith("chalicelib")] == []


def test_no_pydantic_model_is_built_at_import() -> None:
    """A model that is built at import costs every cold start, also of functions that never use it."""
    program = (
        "import sys; sys.path.insert(0, sys.argv[1]); import app.app; from pydantic import BaseModel\n"
        "models = [BaseModel]\n"
        "for model in models: models += model.__subclasses__()\n"
        "print([f'{m.__module__}.{m.__name__}' for m in models[1:] if m.__pydantic_complete__ and m.__module__.startswith('chalicelib')])"
    )
    result = subprocess.run(
        [sys.executable, "-I", "-c", program, str(ROOT)], capture_output=True, text=True, check=True
    )
    assert result.stdout.strip() == "[]"
