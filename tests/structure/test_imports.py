"""Dependencies point one way: app → routes → services → storage → domain; in the client: cli, connector → client → transfers → snapshots → api."""

from collections.abc import Mapping
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
    "chalicelib.factory": 7,
    "chalicelib.events": 8,
    "chalicelib.routes": 8,
    "app": 9,
}
"""Who stands on whom: each part may import those of lower rank, and a package its own modules. The settings hold principals, so what
the domain knows of these comes before them."""

CLIENT_RANKS: Final = {
    "jupyter_scheduler_aws.enums": 0,
    "jupyter_scheduler_aws.parameters": 0,
    "jupyter_scheduler_aws.sanitize": 0,
    "jupyter_scheduler_aws.versions": 0,
    "jupyter_scheduler_aws.errors": 1,
    "jupyter_scheduler_aws.api": 2,
    "jupyter_scheduler_aws.transfers.download_manifest": 2,
    "jupyter_scheduler_aws.snapshots": 3,
    "jupyter_scheduler_aws.transfers": 4,
    "jupyter_scheduler_aws.waiting": 4,
    "jupyter_scheduler_aws.definition_client": 5,
    "jupyter_scheduler_aws.client": 6,
    "jupyter_scheduler_aws.cli": 7,
    "jupyter_scheduler_aws.connector": 7,
    "jupyter_scheduler_aws.__main__": 8,
}
"""The same for the client. Snapshots leave out what the download manifest lists, so it comes before them."""

MAY_IMPORT: Final = {
    "app": {"app", "chalicelib"},
    "chalicelib": {"chalicelib"},
    "infra": {"infra", "chalicelib", "app"},
    "jupyter_scheduler_aws": {"jupyter_scheduler_aws"},
    "local_cloud": {"local_cloud"},
    "runner": {"runner"},
}
"""Which of the project's packages each one may import. `infra` reads the routes and the settings of the service."""


def part_of(module: str, ranks: Mapping[str, int] = RANKS) -> str | None:
    """Find the part that a module belongs to."""
    return next((part for part in ranks if module == part or module.startswith(f"{part}.")), None)


def wrong_directions(module: str, imports: set[str], ranks: Mapping[str, int] = RANKS) -> set[str]:
    """Return what a module imports from a part of the same or a higher rank."""
    own = part_of(module, ranks)
    assert own, f"{module} has no rank; add one"
    parts = {(name, part_of(name, ranks)) for name in imports}
    return {name for name, part in parts if part and part != own and ranks[part] >= ranks[own]}


@pytest.mark.parametrize(
    "source",
    [each for each in sources("chalicelib") + sources("app") if each.path != "chalicelib/__init__.py"],
    ids=str,
)
def test_the_service_depends_one_way(source: Source) -> None:
    assert wrong_directions(source.module, source.imports) == set()


def test_the_client_depends_one_way() -> None:
    modules = [source for source in sources("jupyter_scheduler_aws") if source.path != "jupyter_scheduler_aws/__init__.py"]
        source
        for source in sources("jupyter_scheduler_aws")
        if source.path.count("/") > 1 or "__init__" not in source.path
    ]
    wrong = {source.path: wrong_directions(source.module, source.imports, CLIENT_RANKS) for source in modules}
    assert not {path: found for path, found in wrong.items() if found}


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
