"""The runner with other intervals and control groups. An environment variable with the name of an interval sets it."""

import os
import sys
from dataclasses import fields
from pathlib import Path

from runner.command import main
from runner.memory import MemoryWatch
from runner.settings import Intervals

if __name__ == "__main__":
    intervals = {
        field.name: float(os.environ.pop(field.name)) for field in fields(Intervals) if field.name in os.environ
    }
    root = os.environ.get("CGROUP_ROOT")
    memory = MemoryWatch(Path(root), Path("/nonexistent")) if root else None
    sys.exit(main(Intervals(**intervals), memory))  # type: ignore[arg-type]
