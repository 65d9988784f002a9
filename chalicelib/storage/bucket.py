"""The bucket: uploads, snapshots, outputs."""

import io
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import IO, TYPE_CHECKING, Any, Final
from urllib.parse import quote

from botocore.exceptions import ClientError

from chalicelib.errors import ConflictError, InvalidRequestError, NotFoundError, TooLargeError
from chalicelib.storage.s3_copy import Copier

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

__all__ = ["URL_LIFE", "Bucket", "StoredFile", "StoredPage", "Upload"]

URL_LIFE: Final = timedelta(minutes=15)
"""How long a presigned URL holds; the bucket refuses older signatures."""

_BLOCK: Final = 1024 * 1024
"""Bytes read at a time from a zip whose directory is looked up: one read covers the directory of about 10,000 files."""


_PAGE: Final = 400
"""Objects of a page: each with a URL whose name, written three times with `%`, may take 8 KB, of a function's answer of 6 MB."""


@dataclass(frozen=True)
class Upload:
    """A snapshot as it was uploaded."""

    key: str
    etag: str
    size_bytes: int
    file: IO[bytes]
    """Its content; read from S3 as far as it is read here."""


@dataclass(frozen=True)
class StoredFile:
    """An object under a prefix."""

    path: str
    """Its key without the prefix."""
    size_bytes: int


@dataclass(frozen=True)
class StoredPage:
    """Some objects under a prefix."""

    files: tuple[StoredFile, ...]
    next_token: str | None


class Bucket:
    """Reads and writes the bucket.

    Parameters
    ----------
    client
        An S3 client.
    bucket
        The bucket's name.
    copier
        Copies its objects.
    """

    def __init__(self, client: "S3Client", bucket: str, copier: Copier) -> None:
        self._client = client
        self._bucket = bucket
        self._copier = copier

    def presign_upload(self, key: str, max_bytes: int) -> tuple[str, Mapping[str, str]]:
        """Make a form that uploads one object of at most so many bytes: a URL, and fields to send before the file."""
        form = self._client.generate_presigned_post(
            self._bucket,
            key,
            Conditions=[["content-length-range", 1, max_bytes]],
            ExpiresIn=int(URL_LIFE.total_seconds()),
        )
        return form["url"], form["fields"]

    def open_upload(self, key: str, max_bytes: int) -> Upload:
        """Open what was uploaded: its first block comes with one call, the rest when it is read.

        Raises
        ------
        NotFoundError
            If nothing was uploaded there.
        TooLargeError
            If it is larger than allowed.
        """
        try:
            response = self._client.get_object(Bucket=self._bucket, Key=key, Range=f"bytes=0-{_BLOCK - 1}")
        except ClientError as error:
            if error.response["Error"]["Code"] not in ("NoSuchKey", "404"):
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
        """Copy an object that is never overwritten; False if it is gone.

        Raises
        ------
        CopyTimeoutError
            If it took too long; nothing is stored then.
        """
        try:
            self._copier.copy(source, key, size_bytes=size_bytes)
        except ClientError as error:
            if error.response["Error"]["Code"] not in ("NoSuchKey", "404"):
                raise
            return False
        return True

    def copy_upload(self, upload: Upload, key: str) -> None:
        """Copy an upload to where it stays, if it is still what was opened.

        Raises
        ------
        ConflictError
            If it was replaced or removed since.
        CopyTimeoutError
            If it took too long; nothing is stored then.
        """
        try:
            self._copier.copy(upload.key, key, size_bytes=upload.size_bytes, etag=upload.etag)
        except ClientError as error:
            raise _changed(error) from None

    def delete(self, key: str) -> None:
        """Remove one object; it need not exist."""
        self._client.delete_object(Bucket=self._bucket, Key=key)

    def delete_prefix(self, prefix: str) -> int:
        """Remove every object under a prefix; give their number."""
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
            If the token is none that S3 gave out.
        """
        more: dict[str, Any] = {"ContinuationToken": token} if token else {}
        try:
            response = self._client.list_objects_v2(Bucket=self._bucket, Prefix=prefix, MaxKeys=_PAGE, **more)
        except ClientError as error:
            if token and error.response["Error"].get("Code") == "InvalidArgument":
                raise InvalidRequestError.for_unknown_token() from None
            raise
        files = tuple(
            StoredFile(each["Key"].removeprefix(prefix), each["Size"]) for each in response.get("Contents", [])
        )
        return StoredPage(files, response.get("NextContinuationToken"))

    def presign_get(self, key: str, filename: str) -> str:
        """Make a URL that downloads an object under a file name."""
        disposition = "attachment; filename*=UTF-8''" + quote(filename, safe="")
        return self._client.generate_presigned_url(
            "get_object",
            Params={"Bucket": self._bucket, "Key": key, "ResponseContentDisposition": disposition},
            ExpiresIn=int(URL_LIFE.total_seconds()),
        )

    def presign_put(self, key: str, *, size_bytes: int, content_type: str) -> str:
        """Make a URL that uploads exactly so many bytes of one type to a key."""
        return self._client.generate_presigned_url(
            "put_object",
            Params={"Bucket": self._bucket, "Key": key, "ContentLength": size_bytes, "ContentType": content_type},
            ExpiresIn=int(URL_LIFE.total_seconds()),
        )

    def _key_pages(self, prefix: str) -> Iterator[list[str]]:
        for page in self._client.get_paginator("list_objects_v2").paginate(Bucket=self._bucket, Prefix=prefix):
            if keys := [each["Key"] for each in page.get("Contents", [])]:
                yield keys


class _RangeReader(io.RawIOBase):
    """A seekable file over one version of an object, read by ranges."""

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
        """Read the rest by one call; the inherited method makes one for every 8 KiB."""
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
        wanted = f"bytes={start}-{end - 1}"
        try:
            response = self._client.get_object(**self._object, Range=wanted)  # type: ignore[arg-type] # one dict of texts
        except ClientError as error:
            raise _changed(error) from None
        return response["Body"].read()


def _changed(error: ClientError) -> Exception:
    """Find out whether S3 says that an upload is not what was opened; give the error as it is otherwise."""
    if error.response["Error"]["Code"] not in ("PreconditionFailed", "NoSuchKey", "404", "412"):
        return error
    return ConflictError("The snapshot was changed while the job was being created. Upload it again.")
