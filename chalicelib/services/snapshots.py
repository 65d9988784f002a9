"""Snapshots: checks an upload, and copies it to its permanent key."""

from dataclasses import dataclass

from chalicelib.config import SchedulerSettings
from chalicelib.domain.identifiers import upload_key
from chalicelib.domain.job_request import JobRequest, upload_id_of
from chalicelib.domain.parameters import check_names, language_of_kernel
from chalicelib.domain.snapshots.snapshot import check_notebook, check_package
from chalicelib.services.uploads import max_snapshot_bytes, package_limits
from chalicelib.storage.bucket import Bucket, Upload

__all__ = ["SnapshotService"]


@dataclass(frozen=True, kw_only=True)
class SnapshotService:
    """Makes snapshots of uploads."""

    settings: SchedulerSettings
    files: Bucket

    def open(self, owner_id: str, request: JobRequest) -> Upload:
        """Open the upload that a request names, and check that its environment can run it.

        Raises
        ------
        InvalidRequestError, NotFoundError
            If the request names no upload, the upload does not exist, or the notebook's language does not have a parameter's name.
        TooLargeError, UnprocessableError
            If it is too large or cannot be run.
        """
        key = upload_key(owner_id, upload_id_of(request.input_uri))
        packaged = request.package_input_folder
        upload = self.files.open_upload(key, max_snapshot_bytes(self.settings.limits, packaged=packaged))
        kernel = self.settings.environments[request.runtime_environment_name].kernel
        if packaged:
            limits = package_limits(self.settings.limits)
            kernel = check_package(upload.file, request.input_filename, kernel=kernel, limits=limits)
        else:
            kernel = check_notebook(upload.file.read(), request.input_filename, kernel=kernel)
        check_names(request.parameters, language_of_kernel(kernel))
        return upload

    def keep(self, upload: Upload, key: str) -> None:
        """Copy an opened upload to its permanent key.

        Raises
        ------
        ConflictError
            If it was replaced or removed since it was opened.
        CopyTimeoutError
            If S3 took too long to copy it.
        """
        self.files.copy_upload(upload, key)
