import json
import os
from pathlib import Path

from local_cloud.object_repair import repair_objects


def put(folder: Path, name: str, body: bytes, *, size: int | None = None) -> Path:
    path = folder / "000000000000" / "bucket" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(body)
    described = {"size": len(body) if size is None else size, "etag": '"written"', "content_type": "text/plain"}
    path.with_name(f"{name}.meta.json").write_text(json.dumps(described), encoding="utf-8")
    return path


def description(path: Path) -> dict[str, object]:
    described: dict[str, object] = json.loads(path.with_name(f"{path.name}.meta.json").read_text(encoding="utf-8"))
    return described


def test_a_body_that_is_newer_than_its_description_is_described_again(tmp_path: Path) -> None:
    path = put(tmp_path, "report.ipynb", b"new")
    os.utime(path.with_name("report.ipynb.meta.json"), (0, 0))
    assert repair_objects(tmp_path) == 1
    assert description(path) == {
        "size": 3,
        "etag": '"22af645d1859cb5ca6da0c484f1f37ea"',
        "content_type": "text/plain",
        "checksums": {},
    }
    assert repair_objects(tmp_path) == 0


def test_a_body_of_another_size_is_described_again(tmp_path: Path) -> None:
    path = put(tmp_path, "report.ipynb", b"new", size=10)
    assert repair_objects(tmp_path) == 1
    assert description(path)["size"] == 3


def test_other_objects_are_left_alone(tmp_path: Path) -> None:
    path = put(tmp_path, "report.ipynb", b"content")
    assert repair_objects(tmp_path) == 0
    assert description(path)["etag"] == '"written"'
