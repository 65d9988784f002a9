"""Dependencies point one way: app → routes → services → storage → domain; what meets the service over HTTP shares no code with it."""

from typing import Final

import pytest

from tests.structure.sources import PACKAGES, Source, sources

RANKS: Final = {
    "chalicelib.errors": 0,
    "chalicelib.domain.authorization.principal": 1,
    "chalicelib.domain.authorization.principal_settings": 2,
    "chalicelib.config": 3,
    "chalicelib.resources": 3,
    "chalicelib.domain": 4,
    "chalicelib.observability": 4,
    "chalicelib.storage": 5,
    "chalicelib.services": 6,
    "chalicelib.stores": 6,
    "chalicelib.shared_services": 7,
    "chalicelib.factory": 8,
    "chalicelib.events": 9,
    "chalicelib.routes": 9,
    "app": 10,
}
"""Who stands on whom: each part may import those of lower rank, and a package its own modules. The settings hold principals, so what
the domain knows of these comes before them."""

MAY_IMPORT: Final = {
    "app": {"app", "chalicelib"},
    "chalicelib": {"chalicelib"},
    "infra": {"infra", "chalicelib", "app"},
    "jupyter_scheduler_aws": {"jupyter_scheduler_aws"},
    "local_cloud": {"local_cloud"},
    "runner": {"runner"},
}
"""Which of the project's packages each one may import. `infra` reads the routes and the settings of the service."""


def part_of(module: str) -> str | None:
    """Find the part of the service that a module belongs to."""
    return next((part for part in RANKS if module == part or module.startswith(f"{part}.")), None)


def wrong_directions(module: str, imports: set[str]) -> set[str]:
    """Name what a module of the service imports from a part that stands on it, or beside it."""
    own = part_of(module)
    assert own, f"{module} is in no part of the service; give it a rank"
    parts = {(name, part_of(name)) for name in imports}
    return {name for name, part in parts if part and part != own and RANKS[part] >= RANKS[own]}


@pytest.mark.parametrize(
    "source",
    [each for each in sources("chalicelib") + sources("app") if each.path != "chalicelib/__init__.py"],
    ids=str,
)
def test_the_service_depends_one_way(source: Source) -> None:
    assert wrong_directions(source.module, source.imports) == set()


@pytest.mark.parametrize("package", PACKAGES)
def test_packages_import_only_what_they_may(package: str) -> None:
    for source in sources(PACKAGES[package]):
        own = source.imported_packages() & (PACKAGES.keys() | {"tests", "benchmarks"})
        assert own <= MAY_IMPORT[package], source.path


def test_the_runner_knows_nothing_of_aws() -> None:
    for source in sources(PACKAGES["runner"]):
        assert not source.imported_packages() & {"boto3", "botocore", "aiobotocore", "s3fs"}, source.path


def test_imports_are_absolute() -> None:
    for package, folder in PACKAGES.items():
        relative = {source.path for source in sources(folder) if any(name.startswith(".") for name in source.imports)}
        assert not relative, package


def test_a_wrong_direction_would_be_seen() -> None:
    imports = {"chalicelib.services.jobs", "chalicelib.storage.bucket", "chalicelib.errors", "json"}
    assert wrong_directions("chalicelib.storage.job_table", imports) == {"chalicelib.services.jobs"}
    assert wrong_directions("chalicelib.routes.jobs", {"chalicelib.events"}) == {"chalicelib.events"}
    assert wrong_directions("app.app", imports) == set()


def test_every_package_is_there() -> None:
    assert all(sources(folder) for folder in PACKAGES.values())
