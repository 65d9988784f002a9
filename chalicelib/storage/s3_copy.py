"""Copies inside the bucket: S3 copies by itself, large objects in parts side by side."""

import logging
from collections.abc import Mapping
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

from botocore.exceptions import BotoCoreError, ClientError

from chalicelib.errors import CopyTimeoutError
from chalicelib.storage.clients import S3_CONNECTIONS

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_s3.type_defs import CompletedPartTypeDef, CopySourceTypeDef

__all__ = ["COPY_TIME", "PART_BYTES", "Copier", "part_ranges"]

_log = logging.getLogger(__name__)

PART_BYTES: Final = 64 * 1024 * 1024
"""Size of a part: at the 85-90 MB/s that one request to S3 is good for (Amazon S3 user guide, "Performance design patterns"), it takes
less than a second. The largest folder, 5 GB, has 80 parts in three rounds."""

COPY_TIME: Final = timedelta(seconds=15)
"""How long a copy may take: half of what the shortest function, the API's, has."""


class Copier:
    """Copies objects of one bucket.

    Parameters
    ----------
    client
        An S3 client that allows `S3_CONNECTIONS` connections.
    bucket
        The bucket's name.
    part_bytes
        Size of a part; S3 takes parts from 5 MiB on.
    time_limit
        How long the parts of one copy may take.
    """

    def __init__(
        self, client: "S3Client", bucket: str, *, part_bytes: int = PART_BYTES, time_limit: timedelta = COPY_TIME
    ) -> None:
        self._client = client
        self._bucket = bucket
        self._part_bytes = part_bytes
        self._time_limit = time_limit

    def copy(self, source: str, key: str, *, size_bytes: int, etag: str | None = None) -> None:
        """Copy an object, completely or not at all.

        Parameters
        ----------
        source, key
            From where to where.
        size_bytes
            Its size. An object of one part is copied by one call, whatever is said here.
        etag
            Copy only if this is the source's ETag.

        Raises
        ------
        CopyTimeoutError
            If it took too long.
        ClientError
            If S3 refused: `NoSuchKey`, or `PreconditionFailed` for another ETag.
        """
        if size_bytes <= self._part_bytes:
            self._client.copy_object(Bucket=self._bucket, Key=key, **self._source(source, etag))
            return
        upload_id = self._client.create_multipart_upload(Bucket=self._bucket, Key=key)["UploadId"]
        try:
            parts = self._copy_parts(source, key, upload_id, size_bytes, etag=etag)
            self._client.complete_multipart_upload(
                Bucket=self._bucket, Key=key, UploadId=upload_id, MultipartUpload={"Parts": parts}
            )
        except Exception:
            self._abort(key, upload_id)
            raise

    def _copy_parts(
        self, source: str, key: str, upload_id: str, size_bytes: int, *, etag: str | None
    ) -> "list[CompletedPartTypeDef]":
        """Copy all parts; what is not done when one fails or time is over is left."""
        target = {"Bucket": self._bucket, "Key": key, "UploadId": upload_id, **self._source(source, etag)}
        pool = ThreadPoolExecutor(S3_CONNECTIONS)
        try:
            ranges = part_ranges(size_bytes, self._part_bytes)
            parts = [pool.submit(self._copy_part, target, number, each) for number, each in enumerate(ranges, start=1)]
            done, late = wait(parts, self._time_limit.total_seconds(), FIRST_EXCEPTION)
            for each in done:
                each.result()  # raises what has failed
            if late:
                raise CopyTimeoutError.for_size(size_bytes, self._time_limit)
            return [each.result() for each in parts]
        finally:
            pool.shutdown(wait=False, cancel_futures=True)

    def _copy_part(self, target: Mapping[str, Any], number: int, byte_range: str) -> "CompletedPartTypeDef":
        response = self._client.upload_part_copy(**target, PartNumber=number, CopySourceRange=byte_range)
        return {"PartNumber": number, "ETag": response["CopyPartResult"]["ETag"]}

    def _abort(self, key: str, upload_id: str) -> None:
        """Discard the parts; if that fails, too, the bucket's lifecycle discards them after a day."""
        try:
            self._client.abort_multipart_upload(Bucket=self._bucket, Key=key, UploadId=upload_id)
        except (BotoCoreError, ClientError):
            _log.warning("parts of a copy not discarded; the lifecycle will", extra={"key": key}, exc_info=True)

    def _source(self, key: str, etag: str | None) -> dict[str, Any]:
        source: CopySourceTypeDef = {"Bucket": self._bucket, "Key": key}
        return {"CopySource": source, **({"CopySourceIfMatch": etag} if etag else {})}


def part_ranges(size_bytes: int, part_bytes: int = PART_BYTES) -> list[str]:
    """Cut an object into the ranges of its parts, as `UploadPartCopy` takes them."""
    starts = range(0, size_bytes, part_bytes)
    return [f"bytes={start}-{min(start + part_bytes, size_bytes) - 1}" for start in starts]
