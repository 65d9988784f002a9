from pathlib import Path
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jupyter_scheduler_aws.errors import UnsafePathError
from jupyter_scheduler_aws.transfers.local_paths import collision_key, job_folder_name, local_paths


@pytest.mark.parametrize(
    "name", ["../x", "a/../../x", "/etc/passwd", "", "a//b", ".", "./a", "a/", "a\x00b", "a\nb", "..", "a/..", "\ud800"]
)
@pytest.mark.parametrize("for_windows", [False, True])
def test_names_outside_of_the_folder_are_refused(tmp_path: Path, name: str, for_windows: bool) -> None:
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
def test_names_are_adapted_to_windows(tmp_path: Path, name: str, expected: str) -> None:
    assert local_paths(tmp_path, [name], for_windows=True) == {name: tmp_path / expected}


def test_names_are_unchanged_on_other_systems(tmp_path: Path) -> None:
    names = ["12:30.png", "nul", "a\\b", "end.", "~", "a~0123456789ab.csv", ".gitignore", "git/x"]
    assert local_paths(tmp_path, names, for_windows=False) == {name: tmp_path / name for name in names}


ONE = {
    "case": ["A.csv", "a.csv"],
    "case beyond ASCII": ["STRASSE.txt", "straße.txt"],
    "composed and decomposed": ["caf\u00e9.txt", "cafe\u0301.txt"],
    "both": ["\u00c9.txt", "e\u0301.txt", "\u00e9.txt"],
    "order of marks": ["a\u0323\u0302", "a\u0302\u0323"],
    "signs that are letters": ["\u212a.txt", "k.txt", "K.txt"],
    "what nobody sees": ["a.txt", "a\u200c.txt", "a\ufeff.txt", "a\ufe0f.txt"],
    "dots and spaces at the end": ["a", "a.", "a ", "a. ."],
    "in a folder": ["Data/x.csv", "data/X.csv"],
    "a folder's": ["data/x.csv", "DATA\u200b/x.csv"],
    "a file and a folder": ["Data", "data/x.csv"],
    "a file and a folder's folder": ["a/B", "A/b/c/d"],
    "a long name": ["n" * 250 + ".txt", "N" * 250 + ".txt"],
    "a long name beyond ASCII": ["\u00e9" * 125 + ".txt", "\u00c9" * 125 + ".txt"],
    "hidden": [".Env", ".env"],
}


def assert_all_are_kept_apart(folder: Path, names: list[str], found: dict[str, Path]) -> None:
    keys = [collision_key(path.relative_to(folder).as_posix()) for path in found.values()]
    assert list(found) == list(names)
    assert len(set(keys)) == len(keys)
    assert not any(other.startswith(f"{key}/") for key in keys for other in keys)
    assert all(len(part.encode()) <= 255 for path in found.values() for part in path.relative_to(folder).parts)


@pytest.mark.parametrize("for_windows", [False, True])
@pytest.mark.parametrize("names", ONE.values(), ids=ONE.keys())
def test_colliding_names_are_kept_apart(tmp_path: Path, names: list[str], for_windows: bool) -> None:
    found = local_paths(tmp_path, [*names, "other.txt"], for_windows=for_windows)

    assert_all_are_kept_apart(tmp_path, [*names, "other.txt"], found)
    assert found["other.txt"] == tmp_path / "other.txt"
    assert found == local_paths(tmp_path, ["other.txt", *reversed(names)], for_windows=for_windows)
    for name, path in found.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("x") as file:
            file.write(name)


def test_new_name_keeps_stem_and_suffix(tmp_path: Path) -> None:
    found = local_paths(tmp_path, ["A.csv", "a.csv", "b/c.tar.gz", "b/C.tar.gz"])

    assert [path.name for path in found.values()] == [
        "A~b1f4ee998059.csv",
        "a~32f29f33d511.csv",
        "c.tar~2248b9f8ef6e.gz",
        "C.tar~2555666b5ece.gz",
    ]
    assert local_paths(tmp_path, ["a.csv"])["a.csv"].name == "a.csv"


@pytest.mark.parametrize("for_windows", [False, True])
def test_names_that_are_too_long_are_shortened(tmp_path: Path, for_windows: bool) -> None:
    names = [
        "会" * 80 + "-2026-11-23-07-05-07-PM.ipynb",
        "会" * 80 + "-2026-11-23-07-05-07-PM.html",
        "会" * 80 + "_files/a.png",
        "会" * 90 + "_files/a.png",
        "会" * 90 + "_files/b.png",
        "x" * 255,
        "." + "会" * 85,
        "con." + "x" * 251,
    ]
    found = local_paths(tmp_path, names, for_windows=for_windows)

    assert {len(part.encode()) <= 255 for path in found.values() for part in path.parts} == {True}
    assert found["x" * 255].name == "x" * 255, "a name that can be stored is unchanged"
    assert found[names[0]].suffix == ".ipynb"
    assert found[names[3]].parent == found[names[4]].parent
    assert_all_are_kept_apart(tmp_path, names, found)


def test_the_folder_of_a_job_with_a_long_name_can_be_created(tmp_path: Path) -> None:
    name = job_folder_name("会" * 83 + ".ipynb", "0199c0de-1234-7abc-8def-0123456789ab")
    assert name.startswith("会" * 70)
    assert name.endswith("会-0199c0de-1234-7abc-8def-0123456789ab")
    (tmp_path / name).mkdir()


@pytest.mark.parametrize("names", [["a:b", "a?b"], ["end.", "end_"], ["nul", "_nul"], ["a\\b", "a_b"]])
def test_names_adapted_to_windows_are_kept_apart(tmp_path: Path, names: list[str]) -> None:
    assert_all_are_kept_apart(tmp_path, names, local_paths(tmp_path, names, for_windows=True))


def test_names_crafted_to_collide_are_refused(tmp_path: Path) -> None:
    new = local_paths(tmp_path, ["A.csv", "a.csv"])["a.csv"].name

    with pytest.raises(UnsafePathError, match="would have the same path here"):
        local_paths(tmp_path, ["A.csv", "a.csv", new.upper()])


@pytest.mark.parametrize("part", [".git", ".GIT", ".Git", ".g\u200cit", ".git.", ".git ", "GIT~1"])
def test_git_folder_is_renamed(tmp_path: Path, part: str) -> None:
    found = local_paths(tmp_path, [f"{part}/config", f"a/{part}/hooks/post-checkout"], for_windows=False)

    assert [path.relative_to(tmp_path).as_posix() for path in found.values()] == [
        f"_{part}/config",
        f"a/_{part}/hooks/post-checkout",
    ]


PIECES = [
    "a",
    "A",
    "e",
    "\u0301",
    "\u00e9",
    "\u00c9",
    "ss",
    "\u00df",
    "\u017f",
    "k",
    "\u212a",
    "\u200d",
    "\u0130",
    "i",
    ".",
    " ",
    "~",
]
NAMES = st.lists(
    st.lists(st.lists(st.sampled_from(PIECES), min_size=1, max_size=4).map("".join), min_size=1, max_size=3)
    .filter(lambda parts: not {".", ".."} & set(parts))
    .map("/".join),
    unique=True,
    max_size=12,
)


@given(NAMES, st.randoms(use_true_random=False), st.booleans())
def test_any_names_are_kept_apart(names: list[str], random: Random, for_windows: bool) -> None:
    folder = Path("/nonexistent")

    found = local_paths(folder, names, for_windows=for_windows)

    assert_all_are_kept_apart(folder, names, found)
    assert found == local_paths(folder, random.sample(names, len(names)), for_windows=for_windows)


def test_link_in_the_folder_cannot_lead_outside(tmp_path: Path) -> None:
    folder = tmp_path / "outputs"
    folder.mkdir()
    (folder / "link").symlink_to(tmp_path)

    with pytest.raises(UnsafePathError, match="link"):
        local_paths(folder, ["link/x"])
