"""Process 1 of the container: `python -I -S <this folder>`."""

import os
import sys

__all__: list[str] = []

# Python put this folder first. Modules are imported from the folder of the package `runner`, which belongs to root.
sys.path[0] = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))  # noqa: PTH100, PTH120

from runner.init.main import main  # noqa: E402 - after the change of sys.path

sys.exit(main())
