"""Too large snapshots are refused before the upload, with their largest files."""

import io
import json
import random
import zipfile
from pathlib import Path
from typing import IO, Any

import pytest

from chalicelib.domain.snapshots.snapshot import check_package
from chalicelib.domain.snapshots.zip_rules import PackageLimits
from chalicelib.errors import TooLargeError as ServiceTooLargeError
from jupyter_scheduler_aws import Client
from jupyter_scheduler_aws.api.response_models import NO_LIMITS, SnapshotLimits
from jupyter_scheduler_aws.errors import SnapshotError, SnapshotTooLargeError, TooLargeError
from jupyter_scheduler_aws.snapshots.folder_listing import FolderListing, Member
from jupyter_scheduler_aws.snapshots.ignore_rules import IGNORE_FILE
from jupyter_scheduler_aws.snapshots.pack import Snapshot, pack_folder
from jupyter_scheduler_aws.snapshots.size_check import FolderSize
from jupyter_scheduler_aws.snapshots.zip_file import write_zip
from tests.jupyter_scheduler_aws.conftest import NOTEBOOK, write_files
from tests.jupyter_scheduler_aws.fake_api import FakeApi
from tests.jupyter_scheduler_aws.fake_server import Fault, Response

UPLOADS = "/v1/scheduler/uploads"
MIB = 1024 * 1024


def noise(size_bytes: int) -> bytes:
    """Return bytes that do not compress."""
    return random.Random(7).randbytes(size_bytes)


def limited(notebook: Path, limits: SnapshotLimits) -> str:
    """Pack a folder that is too large, and return the message."""
    with pytest.raises(SnapshotTooLargeError) as refused:
        pack_folder(notebook, limits=limits)
    return refused.value.message


@pytest.fixture
def large(notebook: Path) -> Path:
    """A folder of 3 MiB in ten files; its zip has the same size."""
    folder = notebook.parent
    for name, size in (("data/a.bin", 2 * MIB), ("model.bin", MIB // 2), ("b.bin", MIB // 4), ("c.bin", MIB // 8)):
        write_files(folder, name)
        (folder / name).write_bytes(noise(size))
    write_files(folder, *(f"many/{number}" for number in range(5)))
    return notebook


def test_folder_exactly_at_its_limits_is_packed(large: Path) -> None:
    files = [path for path in large.parent.rglob("*") if path.is_file()]
    total = sum(path.stat().st_size for path in files)
    with pack_folder(large) as snapshot:
        limits = SnapshotLimits(
            max_bytes=snapshot.size_bytes,
            max_notebook_bytes=large.stat().st_size,
            max_unpacked_bytes=total,
            max_unpacked_files=len(files),
        )
        with pack_folder(large, limits=limits) as again:
            assert again.file.read() == snapshot.file.read()
    for name, value in vars(limits).items():
        limited(large, SnapshotLimits(**{name: value - 1}))


def test_folder_above_the_size_limit_is_refused_with_its_largest_files(large: Path) -> None:
    message = limited(large, SnapshotLimits(max_unpacked_bytes=2 * MIB))
    folder = large.parent
    assert message == (
        f"The folder {folder} has 10 files, 2.9 MiB in total; the limit is 2 MiB. "
        "The largest are data/ (1 file, 2 MiB), model.bin (512 KiB), b.bin (256 KiB). "
        f"List what the run does not need in {folder / IGNORE_FILE}, move the notebook to a smaller folder, "
        "or ask the operator for a higher limits.max_unpacked_mib."
    )


def test_folder_above_the_file_limit_is_refused_with_its_largest_folders(large: Path) -> None:
    message = limited(large, SnapshotLimits(max_unpacked_files=9))
    assert (
        "has 10 files, 2.9 MiB in total; the limit is 9 files. The largest are many/ (5 files, 30 bytes), " in message
    )
    assert message.endswith("limits.max_unpacked_files.")


def test_empty_folders_count_as_in_the_runner(notebook: Path) -> None:
    (notebook.parent / "empty").mkdir()
    pack_folder(notebook, limits=SnapshotLimits(max_unpacked_files=2)).close()
    limited(notebook, SnapshotLimits(max_unpacked_files=1))


def service_accepts(notebook: Path, max_files: int) -> bool:
    """Pack a folder without limits, and return whether the service accepts the zip."""
    limits = PackageLimits(max_notebook_bytes=MIB, max_unpacked_bytes=MIB, max_unpacked_files=max_files)
    with pack_folder(notebook) as snapshot:
        try:
            check_package(snapshot.file, notebook.name, kernel=None, limits=limits)
        except ServiceTooLargeError:
            return False
    return True


def test_folders_count_as_in_the_service(notebook: Path) -> None:
    write_files(notebook.parent, *(f"{file}/" + "d/" * 9 + "f" for file in range(2)), "0/e")
    (notebook.parent / "empty" / "inner").mkdir(parents=True)
    limits = SnapshotLimits(max_unpacked_files=5)
    folders = 22
    for number in range(folders, 50):
        (notebook.parent / "/".join(["empty", "inner", *["x"] * (number - folders + 1)])).mkdir()
    assert service_accepts(notebook, 5)
    pack_folder(notebook, limits=limits).close()
    (notebook.parent / "/".join(["empty", "inner", *["x"] * (50 - folders + 1)])).mkdir()
    assert not service_accepts(notebook, 5)
    assert "; it has 51 folders, and the limit is 50. " in limited(notebook, limits)


def test_long_paths_count_as_in_the_service(notebook: Path) -> None:
    limits = SnapshotLimits(max_unpacked_files=3)
    parent = "/".join(["n" * 250] * 11) + "/"
    most = 3 * (46 + 2000) - 3 * 46 - len(notebook.name) - 2 * len(parent)
    write_files(notebook.parent, parent + "a" * 230, parent + "b" * (most - 230))
    assert service_accepts(notebook, 3)
    pack_folder(notebook, limits=limits).close()
    (notebook.parent / parent / ("a" * 230)).rename(notebook.parent / parent / ("a" * 231))
    assert not service_accepts(notebook, 3)
    message = limited(notebook, limits)
    assert "; their paths have 6,139 bytes in the zip, and the limit is 6,138. The largest are n" in message
    assert message.endswith("limits.max_unpacked_files.")


def test_paths_have_a_limit_that_no_setting_changes(notebook: Path) -> None:
    size = FolderSize(notebook.parent, NO_LIMITS)
    member = Member(notebook, "/".join(["n" * 249] * 16), is_folder=False, size_bytes=1)
    for _ in range(64 * MIB // (46 + len(member.name))):
        size.add(member)
    assert not size.is_over
    size.add(member)
    with pytest.raises(
        SnapshotTooLargeError, match=r"the limit is 67,108,864\. .*or move the notebook to a smaller folder\.$"
    ):
        size.check()


def test_folder_with_a_too_large_zip_is_refused(large: Path) -> None:
    message = limited(large, SnapshotLimits(max_bytes=MIB))
    assert "has 10 files, 2.9 MiB in total; the zip is larger than the limit of 1 MiB. The largest are data/" in message
    assert message.endswith("limits.max_folder_mib.")


def test_folder_that_compresses_below_the_limit_is_packed(notebook: Path) -> None:
    (notebook.parent / "zeros").write_bytes(bytes(MIB))
    pack_folder(notebook, limits=SnapshotLimits(max_bytes=MIB // 2)).close()


class FullError(Exception):
    pass


def test_zip_is_aborted_as_soon_as_it_is_too_large(large: Path) -> None:
    (large.parent / "a.bin").write_bytes(noise(20 * MIB))
    written = io.BytesIO()

    def check(size_bytes: int) -> None:
        if size_bytes > MIB:
            raise FullError

    with pytest.raises(FullError):
        write_zip(written, FolderListing(large).members(), notebook="n.ipynb", content=b"{}", on_size=check)
    assert len(written.getvalue()) < 3 * MIB


def test_directory_of_a_zip_counts(notebook: Path) -> None:
    sizes: list[int] = []
    file: IO[bytes] = io.BytesIO()
    write_zip(file, [], notebook="n.ipynb", content=b"{}", on_size=sizes.append)
    assert sizes[-1] == file.tell() > sizes[0]


def test_ignored_files_do_not_count(large: Path) -> None:
    limits = SnapshotLimits(max_unpacked_bytes=MIB, max_unpacked_files=5, max_bytes=MIB)
    (large.parent / IGNORE_FILE).write_text("data/\nmany\n")
    with pack_folder(large, limits=limits) as snapshot:
        assert snapshot.files == 4


def test_large_folder_is_refused_before_its_files_are_opened(large: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[str] = []
    path_open = Path.open

    def watched(path: Path, *arguments: Any, **options: Any) -> Any:
        opened.append(path.name)
        return path_open(path, *arguments, **options)

    monkeypatch.setattr(Path, "open", watched)
    pack_folder(large).close()
    assert "a.bin" in opened
    opened.clear()
    limited(large, SnapshotLimits(max_unpacked_files=3))
    assert not {"a.bin", "b.bin", "c.bin", "model.bin"} & set(opened)


def test_large_notebook_is_refused_before_the_upload(api: FakeApi, client: Client, notebook: Path) -> None:
    api.max_upload_bytes = 200
    with pytest.raises(SnapshotTooLargeError) as refused:
        client.submit(notebook)
    assert refused.value.message == (
        f"{notebook} has {notebook.stat().st_size} bytes; the limit for notebooks is 200 bytes. Usually the outputs are "
        "large: clear them in JupyterLab (Edit > Clear Outputs of All Cells) and save it; the job creates new ones. "
        "Or ask the operator for a higher limits.max_notebook_mib."
    )
    assert [request.path for request in api.requests] == [UPLOADS]


def test_large_notebook_in_a_folder_is_refused_before_the_upload(api: FakeApi, client: Client, notebook: Path) -> None:
    api.folder_limits["max_notebook_bytes"] = 200
    with pytest.raises(SnapshotTooLargeError, match="the limit for notebooks is 200 bytes"):
        client.submit(notebook, folder=True)
    assert [request.path for request in api.requests] == [UPLOADS]


@pytest.mark.parametrize(
    ("limits", "message"),
    [
        ({"max_unpacked_files": 5}, "the limit is 5 files"),
        ({"max_unpacked_bytes": MIB}, "the limit is 1 MiB"),
        ({}, r"the zip is larger than the limit of 976\.6 KiB"),
    ],
)
def test_large_folder_is_refused_before_the_upload(
    api: FakeApi, client: Client, large: Path, limits: dict[str, int], message: str
) -> None:
    api.folder_limits |= limits
    packed: list[Snapshot] = []
    with pytest.raises(SnapshotTooLargeError, match=message):
        client.schedule(large, cron=None, folder=True, on_packed=packed.append)
    assert [request.path for request in api.requests] == [UPLOADS]
    assert packed == []


def test_folder_needs_as_many_requests_as_a_notebook(api: FakeApi, client: Client, notebook: Path) -> None:
    client.submit(notebook, environment="python")
    one = len(api.requests)
    client.submit(notebook, environment="python", folder=True)
    assert (one, len(api.requests)) == (3, 6)
    assert [request.document for request in api.seen("POST", UPLOADS)] == [
        {"filename": "report.ipynb"},
        {"filename": "report.zip"},
    ]


def test_older_service_states_only_the_upload_limit(api: FakeApi, client: Client, large: Path) -> None:
    api.folder_limits.clear()
    with pytest.raises(SnapshotTooLargeError, match="the zip is larger"):
        client.submit(large, folder=True)
    api.max_upload_bytes = 10 * MIB
    job_id = client.submit(large, folder=True)
    with zipfile.ZipFile(io.BytesIO(api.jobs[job_id].files["input.ipynb"][1])) as package:
        assert len(package.namelist()) == 10


@pytest.mark.parametrize("folder", [False, True])
def test_refusal_of_the_service_is_raised(api: FakeApi, client: Client, notebook: Path, folder: bool) -> None:
    api.faults.append(Fault("POST", UPLOADS, instead=Response.refusal(413, "At most 10 are allowed.", "too_large")))
    with pytest.raises(TooLargeError, match="At most 10"):
        client.submit(notebook, folder=folder)
    assert api.uploads == {}


@pytest.mark.parametrize("folder", [False, True])
def test_invalid_notebook_is_refused_before_any_request(
    api: FakeApi, client: Client, notebook: Path, folder: bool
) -> None:
    notebook.write_text(json.dumps(NOTEBOOK | {"nbformat": 5}))
    with pytest.raises(SnapshotError, match="check its nbformat"):
        client.submit(notebook, folder=folder)
    assert api.requests == []
