"""`make sbom`: write bills of materials of the function bundle and the runner image to `build/sbom/`."""

import argparse
import sys
from collections.abc import Mapping, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Final

from cyclonedx.model.component import Component, ComponentType

from infra.bundle import BundleError, stage_bundle
from infra.container_engine import EngineError, works
from infra.image import RUNNER_IMAGE
from infra.settings import SettingsError, StackSettings, read_settings
from infra.supply_chain.bill_of_materials import write_bill
from infra.supply_chain.image_parts import ImageParts, installed, read_image
from infra.supply_chain.locks import LockedPackage, image_markers, read_lock

__all__ = ["SbomError", "function_bill", "image_bill", "main"]

_ROOT: Final = Path(__file__).parents[2]
_RUNNING_ENGINES: Final = ("docker", "podman")
"""Engines that can run an image, which Buildah cannot."""


class SbomError(Exception):
    """A bundle or image contains a package that is not in its lock; the message names it."""


def function_bill(bundle: Path, lock: str) -> str:
    """Return the bill of a function bundle: its packages, with their hashes from the lock.

    Raises
    ------
    SbomError
        If a package of the bundle is not in the lock.
    """
    subject = _subject(ComponentType.APPLICATION, "jupyter-scheduler-aws-functions")
    notes = {"runtime": "Python and boto3 belong to the Lambda runtime and are not listed"}
    return write_bill(subject, python=_of_lock(installed(bundle), list(read_lock(lock))), notes=notes)


def image_bill(parts: ImageParts | None, lock: str, *, base: str, architecture: str) -> str:
    """Return the bill of the runner image.

    Parameters
    ----------
    parts
        Packages of the built image. If there is no image, None: the bill then lists the lock's packages, without Debian's.
    lock
        The image's lock.
    base
        The pinned base image.
    architecture
        The setting `runners.architecture`.

    Raises
    ------
    SbomError
        If a package of the image is not in the lock.
    """
    subject = _subject(ComponentType.CONTAINER, "jupyter-scheduler-runner")
    locked = list(read_lock(lock, markers=image_markers(architecture=architecture)))
    if parts is None:
        missing = "not listed: they come from the base image and are updated when the image is built; build it first (make image)"
        return write_bill(
            subject, python=locked, notes={"base image that the Dockerfile pins": base, "Debian packages": missing}
        )
    return write_bill(
        subject,
        python=_of_lock(parts.python, locked),
        debian=parts.debian,
        notes={"base image that the Dockerfile pins": base},
    )


def main(arguments: Sequence[str] | None = None) -> int:
    """Write both bills.

    Returns
    -------
    int
        Exit code: 0, or 1 if a bill cannot be written.
    """
    parser = argparse.ArgumentParser(prog="python -m infra.supply_chain.sbom", description="Write bills of materials.")
    parser.add_argument("--engine", help="docker or podman; default: the first that works")
    parser.add_argument("--output", type=Path, default=_ROOT / "build" / "sbom", help="folder")
    options = parser.parse_args(arguments)
    try:
        bills = _bills(read_settings(_ROOT / "scheduler.toml"), options.engine)
    except (BundleError, EngineError, SbomError, SettingsError) as error:
        print(error, file=sys.stderr)  # noqa: T201 - this is the command line
        return 1
    options.output.mkdir(parents=True, exist_ok=True)
    for name, text in bills.items():
        path = options.output / f"{name}.cdx.json"
        path.write_text(text, encoding="utf-8")
        print(path)  # noqa: T201 - this is the command line
    return 0


def _bills(settings: StackSettings, engine: str | None) -> dict[str, str]:
    functions = settings.functions
    bundle = stage_bundle(
        settings.service_part, target="declared", python=functions.python, architecture=functions.architecture
    )
    return {
        "function-bundle": function_bill(bundle, _lock("function")),
        "runner-image": image_bill(
            _image_parts(engine), _lock("runner"), base=_base_image(), architecture=settings.runners.architecture
        ),
    }


def _image_parts(engine: str | None) -> ImageParts | None:
    """Read the packages from the first engine that has the image."""
    for name in [engine] if engine else _RUNNING_ENGINES:
        parts = read_image(name, RUNNER_IMAGE) if works(name) else None
        if parts is not None:
            return parts
    if engine:
        raise EngineError(f"{engine} has no image {RUNNER_IMAGE}; build it first: make image ENGINE={engine}")
    print(f"There is no image {RUNNER_IMAGE}: its bill does not list Debian's packages", file=sys.stderr)  # noqa: T201
    return None


def _subject(kind: ComponentType, name: str) -> Component:
    return Component(type=kind, name=name, version=version("jupyter-scheduler-aws"), bom_ref=name)


def _of_lock(found: Mapping[str, str], locked: Sequence[LockedPackage]) -> list[LockedPackage]:
    by_pin = {(each.name, each.version): each for each in locked}
    if unknown := [f"{name} {pin}" for name, pin in found.items() if (name, pin) not in by_pin]:
        raise SbomError(
            f"Not in the lock: {', '.join(sorted(unknown))}. The bundle or image is older than the lock; build it again."
        )
    return [by_pin[pin] for pin in found.items()]


def _base_image() -> str:
    lines = (_ROOT / "runner_container" / "Dockerfile").read_text(encoding="utf-8").splitlines()
    (line,) = [line for line in lines if line.startswith("ARG BASE_IMAGE=")]
    return line.partition("=")[2]


def _lock(name: str) -> str:
    return (_ROOT / "requirements" / f"{name}.txt").read_text(encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
