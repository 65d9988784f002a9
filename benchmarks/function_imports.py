"""Times what a cold start of a function imports, in the deployed bundle, against botocore alone, which every function needs.

It uses the declared runtime's Python where this machine has it, else the Python that runs this module. The times are CPU times:
importing is work for one processor, and other processes do not count.
"""

import platform
import shutil
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import botocore

from benchmarks.table import Row
from infra.bundle import find_uv, stage_bundle
from infra.bytecode import Compiler
from infra.settings import StackSettings, read_settings

__all__ = ["measure"]

_ROOT: Final = Path(__file__).parents[1]
_ROUNDS: Final = 9
_BASELINE: Final = "botocore.session"
_ENTRY_POINTS: Final = {"API": "app.app", "dispatch": "app.dispatch"}
_GOALS: Final[Mapping[str, Mapping[str, str]]] = {"API": {"with": "+ 250 ms", "without": "+ 500 ms"}}
_ARCHITECTURES: Final = {"x86_64": "x86_64", "aarch64": "arm64"}

_IMPORT: Final = """
import sys, time
sys.path[:0] = [sys.argv[1]]
start = time.process_time()
__import__(sys.argv[2])
print(1000 * (time.process_time() - start))
"""


def measure() -> list[Row]:
    """Import each entry point and botocore in turn, each in a process of its own, with bytecode and without."""
    compiler, target = _choose_python()
    times: dict[tuple[str, str], list[float]] = {}
    with tempfile.TemporaryDirectory() as folder:
        bundles = _bundles(Path(folder), compiler, target)
        for _ in range(_ROUNDS):
            for bytecode, bundle in bundles.items():
                for module in (_BASELINE, *_ENTRY_POINTS.values()):
                    times.setdefault((module, bytecode), []).append(_import_ms(compiler, bundle, module))
    return [
        Row(
            what=f"importing the {name} function {bytecode} bytecode",
            ours=statistics.median(times[module, bytecode]),
            baseline=statistics.median(times[_BASELINE, bytecode]),
            against=f"`import {_BASELINE}`",
            goal=_GOALS.get(name, {}).get(bytecode, ""),
        )
        for name, module in _ENTRY_POINTS.items()
        for bytecode in ("with", "without")
    ]


def _settings() -> StackSettings:
    return read_settings(_ROOT / "scheduler.toml")


def _choose_python() -> tuple[Compiler, dict[str, Any]]:
    """Choose the Python that imports, and the options of the bundle that it can import."""
    python, machine = _settings().functions.python, platform.machine()
    runtime = Compiler.for_runtime(python, uv=find_uv()) if sys.platform == "linux" else None
    target = "declared" if runtime and machine in _ARCHITECTURES else "local"
    options = {"target": target, "python": python, "architecture": _ARCHITECTURES.get(machine, "x86_64")}
    return (runtime if runtime and target == "declared" else Compiler.local()), options


def _bundles(folder: Path, compiler: Compiler, target: Mapping[str, Any]) -> dict[str, Path]:
    """Copy the bundle, and beside it the botocore of the Lambda runtime, once with bytecode and once without."""
    staged = stage_bundle(_settings().service_part, **target, build=folder / "build")
    bundles = {bytecode: folder / bytecode for bytecode in ("with", "without")}
    for bundle in bundles.values():
        shutil.copytree(staged, bundle)
        ignored = shutil.ignore_patterns("__pycache__", "data")
        shutil.copytree(Path(botocore.__file__).parent, bundle / "botocore", ignore=ignored)
    compiler.compile(bundles["with"])
    return bundles


def _import_ms(compiler: Compiler, bundle: Path, module: str) -> float:
    command = [compiler.executable, "-I", "-B", "-c", _IMPORT, str(bundle), module]
    return float(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
