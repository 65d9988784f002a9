"""Snapshots: checks what was uploaded, and copies it to where it stays."""

from chalicelib.config import SchedulerSettings
from chalicelib.domain.identifiers import upload_key
from chalicelib.domain.job_request import JobRequest, upload_id_of
from chalicelib.domain.snapshots.snapshot import check_notebook, check_package
from chalicelib.services.uploads import max_snapshot_bytes, package_limits
from chalicelib.storage.bucket import Bucket, Upload

__all__ = ["SnapshotService"]


class SnapshotService:
    """Takes snapshots.

    Parameters
    ----------
    settings
        What the operator chose.
    files
        The bucket.
    """

    def __init__(self, settings: SchedulerSettings, files: Bucket) -> None:
        self._settings = settings
        self._files = files

    def open(self, owner_id: str, request: JobRequest) -> Upload:
        """Open the upload that a request names, and check that its environment can run it.

        Raises
        ------
        InvalidRequestError, NotFoundError
            If the request names no upload, or nothing was uploaded.
        TooLargeError, UnprocessableError
            If it is too large or cannot be run.
        """
        key = upload_key(owner_id, upload_id_of(request.input_uri))
        packaged = request.package_input_folder
        upload = self._files.open_upload(key, max_snapshot_bytes(self._settings.limits, packaged=packaged))
        kernel = self._settings.environments[request.runtime_environment_name].kernel
        if packaged:
            check_package(
                upload.file, request.input_filename, kernel=kernel, limits=package_limits(self._settings.limits)
            )
        else:
            check_notebook(upload.file.read(), request.input_filename, kernel=kernel)
        return upload

    def keep(self, upload: Upload, key: str) -> None:
        """Copy an opened upload to where it stays.

        Raises
        ------
        ConflictError
            If it was replaced or removed since it was opened.
        CopyTimeoutError
            If S3 took too long to copy it.
        """
        self._files.copy_upload(upload, key)
