"""The bill of materials of the real image."""

import json
from pathlib import Path

from infra.supply_chain.sbom import main
from local_cloud.container_command import ContainerCommand


def test_every_package_of_the_image_is_listed(engine: ContainerCommand, tmp_path: Path) -> None:
    assert main(["--engine", engine.name, "--output", str(tmp_path)]) == 0
    document = json.loads((tmp_path / "runner-image.cdx.json").read_text(encoding="utf-8"))
    names = {component["name"] for component in document["components"]}
    assert {"dpkg", "libc6", "python3.13-minimal", "tzdata", "ca-certificates"} <= names, "Debian's"
    assert {"papermill", "numpy", "requests", "pip"} <= names, "Python's"
    assert [item["name"] for item in document["properties"]] == ["base image that the Dockerfile pins"]
