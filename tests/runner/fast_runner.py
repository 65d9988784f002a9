"""The runner with short intervals; each can be set by an environment variable of its name."""

import os
import sys
from dataclasses import fields

from runner.__main__ import main
from runner.settings import Intervals

given = {field.name: float(os.environ.pop(field.name)) for field in fields(Intervals) if field.name in os.environ}
sys.exit(main(Intervals(**given)))  # type: ignore[arg-type]
