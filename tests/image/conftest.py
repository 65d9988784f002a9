"""The image, run by Podman or Docker with the options of the deployed task definition. If something is missing, the suite fails and says what to do."""

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from local_cloud.container_command import ContainerCommand
from local_cloud.container_engine import RealContainers
from local_cloud.container_options import ContainerOptions
from local_cloud.engine_choice import choose_engine
from local_cloud.errors import LocalCloudError
from tests.image.containers import ImageRunner
from tests.runner.conftest import order, service
from tests.runner.fake_service import FakeService
from tests.support.deployed import Deployed, deployed

__all__ = ["deployed", "order", "service"]


@pytest.fixture(scope="session")
def engine() -> ContainerCommand:
    """Return the engine that `LOCAL_CLOUD_ENGINE` names, by default Podman."""
    name = os.environ.get("LOCAL_CLOUD_ENGINE", "podman")
    try:
        command = choose_engine({**os.environ, "LOCAL_CLOUD_ENGINE": name})
    except LocalCloudError as error:
        pytest.fail(str(error), pytrace=False)
    assert command, "the image suite needs a container engine: LOCAL_CLOUD_ENGINE=podman or docker"
    return command


@pytest.fixture(scope="session")
def containers(engine: ContainerCommand, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RealContainers]:
    containers = RealContainers(tmp_path_factory.mktemp("containers") / "tasks", command=engine, rewrite=dict)
    yield containers
    containers.close()


@pytest.fixture(scope="session")
def task_options(deployed: Deployed) -> ContainerOptions:
    """Return the container options of the deployed task definition."""
    (template,) = (deployed.folder / "cdk.out").glob("*.template.json")
    return read_options(template)


def read_options(template: Path) -> ContainerOptions:
    """Read the container's options from a synthesized template."""
    resources = json.loads(template.read_text(encoding="utf-8"))["Resources"].values()
    (task,) = (resource["Properties"] for resource in resources if resource["Type"] == "AWS::ECS::TaskDefinition")
    (container,) = task["ContainerDefinitions"]
    return ContainerOptions.from_definition(_to_camel_case(container), _to_camel_case(task), {})


def _to_camel_case(value: Any) -> Any:
    if isinstance(value, dict):
        return {name[:1].lower() + name[1:]: _to_camel_case(item) for name, item in value.items()}
    return [_to_camel_case(item) for item in value] if isinstance(value, list) else value


@pytest.fixture
def runner(containers: RealContainers, task_options: ContainerOptions, service: FakeService) -> Iterator[ImageRunner]:
    runner = ImageRunner(containers, task_options, service)
    yield runner
    runner.close()
