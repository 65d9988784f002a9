"""Clients: presigned URLs use the endpoint of the region."""

from typing import Any
from urllib.parse import urlsplit

import boto3
import pytest

from chalicelib.storage.bucket import Bucket
from chalicelib.storage.clients import S3_CONFIG, S3_CONNECTIONS
from chalicelib.storage.s3_copy import Copier

_ENDPOINTS = {
    "us-east-1": "s3.us-east-1.amazonaws.com",
    "us-west-2": "s3.us-west-2.amazonaws.com",
    "eu-central-1": "s3.eu-central-1.amazonaws.com",
    "ap-northeast-1": "s3.ap-northeast-1.amazonaws.com",
    "us-gov-west-1": "s3.us-gov-west-1.amazonaws.com",
    "cn-north-1": "s3.cn-north-1.amazonaws.com.cn",
}
"""Amazon S3 endpoints and quotas, AWS General Reference."""


def _files(region: str, bucket: str, endpoint_url: str | None = None) -> Bucket:
    session = boto3.Session("testing", "testing", region_name=region)
    client = session.client("s3", config=S3_CONFIG, endpoint_url=endpoint_url)
    return Bucket(client, bucket, Copier(client, bucket))


def _urls(files: Bucket) -> list[str]:
    return [
        files.presign_get("jobs/anna/1/input.ipynb", "input.ipynb"),
        files.presign_put("jobs/anna/1/outputs/1/ipynb/a", size_bytes=1, content_type="text/plain"),
        files.presign_upload("uploads/anna/1", 100)[0],
    ]


@pytest.mark.parametrize("bucket", ["notebooks-bucket", "team.notebooks"])
@pytest.mark.parametrize("region", _ENDPOINTS)
def test_presigned_urls_use_the_endpoint_of_the_region(
    region: str, bucket: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    for url in _urls(_files(region, bucket)):
        parts = urlsplit(url)
        assert parts.netloc == _ENDPOINTS[region]
        assert parts.path.split("/")[1] == bucket
        assert "X-Amz-Credential" not in url or f"%2F{region}%2Fs3%2F" in url


def test_presigned_urls_use_the_endpoint_of_the_local_cloud(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:4566")
    assert {urlsplit(url).netloc for url in _urls(_files("us-east-1", "b"))} == {"127.0.0.1:4566"}


def test_parallel_parts_of_a_copy_have_one_connection_each() -> None:
    config: Any = S3_CONFIG  # whose stubs know no options
    assert config.max_pool_connections == S3_CONNECTIONS
