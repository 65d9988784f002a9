"""Runs the benchmarks and prints their table: `make bench`, or `python -m benchmarks panel` for some of them."""

import importlib
import sys
import time
from typing import Final

from benchmarks.table import Row, markdown

__all__ = ["main"]

_BENCHMARKS: Final = ("panel", "notebook_engines", "runner_start", "function_imports", "command_start")
"""The modules that measure; each has `measure`, which returns rows."""


def main(names: list[str]) -> int:
    """Run the benchmarks, all if none is named; return the exit code."""
    missing = []
    rows: list[Row] = []
    for name in names or _BENCHMARKS:
        start = time.perf_counter()
        try:
            module = importlib.import_module(f"benchmarks.{name}")
        except ModuleNotFoundError as error:
            missing.append(f"{name} ({error})")
            continue
        rows += module.measure()
        print(f"{name}: {time.perf_counter() - start:.0f} s", file=sys.stderr, flush=True)
    print(markdown(rows))
    for name in missing:
        print(f"Not measured: {name}", file=sys.stderr)
    return 1 if missing else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
