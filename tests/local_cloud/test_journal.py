import errno
import os
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from local_cloud.journal import Journal, read_changes

changes = st.lists(st.lists(st.one_of(st.text(), st.integers(), st.none()), max_size=3), min_size=1, max_size=4)


@given(groups=st.lists(changes, max_size=6), data=st.data())
def test_a_file_cut_at_any_byte_has_the_first_groups_whole(
    tmp_path_factory: pytest.TempPathFactory, groups: list[Any], data: st.DataObject
) -> None:
    folder = tmp_path_factory.mktemp("journal")
    journal = Journal(folder)
    ends = [0]
    for group in groups:
        journal.append(group)
        ends.append(journal.size)
    cut = data.draw(st.integers(0, journal.size))
    os.truncate(folder / "journal-00000001.log", cut)
    whole = sum(end <= cut for end in ends) - 1
    assert list(read_changes(folder)) == [change for group in groups[:whole] for change in group]


def test_changes_of_the_next_process_follow_a_torn_line(tmp_path: Path) -> None:
    first = Journal(tmp_path)
    first.append([["kept"]])
    first.append([["torn"]])
    os.truncate(tmp_path / "journal-00000001.log", first.size - 1)
    Journal(tmp_path).append([["next"]])
    assert list(read_changes(tmp_path)) == [["kept"], ["next"]]


def test_files_that_are_saved_elsewhere_can_be_discarded(tmp_path: Path) -> None:
    journal = Journal(tmp_path)
    journal.append([["saved"]])
    earlier = journal.rotate()
    journal.append([["since"]])
    for path in earlier:
        path.unlink()
    assert list(read_changes(tmp_path)) == [["since"]]


def test_a_write_to_a_full_disk_leaves_the_journal_as_it_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    journal = Journal(tmp_path)
    journal.append([["before"]])
    write = os.write

    def write_half(file: int, content: bytes) -> int:
        if len(content) < 10:
            raise OSError(errno.ENOSPC, "No space left on device")
        return write(file, content[: len(content) // 2])

    with monkeypatch.context() as full:
        full.setattr(os, "write", write_half)
        with pytest.raises(OSError, match="No space left"):
            journal.append([["lost"]])
    journal.append([["after"]])
    assert list(read_changes(tmp_path)) == [["before"], ["after"]]
