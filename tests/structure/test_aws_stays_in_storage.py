"""Only the storage package, and `stores.py` which makes its clients, know the libraries for AWS; errors cross as `AwsError`."""

from typing import Final

from tests.structure.sources import sources

AWS_LIBRARIES: Final = {"boto3", "botocore", "pynamodb"}
STORES_MODULE: Final = "chalicelib.stores"


def test_only_storage_imports_the_libraries_for_aws() -> None:
    users = {source.module for source in sources("chalicelib") if source.imported_packages() & AWS_LIBRARIES}
    others = {module for module in users if not module.startswith("chalicelib.storage.")}
    assert others == {STORES_MODULE}
