"""Snapshots that cannot run, or that the caller may not use."""

import io
import zipfile
from collections.abc import Callable

import pytest

from tests.support.faults import Meanwhile
from tests.support.scheduler import BOB, LocalScheduler, Response, notebook, scheduler, settings


def _zip(**files: bytes) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as package:
        for name, content in files.items():
            package.writestr(name.replace("_ipynb", ".ipynb"), content)
    return buffer.getvalue()


def _encrypted() -> bytes:
    """Set the encryption flag in both headers of a zip's only member."""
    package = bytearray(_zip(report_ipynb=notebook()))
    package[6] |= 1
    package[package.index(b"PK\x01\x02") + 8] |= 1
    return bytes(package)


def _damaged() -> bytes:
    """Break a member's compressed bytes."""
    package = bytearray(_zip(report_ipynb=notebook("x = 1" * 500)))
    package[60:70] = b"\xff" * 10
    return bytes(package)


def _refused(local: LocalScheduler, response: Response, status: int, code: str, message: str) -> None:
    assert (response.status, response.body["code"]) == (status, code), response.body
    assert message in response.body["message"]
    assert local.items() == []
    assert local.objects("jobs/") == []


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"a,b\n1,2\n", "not JSON"),
        (b"\xff\xfe\x00\xd8", "not UTF-8 text"),
        (b"[1]", "not a JSON object"),
        (b'{"nbformat": 4, "cells": {}}', "its cells are not a list"),
        (b'{"nbformat": 4, "cells": [{"cell_type": "sql"}]}', "the cell_type of cell 1 is none of code, markdown, raw"),
        (b'{"cells": []}', "check its nbformat"),
        (b"[" * 100_000, "not a notebook"),
    ],
    ids=["csv", "UTF-16", "list", "cells no list", "unknown cell", "no version", "deep"],
)
def test_files_that_are_not_notebooks_are_rejected(local: LocalScheduler, content: bytes, message: str) -> None:
    _refused(local, local.post_job(content), 422, "cannot_be_run", message)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"PK not really", "not a readable zip"),
        (notebook(), "not a readable zip"),
        (_zip(other_ipynb=notebook()), "no report.ipynb"),
        (_zip(**{"sub/report_ipynb": notebook()}), "no report.ipynb"),
        (_zip(report_ipynb=b"no notebook"), "not JSON"),
        (_encrypted(), "it is encrypted"),
        (_damaged(), "not a readable zip"),
    ],
    ids=["junk", "notebook", "other notebook", "not at the root", "no notebook", "encrypted", "damaged"],
)
def test_files_that_are_not_folder_zips_are_rejected(local: LocalScheduler, content: bytes, message: str) -> None:
    _refused(local, local.post_job(content, package_input_folder=True), 422, "cannot_be_run", message)


def test_a_folder_is_accepted_and_stored_unchanged(local: LocalScheduler) -> None:
    content = _zip(report_ipynb=notebook(), **{"data.csv": b"1,2\n" * 200_000})
    job_id = local.create(content, package_input_folder=True)
    (key,) = local.objects("jobs/")
    assert key.endswith(f"{job_id}/input.zip")
    assert local.client("s3").get_object(Bucket=local.bucket, Key=key)["Body"].read() == content


def test_a_notebook_in_a_zip_may_not_be_larger_than_one_alone(local: LocalScheduler) -> None:
    content = _zip(report_ipynb=b" " * (20 * 2**20 + 1))
    _refused(local, local.post_job(content, package_input_folder=True), 413, "too_large", "20,971,520")


def test_a_notebook_over_the_limit_is_rejected_even_if_the_form_was_bypassed() -> None:
    with scheduler(settings(limits={"max_notebook_mib": 1})) as local:
        uri = local.upload(notebook())
        key = f"uploads/{local.owner_id()}/{uri.removeprefix('upload:')}"
        local.client("s3").put_object(Bucket=local.bucket, Key=key, Body=b" " * (2**20 + 1))
        _refused(local, local.post_job(input_uri=uri), 413, "too_large", "1,048,576")


def test_a_notebook_larger_than_one_block_is_read_completely(local: LocalScheduler) -> None:
    local.create(notebook("x" * 3_000_000))
    assert local.post_job(notebook("x" * 3_000_000)[:-1]).status == 422


@pytest.mark.parametrize("kernel", [None, ""])
def test_a_notebook_without_kernel_needs_an_environment_with_one(kernel: str | None) -> None:
    content = notebook(kernel=kernel)
    environments = settings().model_dump()["environments"]
    with scheduler(settings(environments={"python": {**environments["python"], "kernel": None}})) as local:
        _refused(local, local.post_job(content), 422, "cannot_be_run", "names no kernel")
        local.create(notebook(kernel="python3"))
    with scheduler() as local:
        local.create(content)


def test_a_snapshot_that_was_never_sent_is_not_found(local: LocalScheduler) -> None:
    form = local.api.post("/scheduler/uploads", {"filename": "x.ipynb"}).body
    _refused(local, local.post_job(input_uri=form["input_uri"]), 404, "not_found", "has not been uploaded")


def test_somebody_elses_upload_is_not_found(local: LocalScheduler) -> None:
    theirs = local.upload(notebook(), api=local.api.as_user(BOB))
    _refused(local, local.post_job(input_uri=theirs), 404, "not_found", "has not been uploaded")


def _replace(local: LocalScheduler, uri: str, content: bytes | None) -> Callable[[], None]:
    key = f"uploads/{local.owner_id()}/{uri.removeprefix('upload:')}"
    s3 = local.client("s3")
    if content is None:
        return lambda: s3.delete_object(Bucket=local.bucket, Key=key)
    return lambda: s3.put_object(Bucket=local.bucket, Key=key, Body=content)


@pytest.mark.parametrize("replacement", [b"not what was checked", None], ids=["replaced", "removed"])
def test_a_snapshot_that_changes_between_check_and_copy_is_rejected(
    local: LocalScheduler, replacement: bytes | None
) -> None:
    uri = local.upload(notebook())
    local.hub.listeners.append(Meanwhile("s3:CopyObject", _replace(local, uri, replacement)))
    _refused(local, local.post_job(input_uri=uri), 409, "conflict", "changed while")


@pytest.mark.parametrize("replacement", [b" " * 3_000_000, None], ids=["replaced", "removed"])
def test_a_snapshot_that_changes_while_it_is_read_is_rejected(local: LocalScheduler, replacement: bytes | None) -> None:
    uri = local.upload(notebook("x" * 3_000_000))
    local.hub.listeners.append(Meanwhile("s3:GetObject", _replace(local, uri, replacement), turn=1))
    _refused(local, local.post_job(input_uri=uri), 409, "conflict", "changed while")
