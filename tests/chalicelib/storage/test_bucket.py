"""The bucket: presigned forms and URLs, reading in ranges, deleting."""

import base64
import io
import json
import zipfile

import pytest

from chalicelib.errors import NotFoundError, TooLargeError
from chalicelib.storage.bucket import Bucket
from tests.support.scheduler import LocalScheduler


@pytest.fixture
def files(local: LocalScheduler) -> Bucket:
    return local.factory._files


def _put(local: LocalScheduler, key: str, content: bytes) -> None:
    local.client("s3").put_object(Bucket=local.bucket, Key=key, Body=content)


def test_a_form_allows_one_key_and_a_limited_size(files: Bucket) -> None:
    url, fields = files.presign_upload("uploads/anna/1", 100)
    policy = json.loads(base64.b64decode(fields["policy"]))
    assert {"key": "uploads/anna/1"} in policy["conditions"]
    assert ["content-length-range", 1, 100] in policy["conditions"]
    assert fields["x-amz-algorithm"] == "AWS4-HMAC-SHA256"
    assert url.endswith("/bucket")


def test_an_upload_is_read_on_demand(local: LocalScheduler, files: Bucket) -> None:
    content = bytes(range(256)) * 16_384
    _put(local, "uploads/anna/1", content)
    upload = files.open_upload("uploads/anna/1", len(content))
    assert upload.size_bytes == len(content)
    assert upload.file.read(1000) == content[:1000]
    assert local.calls == ["s3:GetObject"]
    upload.file.seek(-1000, io.SEEK_END)
    assert upload.file.read() == content[-1000:]
    upload.file.seek(2**20 - 3)
    assert upload.file.read(9) == content[2**20 - 3 : 2**20 + 6]
    upload.file.seek(0)
    assert upload.file.read() == content


def test_the_directory_of_a_large_zip_is_read_without_the_rest(local: LocalScheduler, files: Bucket) -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as package:
        package.writestr("data.bin", b"x" * 8 * 2**20)
        package.writestr("report.ipynb", b"{}")
    _put(local, "uploads/anna/1", buffer.getvalue())
    with zipfile.ZipFile(files.open_upload("uploads/anna/1", 10**9).file) as package:
        assert package.read("report.ipynb") == b"{}"
    assert len(local.calls) <= 5


def test_an_upload_may_be_as_large_as_the_limit(local: LocalScheduler, files: Bucket) -> None:
    _put(local, "uploads/anna/1", b"x" * 100)
    assert files.open_upload("uploads/anna/1", 100).size_bytes == 100
    with pytest.raises(TooLargeError, match="100 bytes"):
        files.open_upload("uploads/anna/1", 99)
    with pytest.raises(NotFoundError):
        files.open_upload("uploads/anna/2", 99)


def test_only_objects_under_the_prefix_are_deleted(local: LocalScheduler, files: Bucket) -> None:
    for key in ("jobs/anna/1/a", "jobs/anna/1/b/c", "jobs/anna/10/a", "jobs/anna/2/a"):
        _put(local, key, b"x")
    assert files.delete_prefix("jobs/anna/1/") == 2
    assert local.objects() == ["jobs/anna/10/a", "jobs/anna/2/a"]
    assert files.delete_prefix("jobs/anna/1/") == 0


def test_a_url_allows_one_method_and_one_key_for_fifteen_minutes(files: Bucket) -> None:
    get = files.presign_get("jobs/anna/1/outputs/1/html/ü.html", 'ü, "2".html')
    assert "X-Amz-Expires=900" in get
    assert "filename%2A%3DUTF-8%27%27%25C3%25BC%252C%2520%25222%2522.html" in get
    put = files.presign_put("jobs/anna/1/outputs/1/html/x.html", size_bytes=7, content_type="text/html")
    assert "X-Amz-SignedHeaders=content-length%3Bcontent-type%3Bhost" in put
    assert get.partition("?")[0] != put.partition("?")[0]
