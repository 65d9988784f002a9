"""The limits of the service that the kill tests shorten are still where they look for them."""

import io
import json
import shutil
import zipfile
from pathlib import Path

from tests.kill.shortened import QUICK_FORMAT, shortened_bundle

ROOT = Path(__file__).parents[2]


def test_limits_are_shorter_in_the_bundle(tmp_path: Path) -> None:
    settings = {"limits": {}, "environments": {"python": {"output_formats": ["ipynb", "html"]}}}
    shutil.copytree(ROOT / "chalicelib", tmp_path / "chalicelib", ignore=shutil.ignore_patterns("__pycache__"))
    (tmp_path / "settings.json").write_text(json.dumps(settings), encoding="utf-8")
    bundle = zipfile.ZipFile(io.BytesIO(shortened_bundle(tmp_path)))
    limits = bundle.read("chalicelib/domain/task_watch.py")
    assert b"HEARTBEAT_TIMEOUT: Final = timedelta(seconds=30)" in limits
    assert b"OUTAGE_TIMEOUT: Final = timedelta(seconds=720)" in limits
    changed = json.loads(bundle.read("settings.json"))
    assert changed["limits"] == {"launch_deadline_minutes": 2}
    assert changed["environments"]["python"]["output_formats"] == ["ipynb", "html", QUICK_FORMAT]
