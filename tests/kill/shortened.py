"""Other settings for these tests: shorter limits, so that ten minutes without a network pass in one, and an output format that converts fast.

The service's limits are constants in the code of the deployed functions, so their text is changed in the bundle. The limits that a
request of a loaded machine must not miss are kept.
"""

import io
import json
import re
import zipfile
from pathlib import Path
from typing import Final

__all__ = ["FACTOR", "QUICK_FORMAT", "shortened_bundle"]

FACTOR: Final = 10
"""How many times shorter the limits are than in production."""

QUICK_FORMAT: Final = "script"
"""An output format whose conversion takes no time, which the default settings do not offer."""

_MODULES: Final = (
    "chalicelib/domain/retry_policy.py",
    "chalicelib/domain/task_watch.py",
    "chalicelib/services/jobs.py",
    "chalicelib/services/runs.py",
    "chalicelib/services/sweep.py",
)
_CONSTANT: Final = re.compile(r"timedelta\((hours|minutes|seconds)=(\d+)\)")
_SETTINGS: Final = "settings.json"
_LAUNCH_DEADLINE: Final = "launch_deadline_minutes"


def shortened_bundle(folder: Path) -> bytes:
    """Return the functions' bundle as a zip file, with shorter limits; every environment offers `QUICK_FORMAT`.

    Parameters
    ----------
    folder
        The bundle that synth wrote.
    """
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as bundle:
        for path in sorted(folder.rglob("*")):
            name = path.relative_to(folder).as_posix()
            if path.is_file() and not (name.startswith("chalicelib/") and path.suffix == ".pyc"):
                bundle.writestr(zipfile.ZipInfo(name), _content(name, path))
    return archive.getvalue()


def _content(name: str, path: Path) -> bytes:
    if name == _SETTINGS:
        settings = json.loads(path.read_text(encoding="utf-8"))
        limits = settings.setdefault("limits", {})
        limits[_LAUNCH_DEADLINE] = max(1, limits.get(_LAUNCH_DEADLINE, 20) // FACTOR)
        for environment in settings.get("environments", {}).values():
            environment["output_formats"] = [*environment["output_formats"], QUICK_FORMAT]
        return json.dumps(settings).encode()
    if name not in _MODULES:
        return path.read_bytes()
    text, count = _CONSTANT.subn(_shorter, path.read_text(encoding="utf-8"))
    if not count:
        raise AssertionError(f"{name} has no limits to shorten any more; update {__file__}.")
    return text.encode()


def _shorter(constant: re.Match[str]) -> str:
    seconds = int(constant[2]) * {"hours": 3600, "minutes": 60, "seconds": 1}[constant[1]]
    return f"timedelta(seconds={seconds / FACTOR:g})"
