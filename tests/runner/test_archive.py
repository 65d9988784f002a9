import io
import stat
import struct
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from runner.archive import unpack
from runner.errors import RunProblemError
from runner.exit_codes import Code
from runner.snapshot import find_name_problem
from runner.work_order import Limits
from tests.runner.conftest import zipped
from tests.support.hostile_zips import FINE, HOSTILE, MOST_BYTES, MOST_FILES
from tests.support.notebook_names import NAMES

LIMITS = Limits(max_unpacked_bytes=MOST_BYTES, max_unpacked_files=MOST_FILES, max_output_bytes=1, max_output_files=1)


@pytest.fixture
def unpacked(tmp_path: Path) -> Callable[[bytes], dict[str, int]]:
    def of(data: bytes) -> dict[str, int]:
        archive = tmp_path / "input"
        archive.write_bytes(data)
        folder = tmp_path / "work"
        folder.mkdir()
        return unpack(archive, folder, LIMITS)

    return of


@pytest.mark.parametrize("name", NAMES, ids=ascii)
def test_the_runner_accepts_names_that_the_service_accepts(name: str) -> None:
    assert find_name_problem(name) == NAMES[name]


def special(name: str, mode: int) -> bytes:
    entry = zipfile.ZipInfo(name)
    entry.external_attr = mode << 16
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as archive:
        archive.writestr(entry, "/etc/passwd")
    return data.getvalue()


def test_files_and_folders_are_unpacked(unpacked: Callable[[bytes], dict[str, int]], tmp_path: Path) -> None:
    checksums = unpacked(zipped({"a.txt": "a", "deep/er/b.txt": "b", "empty/": "", "ä ö.txt": "", "at 10:30.csv": ""}))

    assert checksums == {"a.txt": 0xE8B7BE43, "deep/er/b.txt": 0x71BEEFF9, "ä ö.txt": 0, "at 10:30.csv": 0}
    assert (tmp_path / "work/deep/er/b.txt").read_text() == "b"
    assert (tmp_path / "work/empty").is_dir()


def test_executable_files_stay_executable_without_set_user_id(
    unpacked: Callable[[bytes], dict[str, int]], tmp_path: Path
) -> None:
    unpacked(special("run.sh", stat.S_IFREG | 0o4777))

    assert stat.S_IMODE((tmp_path / "work/run.sh").stat().st_mode) == 0o755, "executable, without set-user-id"


@pytest.mark.parametrize(
    "name",
    [
        "../up",
        "a/../../up",
        "/absolute",
        "..",
        ".",
    ],
)
def test_unsafe_names_are_refused(unpacked: Callable[[bytes], dict[str, int]], name: str, tmp_path: Path) -> None:
    with pytest.raises(RunProblemError, match="an entry that cannot be unpacked") as caught:
        unpacked(zipped({"good.txt": "x", name: "x"}))

    assert caught.value.code is Code.INPUT_PROBLEM
    assert list((tmp_path / "work").iterdir()) == [], "nothing is unpacked before everything is checked"


@pytest.mark.parametrize("kind", [stat.S_IFLNK, stat.S_IFIFO, stat.S_IFCHR, stat.S_IFBLK, stat.S_IFSOCK])
def test_links_and_special_files_are_refused(unpacked: Callable[[bytes], dict[str, int]], kind: int) -> None:
    with pytest.raises(RunProblemError, match="a link or a special file"):
        unpacked(special("link", kind | 0o777))


def test_a_zip_with_too_many_bytes_is_refused(unpacked: Callable[[bytes], dict[str, int]]) -> None:
    with pytest.raises(RunProblemError, match="209715201 bytes unpacked; the limit is 209715200"):
        unpacked(zipped({"zeros": bytes((200 << 20) + 1)}))


def test_a_zip_with_too_many_files_is_refused(unpacked: Callable[[bytes], dict[str, int]]) -> None:
    with pytest.raises(RunProblemError, match="has 51 entries; the limit is 50"):
        unpacked(zipped({str(n): "" for n in range(51)}))


def test_a_huge_directory_is_refused_before_it_is_read(unpacked: Callable[[bytes], dict[str, int]]) -> None:
    data = bytearray(zipped({"a": ""}))
    struct.pack_into("<L", data, len(data) - 22 + 12, 1 << 30)
    with pytest.raises(RunProblemError, match="has a directory of 1073741824 bytes"):
        unpacked(bytes(data))


def test_an_entry_that_is_larger_than_declared_is_refused(unpacked: Callable[[bytes], dict[str, int]]) -> None:
    data = zipped({"a": b"\0" * 1_000_000})
    lied = data.replace(struct.pack("<L", 1_000_000), struct.pack("<L", 10))
    with pytest.raises(RunProblemError, match="cannot be unpacked"):
        unpacked(lied)


def test_damaged_content_is_refused(unpacked: Callable[[bytes], dict[str, int]]) -> None:
    data = bytearray(zipped({"a": bytes(range(256)) * 10}))
    data[60:70] = b"\xff" * 10
    with pytest.raises(RunProblemError, match="cannot be unpacked"):
        unpacked(bytes(data))


@pytest.mark.parametrize("cut", [1, 20, 60])
def test_a_truncated_zip_is_refused(unpacked: Callable[[bytes], dict[str, int]], cut: int) -> None:
    with pytest.raises(RunProblemError, match="cannot be unpacked"):
        unpacked(zipped({"a": "x" * 100})[:-cut])


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_two_entries_with_the_same_name_are_refused(unpacked: Callable[[bytes], dict[str, int]]) -> None:
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as archive:
        archive.writestr("a", "1")
        archive.writestr("a", "2")
    with pytest.raises(RunProblemError, match="another entry has the same name"):
        unpacked(data.getvalue())


def test_a_file_with_the_name_of_a_folder_is_refused(unpacked: Callable[[bytes], dict[str, int]]) -> None:
    with pytest.raises(RunProblemError, match="another entry has the same name"):
        unpacked(zipped({"a": "1", "a/b": "2"}))


def test_other_compressions_are_refused(unpacked: Callable[[bytes], dict[str, int]]) -> None:
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w", zipfile.ZIP_LZMA) as archive:
        archive.writestr("a", "1")
    with pytest.raises(RunProblemError, match="neither stored nor deflated"):
        unpacked(data.getvalue())


@pytest.mark.filterwarnings("ignore:Duplicate name")
@pytest.mark.parametrize("name", HOSTILE)
def test_zips_that_the_service_refuses_are_not_unpacked(unpacked: Callable[[bytes], dict[str, int]], name: str) -> None:
    with pytest.raises(RunProblemError) as raised:
        unpacked(HOSTILE[name]())
    assert raised.value.code is Code.INPUT_PROBLEM


@pytest.mark.filterwarnings("ignore:Duplicate name")
@pytest.mark.parametrize("name", FINE)
def test_zips_that_the_service_accepts_are_unpacked(
    unpacked: Callable[[bytes], dict[str, int]], name: str, tmp_path: Path
) -> None:
    make, files = FINE[name]
    checksums = unpacked(make())
    assert sorted(checksums) == sorted([*files, "a.ipynb"])
    assert all((tmp_path / "work" / path).is_file() for path in checksums)
