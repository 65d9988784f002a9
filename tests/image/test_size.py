"""The compressed size of the image, which every container pulls, and of the layer that a new runner changes."""

import json
import tarfile
import zlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from local_cloud.container_command import ContainerCommand
from local_cloud.paths import RUNNER_IMAGE

MAX_BYTES = 350_000_000
"""docs/environments.md states it."""

CHUNK_BYTES = 4 << 20


@pytest.fixture(scope="module")
def archive(engine: ContainerCommand, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tarfile.TarFile]:
    path = tmp_path_factory.mktemp("image") / "image.tar"
    engine.output("save", "--output", str(path), RUNNER_IMAGE, seconds=120)
    with tarfile.open(path) as archive:
        yield archive
    path.unlink()


def layers(archive: tarfile.TarFile) -> list[str]:
    """Return the layers' files in the archive, starting with the base."""
    manifest = archive.extractfile("manifest.json")
    assert manifest
    (image,) = json.load(manifest)
    return list(image["Layers"])


def compressed_bytes(archive: tarfile.TarFile, layer: str) -> int:
    """Return the size of a layer with gzip's fastest level. In a registry it is a tenth smaller."""
    file = archive.extractfile(layer)
    assert file
    packer = zlib.compressobj(level=1, wbits=31)
    return sum(len(packer.compress(chunk)) for chunk in iter(lambda: file.read(CHUNK_BYTES), b"")) + len(packer.flush())


def test_the_image_is_small(archive: tarfile.TarFile) -> None:
    sizes = {layer: compressed_bytes(archive, layer) for layer in dict.fromkeys(layers(archive))}
    assert sum(sizes.values()) <= MAX_BYTES, sizes


def test_a_new_runner_changes_only_the_last_and_smallest_layer(archive: tarfile.TarFile, tmp_path: Path) -> None:
    last = layers(archive)[-1]
    archive.extract(last, tmp_path, filter="data")
    with tarfile.open(tmp_path / last) as layer:
        names = [member.name for member in layer.getmembers() if not member.isdir()]
    assert names
    assert all(name.removeprefix("./").startswith("opt/runner/runner/") for name in names), names
    assert compressed_bytes(archive, last) < 500_000
