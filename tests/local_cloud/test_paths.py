from pathlib import Path

import pytest

from local_cloud.errors import LocalCloudError
from local_cloud.paths import ROOT, LocalPaths


def test_the_default_is_the_folder_of_the_repository() -> None:
    paths = LocalPaths.from_environment({})
    assert paths == LocalPaths(folder=ROOT / ".local-cloud", port=4566)
    assert paths.endpoint_url == "http://127.0.0.1:4566"


def test_two_variables_set_folder_and_port(tmp_path: Path) -> None:
    paths = LocalPaths.from_environment({"LOCAL_CLOUD_DIR": str(tmp_path / "other"), "LOCAL_CLOUD_PORT": "4999"})
    assert paths == LocalPaths(folder=tmp_path / "other", port=4999)
    assert paths.state.is_relative_to(tmp_path)
    assert paths.emulator_python.is_relative_to(ROOT)


@pytest.mark.parametrize("port", ["", "0"])
def test_an_empty_port_is_the_default_and_port_0_is_refused(port: str) -> None:
    if not port:
        assert LocalPaths.from_environment({"LOCAL_CLOUD_PORT": port}).port == 4566
        return
    with pytest.raises(
        LocalCloudError, match=r"LOCAL_CLOUD_PORT=0 is not a port; choose a number from 1024 to 65533\."
    ):
        LocalPaths.from_environment({"LOCAL_CLOUD_PORT": port})


@pytest.mark.parametrize("port", ["80", "65534", "-4566", "http", "4566.0"])
def test_an_invalid_port_is_refused(port: str) -> None:
    with pytest.raises(LocalCloudError, match="LOCAL_CLOUD_PORT="):
        LocalPaths.from_environment({"LOCAL_CLOUD_PORT": port})
