from pathlib import Path

import pytest

from jupyter_scheduler_aws.errors import UnsafePathError
from jupyter_scheduler_aws.paths import local_paths


@pytest.mark.parametrize(
    "name", ["../x", "a/../../x", "/etc/passwd", "", "a//b", ".", "./a", "a/", "a\x00b", "a\nb", "..", "a/.."]
)
@pytest.mark.parametrize("for_windows", [False, True])
def test_names_that_lead_out_are_refused(tmp_path: Path, name: str, for_windows: bool) -> None:
    with pytest.raises(UnsafePathError):
        local_paths(tmp_path, [name], for_windows=for_windows)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("plot.png", "plot.png"),
        ("a/b c.csv", "a/b c.csv"),
        ("..\\..\\x", ".._.._x"),
        ("C:\\x", "C__x"),
        ("C:/x", "C_/x"),
        ("12:30.png", "12_30.png"),
        ("a.txt:stream", "a.txt_stream"),
        ("nul", "_nul"),
        ("data/COM1.csv", "data/_COM1.csv"),
        ("aux.tar.gz", "_aux.tar.gz"),
        ("com10", "com10"),
        ("end.", "end_"),
        ("end ", "end_"),
        ("... ", "..._"),
        ("con ", "con_"),
    ],
)
def test_names_that_windows_has_not_are_changed_there(tmp_path: Path, name: str, expected: str) -> None:
    assert local_paths(tmp_path, [name], for_windows=True) == {name: tmp_path / expected}


def test_elsewhere_they_stay(tmp_path: Path) -> None:
    names = ["12:30.png", "nul", "a\\b", "end."]
    assert local_paths(tmp_path, names, for_windows=False) == {name: tmp_path / name for name in names}


@pytest.mark.parametrize("names", [["A.csv", "a.csv"], ["a:b", "a?b"]])
def test_two_files_do_not_become_one(tmp_path: Path, names: list[str]) -> None:
    with pytest.raises(UnsafePathError, match="same file"):
        local_paths(tmp_path, names, for_windows=True)


def test_a_link_in_the_folder_does_not_lead_out(tmp_path: Path) -> None:
    folder = tmp_path / "outputs"
    folder.mkdir()
    (folder / "link").symlink_to(tmp_path)

    with pytest.raises(UnsafePathError, match="link"):
        local_paths(folder, ["link/x"])
