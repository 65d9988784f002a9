"""The bucket: uploads, snapshots, outputs."""

import io
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import IO, TYPE_CHECKING, Any, Final
from urllib.parse import quote

from botocore.exceptions import ClientError

from chalicelib.errors import ConflictError, InvalidRequestError, NotFoundError, SchedulerError, TooLargeError
from chalicelib.storage.aws_errors import error_code, raises_aws_errors, to_aws_error
from chalicelib.storage.s3_copy import Copier

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

__all__ = ["URL_LIFE", "Bucket", "StoredFile", "StoredPage", "Upload"]

URL_LIFE: Final = timedelta(minutes=15)
"""How long a presigned URL is valid; the bucket refuses older signatures."""

_BLOCK: Final = 1024 * 1024
"""Bytes read at a time from a zip: one read covers the directory of about 10,000 files."""

_MISSING: Final = frozenset({"NoSuchKey", "404"})
"""Error codes of S3 for an object that does not exist."""

_PAGE: Final = 400
"""Objects of a page: each has a presigned URL of up to 8 KiB, and a function's response has at most 6 MiB."""


@dataclass(frozen=True)
class Upload:
    """A snapshot as it was uploaded."""

    key: str
    etag: str
    size_bytes: int
    file: IO[bytes]
    """Its content, read from S3 on demand."""


@dataclass(frozen=True)
class StoredFile:
    """An object under a prefix."""

    path: str
    """Its key without the prefix."""
    size_bytes: int


@dataclass(frozen=True)
class StoredPage:
    """One page of the objects under a prefix."""

    files: tuple[StoredFile, ...]
    next_token: str | None


@raises_aws_errors
class Bucket:
    """Reads and writes the bucket."""

    def __init__(self, client: "S3Client", bucket: str, copier: Copier) -> None:
        self._client = client
        self._bucket = bucket
        self._copier = copier

    def presign_upload(self, key: str, max_bytes: int) -> tuple[str, Mapping[str, str]]:
        """Make a presigned form that uploads one object of up to `max_bytes`: a URL, and fields to send before the file."""
        form = self._client.generate_presigned_post(
            self._bucket,
            key,
            Conditions=[["content-length-range", 1, max_bytes]],
            ExpiresIn=int(URL_LIFE.total_seconds()),
        )
        return form["url"], form["fields"]

    def read(self, key: str, max_bytes: int) -> bytes | None:
        """Read a small object; None if there is none, or it is larger than allowed."""
        try:
            response = self._client.get_object(Bucket=self._bucket, Key=key)
        except ClientError as error:
            if error_code(error) not in _MISSING:
                raise
            return None
        return response["Body"].read() if response["ContentLength"] <= max_bytes else None

    def open_upload(self, key: str, max_bytes: int) -> Upload:
        """Open an upload: one call reads the first block, the rest is read on demand.

        Raises
        ------
        NotFoundError
            If there is no such upload.
        TooLargeError
            If it is larger than allowed.
        """
        try:
            response = self._client.get_object(Bucket=self._bucket, Key=key, Range=f"bytes=0-{_BLOCK - 1}")
        except ClientError as error:
            if error_code(error) not in _MISSING:
                raise
            raise NotFoundError(
                "The snapshot has not been uploaded, or its upload has expired. Ask for a new upload, send the file, then create the job."
            ) from None
        size = int(response.get("ContentRange", f"/{response['ContentLength']}").rpartition("/")[2])
        if size > max_bytes:
            raise TooLargeError(f"The snapshot has {size:,} bytes; at most {max_bytes:,} are allowed.")
        reader = _RangeReader(
            self._client, self._bucket, key, etag=response["ETag"], size=size, first=response["Body"].read()
        )
        return Upload(key, response["ETag"], size, io.BufferedReader(reader, buffer_size=_BLOCK))

    def copy(self, source: str, key: str, size_bytes: int) -> bool:
        """Copy an object that is never overwritten; False if it does not exist.

        Raises
        ------
        CopyTimeoutError
            If it took too long; nothing is stored then.
        """
        try:
            self._copier.copy(source, key, size_bytes=size_bytes)
        except ClientError as error:
            if error_code(error) not in _MISSING:
                raise
            return False
        return True

    def copy_upload(self, upload: Upload, key: str) -> None:
        """Copy an upload to its permanent key, if it has not changed since it was opened.

        Raises
        ------
        ConflictError
            If it was replaced or removed.
        CopyTimeoutError
            If it took too long; nothing is stored then.
        """
        try:
            self._copier.copy(upload.key, key, size_bytes=upload.size_bytes, etag=upload.etag)
        except ClientError as error:
            raise _changed(error) from None

    def delete(self, key: str) -> None:
        """Delete an object; it need not exist."""
        self._client.delete_object(Bucket=self._bucket, Key=key)

    def delete_prefix(self, prefix: str) -> int:
        """Delete every object under a prefix and return their number."""
        count = 0
        for keys in self._key_pages(prefix):
            response = self._client.delete_objects(
                Bucket=self._bucket, Delete={"Objects": [{"Key": key} for key in keys], "Quiet": True}
            )
            if failed := response.get("Errors"):
                raise OSError(f"{len(failed)} objects under {prefix} could not be deleted: {failed[0].get('Code')}")
            count += len(keys)
        return count

    def list_page(self, prefix: str, token: str | None) -> StoredPage:
        """List up to 400 objects under a prefix.

        Raises
        ------
        InvalidRequestError
            If S3 does not accept the token.
        """
        more: dict[str, Any] = {"ContinuationToken": token} if token else {}
        try:
            response = self._client.list_objects_v2(Bucket=self._bucket, Prefix=prefix, MaxKeys=_PAGE, **more)
        except ClientError as error:
            if token and error_code(error) == "InvalidArgument":
                raise InvalidRequestError.for_unknown_token() from None
            raise
        files = tuple(
            StoredFile(item["Key"].removeprefix(prefix), item["Size"]) for item in response.get("Contents", [])
        )
        return StoredPage(files, response.get("NextContinuationToken"))

    def list_folders(self, prefix: str) -> list[str]:
        """List the names of the folders directly below a prefix, with one call for each 1,000."""
        paginator = self._client.get_paginator("list_objects_v2")
        pages = paginator.paginate(Bucket=self._bucket, Prefix=prefix, Delimiter="/")
        folders = [folder["Prefix"] for page in pages for folder in page.get("CommonPrefixes", [])]
        return [folder.removeprefix(prefix).rstrip("/") for folder in folders]

    def presign_get(self, key: str, filename: str) -> str:
        """Make a presigned URL that downloads an object under a file name."""
        disposition = "attachment; filename*=UTF-8''" + quote(filename, safe="")
        return self._client.generate_presigned_url(
            "get_object",
            Params={"Bucket": self._bucket, "Key": key, "ResponseContentDisposition": disposition},
            ExpiresIn=int(URL_LIFE.total_seconds()),
        )

    def presign_put(self, key: str, *, size_bytes: int, content_type: str) -> str:
        """Make a presigned URL that uploads exactly `size_bytes` of one content type to a key."""
        return self._client.generate_presigned_url(
            "put_object",
            Params={"Bucket": self._bucket, "Key": key, "ContentLength": size_bytes, "ContentType": content_type},
            ExpiresIn=int(URL_LIFE.total_seconds()),
        )

    def _key_pages(self, prefix: str) -> Iterator[list[str]]:
        for page in self._client.get_paginator("list_objects_v2").paginate(Bucket=self._bucket, Prefix=prefix):
            if keys := [item["Key"] for item in page.get("Contents", [])]:
                yield keys


class _RangeReader(io.RawIOBase):
    """A seekable file over one version of an object, read in ranges."""

    def __init__(self, client: "S3Client", bucket: str, key: str, *, etag: str, size: int, first: bytes) -> None:
        self._client = client
        self._object: dict[str, str] = {"Bucket": bucket, "Key": key, "IfMatch": etag}
        self._size = size
        self._first = first
        self._position = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._position, io.SEEK_END: self._size}[whence]
        self._position = max(0, base + offset)
        return self._position

    def tell(self) -> int:
        return self._position

    def readall(self) -> bytes:
        """Read the rest with one call; the inherited method makes one for every 8 KiB."""
        data = self._read(self._position, self._size) if self._position < self._size else b""
        self._position += len(data)
        return data

    def readinto(self, buffer: Any) -> int:
        end = min(self._position + len(buffer), self._size)
        if end <= self._position:
            return 0
        data = self._read(self._position, end)
        buffer[: len(data)] = data
        self._position += len(data)
        return len(data)

    def _read(self, start: int, end: int) -> bytes:
        if end <= len(self._first):
            return self._first[start:end]
        byte_range = f"bytes={start}-{end - 1}"
        try:
            response = self._client.get_object(**self._object, Range=byte_range)  # type: ignore[arg-type] # one dict of strings
        except ClientError as error:
            raise _changed(error) from None
        return response["Body"].read()


def _changed(error: ClientError) -> SchedulerError:
    """Return the error to raise: a conflict if S3 reports that the upload has changed since it was opened."""
    if error_code(error) not in {*_MISSING, "PreconditionFailed", "412"}:
        return to_aws_error(error)
    return ConflictError("The snapshot was changed while the job was being created. Upload it again.")
