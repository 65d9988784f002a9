"""Bills of materials: everything that is in a bundle or image, and nothing else."""

import json
from importlib import metadata
from pathlib import Path
from typing import Any, Final

import pytest
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
from packaging.utils import canonicalize_name

from infra.bundle import stage_bundle
from infra.settings import read_settings
from infra.supply_chain.bill_of_materials import DebianPackage
from infra.supply_chain.image_parts import ImageParts
from infra.supply_chain.locks import read_lock
from infra.supply_chain.sbom import SbomError, function_bill, image_bill, main
from tests.infra.synthesized import ROOT

BASE: Final = "debian:trixie-slim@sha256:" + "a" * 64
HASH: Final = "b" * 64
LOCK: Final = f"""\
porous==1.0 \\
    --hash=sha256:{HASH} \\
    --hash=sha256:{"c" * 64}
    # via something
Dense_Stuff[extra]==2.0 ; python_full_version >= '3.12' and sys_platform != 'win32' \\
    --hash=sha256:{HASH}
dense-stuff==1.0 ; python_full_version < '3.12' \\
    --hash=sha256:{HASH}
colorama==0.4.6 ; sys_platform == 'win32' \\
    --hash=sha256:{HASH}
"""


def parts(bill: str) -> dict[str, dict[str, Any]]:
    """Components by package URL, of a document that the schema allows."""
    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(bill) is None
    return {each["purl"]: each for each in json.loads(bill)["components"]}


def hashes(component: dict[str, Any]) -> set[str]:
    return {each["content"] for reference in component["externalReferences"] for each in reference["hashes"]}


@pytest.fixture(scope="module")
def bundle() -> Path:
    """The bundle that a deployment would upload."""
    settings = read_settings(ROOT / "scheduler.toml")
    functions = settings.functions
    return stage_bundle(
        settings.service_part, target="declared", python=functions.python, architecture=functions.architecture
    )


def test_every_distribution_of_the_bundle_is_listed_with_version_and_hash(bundle: Path) -> None:
    lock = (ROOT / "requirements" / "function.txt").read_text(encoding="utf-8")
    found = parts(function_bill(bundle, lock))
    in_bundle = {
        f"pkg:pypi/{canonicalize_name(each.name)}@{each.version}" for each in metadata.distributions(path=[str(bundle)])
    }
    assert len(in_bundle) > 10
    assert set(found) == in_bundle
    for component in found.values():
        assert hashes(component)
        assert all(each in lock for each in hashes(component))


def test_a_package_that_the_lock_does_not_name_is_an_error(bundle: Path) -> None:
    lock = (ROOT / "requirements" / "function.txt").read_text(encoding="utf-8").replace("pydantic==", "pydantic==9.")
    with pytest.raises(SbomError, match=r"Not in the lock: pydantic 2.*build it again"):
        function_bill(bundle, lock)


def test_a_lock_is_read_with_its_markers() -> None:
    assert [(each.name, each.version) for each in read_lock(LOCK)] == [
        ("porous", "1.0"),
        ("dense-stuff", "2.0"),
        ("dense-stuff", "1.0"),
        ("colorama", "0.4.6"),
    ]
    assert [len(each.hashes) for each in read_lock(LOCK)] == [2, 1, 1, 1]


@pytest.mark.parametrize("name", [path.name for path in sorted((ROOT / "requirements").glob("*.txt"))])
def test_every_lock_can_be_read_and_has_hashes(name: str) -> None:
    packages = list(read_lock((ROOT / "requirements" / name).read_text(encoding="utf-8")))
    assert packages
    assert all(each.hashes for each in packages)


def test_without_an_image_the_bill_lists_the_lock_with_a_note() -> None:
    bill = image_bill(None, LOCK, base=BASE, architecture="x86_64")
    assert set(parts(bill)) == {"pkg:pypi/porous@1.0", "pkg:pypi/dense-stuff@2.0"}
    notes = {each["name"]: each["value"] for each in json.loads(bill)["properties"]}
    assert notes["Debian packages"].startswith("not listed")
    assert notes["base image that the Dockerfile pins"] == BASE


def test_the_bill_lists_the_packages_of_the_image() -> None:
    dash = DebianPackage(name="libdash0", version="1:2.0-1+b1", architecture="amd64", source="dash")
    found = parts(
        image_bill(ImageParts(debian=[dash], python={"porous": "1.0"}), LOCK, base=BASE, architecture="x86_64")
    )
    assert set(found) == {
        "pkg:pypi/porous@1.0",
        "pkg:deb/debian/libdash0@1:2.0-1%2Bb1?arch=amd64&distro=trixie&upstream=dash",
    }


def test_an_image_that_is_older_than_the_lock_is_an_error() -> None:
    with pytest.raises(SbomError, match=r"Not in the lock: porous 0\.9"):
        image_bill(ImageParts(debian=[], python={"porous": "0.9"}), LOCK, base=BASE, architecture="x86_64")


def test_the_same_parts_give_the_same_bytes(bundle: Path) -> None:
    lock = (ROOT / "requirements" / "function.txt").read_text(encoding="utf-8")
    assert function_bill(bundle, lock) == function_bill(bundle, lock)
    lines = "".join(sorted(LOCK.replace("\\\n", " ").splitlines(keepends=True), reverse=True))
    bills = {image_bill(None, each, base=BASE, architecture="x86_64") for each in (LOCK, lines)}
    assert len(bills) == 1


def test_an_engine_without_the_image_is_an_error(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert main(["--engine", "no-such-engine", "--output", str(tmp_path)]) == 1
    assert "no-such-engine has no image jupyter-scheduler-runner:local" in capsys.readouterr().err
    assert not list(tmp_path.iterdir())
