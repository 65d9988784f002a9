"""Memory for checking snapshots: it stays within the API function's memory for the largest snapshots that the settings allow.

Each is looked at by a process of its own that has what the function has loaded, and no more address space than the function has memory.
"""

import itertools
import json
import subprocess
import sys
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

import pytest

from chalicelib.config import Limits
from infra.functions import FUNCTIONS
from tests.support.hostile_zips import end_of, entry_of

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="Linux tells the peak of a process")

_MIB: Final = 1 << 20
_MEMORY_MIB: Final = next(each.memory_mib for each in FUNCTIONS if each.name == "api")

_LARGEST: Final = Limits(
    max_notebook_mib=100, max_folder_mib=5000, max_unpacked_mib=1 << 20, max_unpacked_files=100_000
)
"""The largest sizes that the settings allow, as `test_these_are_the_largest` checks."""

_HEAD: Final = (
    b'{"metadata": {"kernelspec": {"name": "python3"}}, "nbformat": 4, "cells": [{"cell_type": "code", "outputs": ['
)

_CELLS: Final = b'{"metadata": {"kernelspec": {"name": "python3"}}, "nbformat": 4, "cells": ['

_PROGRAM: Final = """
import json, resource, sys
import app.app
from chalicelib.config import Limits
from chalicelib.domain.snapshots.snapshot import check_notebook, check_package
from chalicelib.errors import RequestError
from chalicelib.services.uploads import package_limits

path, limits, memory_mib = sys.argv[1], Limits(**json.loads(sys.argv[2])), int(sys.argv[3])
resource.setrlimit(resource.RLIMIT_AS, (memory_mib << 20, memory_mib << 20))
said = "taken"
try:
    with open(path, "rb") as file:
        if path.endswith(".zip"):
            check_package(file, "a.ipynb", kernel=None, limits=package_limits(limits))
        else:
            check_notebook(file.read(), "a.ipynb", kernel=None)
except RequestError as error:
    said = error.code
with open("/proc/self/status") as status:  # `ru_maxrss` counts the process that started this one
    [peak] = [line.split()[1] for line in status if line.startswith("VmHWM")]
print(json.dumps([said, int(peak) // 1024]))
"""


def _look_at(path: Path, limits: Limits) -> tuple[str, int]:
    """Check a snapshot in a separate process. Return its output and its peak memory [MiB]."""
    command = [sys.executable, "-c", _PROGRAM, str(path), limits.model_dump_json(), str(_MEMORY_MIB)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    result, peak = json.loads(done.stdout)
    return result, peak


def test_these_are_the_largest() -> None:
    for name in ("max_notebook_mib", "max_folder_mib", "max_unpacked_files"):
        with pytest.raises(ValueError, match=name):
            Limits.model_validate({name: getattr(_LARGEST, name) + 1})


def _filled(piece: bytes, end: bytes = b"0]}]}") -> Iterator[bytes]:
    """Return a notebook of the largest allowed size that repeats one piece."""
    many = piece * (_MIB // len(piece))
    yield _HEAD
    for _ in range(_LARGEST.max_notebook_mib - 1):
        yield many
    yield end


def _cells(piece: bytes, before: bytes = b"", end: bytes = b'{"cell_type":"raw"}]}') -> Iterator[bytes]:
    """Return a notebook of the largest allowed size whose list of cells repeats one piece."""
    return _repeated(_CELLS + before, piece, end)


def _repeated(start: bytes, piece: bytes, end: bytes) -> Iterator[bytes]:
    block = piece * (_MIB // len(piece))
    count = (_LARGEST.max_notebook_mib * _MIB - len(start + end)) // len(block)
    return itertools.chain([start], itertools.repeat(block, count), [end])


def _worksheets(piece: bytes, before: bytes = b"", end: bytes = b'{"cells":[]}]}') -> Iterator[bytes]:
    """Return a notebook of format 3 and of the largest allowed size whose worksheets repeat one piece."""
    return _repeated(b'{"metadata": {}, "nbformat": 3, "worksheets": [' + before, piece, end)


_NOTEBOOKS: Final[dict[str, tuple[Callable[[], Iterator[bytes]], str]]] = {
    "empty lists": (lambda: _filled(b"[],"), "taken"),
    "objects of one key": (lambda: _filled(b'{"":0},'), "taken"),
    "numbers": (lambda: _filled(b"1,"), "taken"),
    "no numbers": (lambda: _filled(b"NaN,"), "taken"),
    "no JSON": (lambda: _filled(b"x"), "cannot_be_run"),
    "one long text with an emoji": (
        lambda: iter([_HEAD, '"\U0001f4a5'.encode(), *[b"x" * _MIB] * 90, b'"]}]}']),
        "taken",
    ),
    "one long text of emojis": (lambda: iter([_HEAD, b'"', *["\U0001f4a5".encode() * _MIB] * 22, b'"]}]}']), "taken"),
    "escapes": (lambda: iter([_HEAD, b'"', *[b"\\n" * _MIB] * 45, b'"]}]}']), "taken"),
    "cells": (lambda: _cells(b'{"cell_type":"raw"},'), "cannot_be_run"),
    "as many cells as allowed": (
        lambda: _cells(b'"a",', b'{"cell_type":"raw"},' * 99_998 + b'{"cell_type":"raw","source":["",', b'""]}]}'),
        "taken",
    ),
    "cells of format 3": (lambda: _worksheets(b'{"cell_type":"raw"},', b'{"cells":[', b"{}]}]}"), "cannot_be_run"),
    "worksheets": (lambda: _worksheets(b'{"cells":[]},'), "cannot_be_run"),
    "cells without a type": (lambda: _cells(b"{},"), "cannot_be_run"),
    "lists as cells": (lambda: _cells(b"[],"), "cannot_be_run"),
    "lines of a text": (lambda: _cells(b'"a",', b'{"cell_type":"raw","source":["",', b'""]}]}'), "taken"),
    "numbers as lines of a text": (lambda: _cells(b"1,", b'{"cell_type":"raw","source":[', b"1]}]}"), "cannot_be_run"),
    "depth": (lambda: _filled(b"["), "cannot_be_run"),
    "a long number": (lambda: _filled(b"9"), "taken"),
    "a long kernel name": (
        lambda: iter(
            [b'{"nbformat": 4, "cells": [], "metadata": {"kernelspec": {"name": "', *[b"x" * _MIB] * 90, b'"}}}']
        ),
        "taken",
    ),
}


@pytest.mark.parametrize("name", _NOTEBOOKS)
def test_checking_a_notebook_stays_within_the_functions_memory(name: str, tmp_path: Path) -> None:
    parts, expected = _NOTEBOOKS[name]
    path = tmp_path / "a.ipynb"
    with path.open("wb") as file:
        file.writelines(parts())
    assert path.stat().st_size <= _LARGEST.max_notebook_mib * _MIB
    result, peak_mib = _look_at(path, _LARGEST)
    assert result == expected
    assert peak_mib < _MEMORY_MIB // 2


def _directory(path: Path, entry: Callable[[int], bytes], count: int) -> None:
    size = 0
    with path.open("wb") as file:
        for number in range(count):
            size += file.write(entry(number))
        file.write(end_of(size, count=1))


def _notebook_in(path: Path, piece: bytes) -> None:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as package:
        with package.open("a.ipynb", "w") as member:
            for part in _filled(piece):
                member.write(part)
        package.writestr("b.bin", bytes(300_000))


_NAME: Final = ("\U0001f4a5".encode() + b"n" * 200 + b"/") * 3
_ZIPS: Final[dict[str, tuple[Callable[[Path], object], str]]] = {
    "51 MiB of empty entries": (
        lambda path: _directory(path, lambda _: entry_of(b""), 51 * _MIB // 46),
        "cannot_be_run",
    ),
    "more entries than allowed": (lambda path: _directory(path, lambda i: entry_of(b"%d" % i), 1_200_000), "too_large"),
    "long names": (lambda path: _directory(path, lambda i: entry_of(_NAME + b"%d" % i), 100_000), "cannot_be_run"),
    "deep paths": (
        lambda path: _directory(path, lambda i: entry_of(b"%d/" % i + b"a/" * 1990), 16_000),
        "too_large",
    ),
    "long comments": (
        lambda path: _directory(path, lambda i: entry_of(b"%d" % i, comment=b"c" * 60_000), 1_000),
        "cannot_be_run",
    ),
    "a directory of half a gigabyte": (lambda path: path.write_bytes(end_of(500 * _MIB)), "cannot_be_run"),
    "a notebook of empty lists": (lambda path: _notebook_in(path, b"[],"), "taken"),
}


@pytest.mark.parametrize("name", _ZIPS)
@pytest.mark.parametrize("limits", [Limits(), _LARGEST], ids=["default limits", "largest limits"])
def test_checking_a_zip_stays_within_the_functions_memory(name: str, limits: Limits, tmp_path: Path) -> None:
    make, expected = _ZIPS[name]
    path = tmp_path / "a.zip"
    make(path)
    result, peak_mib = _look_at(path, limits)
    assert result == expected or (limits == Limits() and result == "too_large")
    assert peak_mib < _MEMORY_MIB // 2
