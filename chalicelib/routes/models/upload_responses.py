"""The response to a request for an upload."""

from typing_extensions import TypedDict

__all__ = ["UploadResponse"]


class UploadResponse(TypedDict):
    """A form to upload one snapshot with. Send the fields and then the file, named `file`, as `multipart/form-data`."""

    upload_id: str
    """Random id of the upload."""
    input_uri: str
    """The `input_uri` to send after the upload: `upload:<id>`."""
    url: str
    """Where to POST the form; the request needs no signature."""
    fields: dict[str, str]
    """Form fields to send before the file."""
    max_bytes: int
    """Largest file that is accepted [bytes]."""
    max_notebook_bytes: int | None
    """Largest notebook in a zip [bytes]; null for a notebook alone."""
    max_unpacked_bytes: int | None
    """Largest unpacked size of a zip [bytes]; null for a notebook alone."""
    max_unpacked_files: int | None
    """Largest number of files and empty folders in a zip; null for a notebook alone."""
    expires_at: int
    """When the form expires [ms UTC]."""
