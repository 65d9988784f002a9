"""Copies within the bucket, made by S3 itself: large objects in parallel parts."""

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
"""Size of a part: at the 85-90 MB/s of one request to S3 (Amazon S3 user guide, "Performance design patterns"), it takes less than a
second. The largest folder, 5 GiB, has 80 parts in three rounds."""

COPY_TIME: Final = timedelta(seconds=15)
"""How long a copy may take: half of the shortest timeout of a function, the API's."""


class Copier:
    """Copies objects of one bucket.

    Parameters
    ----------
    client
        An S3 client that allows `S3_CONNECTIONS` connections.
    bucket
        The bucket's name.
    part_bytes
        Size of a part; S3 accepts parts of 5 MiB or more.
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
            Keys of the object and of the copy.
        size_bytes
            Its size; 0 if unknown. An object of one part is copied with one call.
        etag
            Copy only if the source has this ETag.

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
        """Copy all parts; after the first failure or the time limit, the rest is abandoned."""
        target = {"Bucket": self._bucket, "Key": key, "UploadId": upload_id, **self._source(source, etag)}
        pool = ThreadPoolExecutor(S3_CONNECTIONS)
        try:
            ranges = part_ranges(size_bytes, self._part_bytes)
            parts = [pool.submit(self._copy_part, target, number, part) for number, part in enumerate(ranges, start=1)]
            done, pending = wait(parts, self._time_limit.total_seconds(), FIRST_EXCEPTION)
            for part in done:
                part.result()  # raises the error of a failed part
            if pending:
                raise CopyTimeoutError.for_size(size_bytes, self._time_limit)
            return [part.result() for part in parts]
        finally:
            pool.shutdown(wait=False, cancel_futures=True)

    def _copy_part(self, target: Mapping[str, Any], number: int, byte_range: str) -> "CompletedPartTypeDef":
        response = self._client.upload_part_copy(**target, PartNumber=number, CopySourceRange=byte_range)
        return {"PartNumber": number, "ETag": response["CopyPartResult"]["ETag"]}

    def _abort(self, key: str, upload_id: str) -> None:
        """Discard the parts; if that fails too, the bucket's lifecycle discards them after a day."""
        try:
            self._client.abort_multipart_upload(Bucket=self._bucket, Key=key, UploadId=upload_id)
        except (BotoCoreError, ClientError):
            _log.warning(
                "parts of a copy not discarded; the bucket's lifecycle discards them", extra={"key": key}, exc_info=True
            )

    def _source(self, key: str, etag: str | None) -> dict[str, Any]:
        source: CopySourceTypeDef = {"Bucket": self._bucket, "Key": key}
        return {"CopySource": source, **({"CopySourceIfMatch": etag} if etag else {})}


def part_ranges(size_bytes: int, part_bytes: int = PART_BYTES) -> list[str]:
    """Return the byte ranges of an object's parts, in the form that `UploadPartCopy` expects."""
    starts = range(0, size_bytes, part_bytes)
    return [f"bytes={start}-{min(start + part_bytes, size_bytes) - 1}" for start in starts]
