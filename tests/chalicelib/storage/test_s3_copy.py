"""Copies: small objects with one call, large ones in parallel parts, completely or not at all."""

from collections import Counter
from collections.abc import Callable, Iterator
from datetime import timedelta
from itertools import pairwise
from threading import Event
from types import SimpleNamespace
from typing import Any

import pytest
from botocore.exceptions import ClientError

from chalicelib.config import Limits
from chalicelib.errors import CopyTimeoutError
from chalicelib.storage.clients import S3_CONFIG
from chalicelib.storage.s3_copy import Copier, part_ranges
from tests.support.faults import Lost, NeverSent, Quiet, Refused
from tests.support.scheduler import LocalScheduler, notebook

_MIB = 2**20
_PART = 5 * _MIB
"""The smallest part that S3 accepts."""

_SOURCE, _TARGET = "definitions/anna/d/1/input.zip", "jobs/anna/j/input.zip"
_CONTENT = bytes(range(256)) * (11 * _MIB // 256)
"""Two whole parts and a smaller one."""


@pytest.fixture
def source_etag(local: LocalScheduler) -> str:
    stored = local.client("s3").put_object(Bucket=local.bucket, Key=_SOURCE, Body=_CONTENT)
    return str(stored["ETag"])


def _copier(local: LocalScheduler, **time_limit: float) -> Copier:
    client = local.factory._client("s3", S3_CONFIG)
    return Copier(client, local.bucket, part_bytes=_PART, time_limit=timedelta(**time_limit or {"seconds": 60}))


def _assert_nothing_is_stored(local: LocalScheduler) -> None:
    assert local.objects("jobs/") == []
    assert "Uploads" not in local.client("s3").list_multipart_uploads(Bucket=local.bucket)


def test_a_large_object_is_copied_in_parts(local: LocalScheduler, source_etag: str) -> None:
    _copier(local).copy(_SOURCE, _TARGET, size_bytes=len(_CONTENT), etag=source_etag)
    copied = local.client("s3").get_object(Bucket=local.bucket, Key=_TARGET)["Body"].read()
    assert copied == _CONTENT
    calls = Counter(local.calls)
    assert calls == {"s3:CreateMultipartUpload": 1, "s3:UploadPartCopy": 3, "s3:CompleteMultipartUpload": 1}


@pytest.mark.parametrize("size", [1, _PART, 0], ids=["small", "one part", "unknown"])
def test_an_object_of_one_part_takes_one_call(local: LocalScheduler, source_etag: str, size: int) -> None:
    _copier(local).copy(_SOURCE, _TARGET, size_bytes=size)
    assert local.calls == ["s3:CopyObject"]


def test_the_largest_folder_has_eighty_parts_that_cover_it() -> None:
    (bound,) = [
        constraint.le for constraint in Limits.model_fields["max_folder_mib"].metadata if hasattr(constraint, "le")
    ]
    largest = bound * _MIB
    ranges = [tuple(map(int, part.removeprefix("bytes=").split("-"))) for part in part_ranges(largest)]
    assert ranges[0][0] == 0
    assert ranges[-1][1] == largest - 1
    assert all(before[1] + 1 == after[0] for before, after in pairwise(ranges))
    assert len(ranges) == 79
    assert len(part_ranges(5 * 1024**3)) == 80


class _Enormous(Quiet):
    """S3's responses to the calls of a multipart copy, without storing anything."""

    def before(self, call: str) -> tuple[Any, dict[str, Any]]:  # noqa: ARG002 - a Listener's
        members = {"UploadId": "u", "CopyPartResult": {"ETag": '"e"'}, "ResponseMetadata": {"HTTPStatusCode": 200}}
        return SimpleNamespace(status_code=200, headers={}), members


def test_the_largest_folder_takes_eighty_one_calls(local: LocalScheduler) -> None:
    local.hub.listeners.append(_Enormous())
    client = local.factory._client("s3", S3_CONFIG)
    Copier(client, local.bucket).copy(_SOURCE, _TARGET, size_bytes=5000 * _MIB)
    assert Counter(local.calls) == {
        "s3:CreateMultipartUpload": 1,
        "s3:UploadPartCopy": 79,
        "s3:CompleteMultipartUpload": 1,
    }


_FAULTS: dict[str, Callable[[], Any]] = {
    "create refused": lambda: Refused("SlowDown", "s3:CreateMultipartUpload", status=503),
    "a part is refused": lambda: Refused("SlowDown", "s3:UploadPartCopy", 1, status=503),
    "a part is never sent": lambda: NeverSent("s3:UploadPartCopy", 2),
    "the response for a part is lost": lambda: Lost("s3:UploadPartCopy", 0),
    "completion is refused": lambda: Refused("InternalError", "s3:CompleteMultipartUpload", status=500),
}


@pytest.mark.parametrize("fault", _FAULTS)
def test_a_copy_that_fails_leaves_nothing(local: LocalScheduler, source_etag: str, fault: str) -> None:
    injected = _FAULTS[fault]()
    local.hub.listeners.append(injected)
    # The last one is of moto, which is not safe for the threads of a copy.
    with pytest.raises(Exception, match=r"SlowDown|InternalError|https://s3|changed size during iteration"):
        _copier(local).copy(_SOURCE, _TARGET, size_bytes=len(_CONTENT))
    assert injected.has_happened
    _assert_nothing_is_stored(local)


def test_a_replaced_source_is_not_copied(local: LocalScheduler, source_etag: str) -> None:
    with pytest.raises(ClientError, match="PreconditionFailed"):
        _copier(local).copy(_SOURCE, _TARGET, size_bytes=len(_CONTENT), etag='"another"')
    _assert_nothing_is_stored(local)


def test_the_first_error_is_raised_even_if_the_parts_cannot_be_discarded(
    local: LocalScheduler, source_etag: str
) -> None:
    local.hub.listeners += [
        Refused("SlowDown", "s3:UploadPartCopy", status=503),
        Refused("AccessDenied", "s3:AbortMultipartUpload", status=403),
    ]
    with pytest.raises(ClientError, match="SlowDown"):
        _copier(local).copy(_SOURCE, _TARGET, size_bytes=len(_CONTENT))
    assert local.objects("jobs/") == []


class _Hanging(Quiet):
    """S3 does not respond for a part until it is released."""

    def __init__(self) -> None:
        self.release = Event()

    def before(self, call: str) -> None:
        if call == "s3:UploadPartCopy":
            self.release.wait()


@pytest.fixture
def hanging(local: LocalScheduler) -> Iterator[_Hanging]:
    listener = _Hanging()
    local.hub.listeners.append(listener)
    yield listener
    listener.release.set()


def test_a_copy_that_times_out_reports_it_and_leaves_nothing(
    local: LocalScheduler, source_etag: str, hanging: _Hanging
) -> None:
    with pytest.raises(CopyTimeoutError, match=r"11,534,336 bytes within 0 s\. Nothing was stored\. Send the same"):
        _copier(local, milliseconds=50).copy(_SOURCE, _TARGET, size_bytes=len(_CONTENT))
    _assert_nothing_is_stored(local)


def test_a_create_whose_copy_times_out_returns_503_and_can_be_repeated(
    local: LocalScheduler, hanging: _Hanging
) -> None:
    large = notebook("#" * 6 * _MIB)
    uri = local.upload(large)
    local.factory._files._copier = _copier(local, milliseconds=50)
    response = local.post_job(input_uri=uri, idempotency_token="once")
    assert (response.status, response.body["code"]) == (503, "copy_timeout")
    assert response.headers["Retry-After"] == "2"
    assert local.items() == []
    _assert_nothing_is_stored(local)
    hanging.release.set()
    local.factory._files._copier = _copier(local)
    assert local.post_job(input_uri=uri, idempotency_token="once").status == 200
    assert [key.rpartition("/")[2] for key in local.objects("jobs/")] == ["input.ipynb"]
