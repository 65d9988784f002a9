"""Partial files."""

from pathlib import Path

from jupyter_scheduler_aws.transfers.partial_files import PartialFile, find_partial_files
from tests.jupyter_scheduler_aws.transfers.downloading import leave_part, parts_in

ETAG = '"abc"'


def test_partial_file_that_another_download_restarted_is_not_moved(tmp_path: Path) -> None:
    """Two downloads use different files with one name after one of them has discarded its partial file and started again."""
    target = tmp_path / "x"
    with PartialFile(target) as first, PartialFile(target) as second:
        first.start(ETAG)
        first.write(b"whole")
        [path] = parts_in(tmp_path)
        path.unlink()
        second.start(ETAG)
        second.write(b"wh")

        assert not first.finish()
        assert not target.exists()

        second.write(b"ole")
        assert second.finish()
        assert target.read_bytes() == b"whole"


def test_partial_files_of_other_versions_are_removed(tmp_path: Path) -> None:
    target = tmp_path / "x"
    leave_part(target, '"old"', b"1")
    (tmp_path / "other").mkdir()
    leave_part(tmp_path / "other" / "x", '"old"', b"1")
    found = find_partial_files([target])[target]
    assert len(found) == 1

    with PartialFile(target, found) as part:
        part.start(ETAG)

    assert [path.name.rpartition("-")[2] for path in tmp_path.glob("*.part")] == ["abc.part"]
    assert len(parts_in(tmp_path / "other")) == 1
