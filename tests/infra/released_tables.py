"""Write down the tables that the stack has now as those of the last release: part of making a release."""

import tempfile
from pathlib import Path

from tests.infra.synthesized import synthesize
from tests.infra.table_changes import RECORDED, record

if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        record(synthesize(Path(folder) / "cdk.out", {}).template)
    print(f"{RECORDED.name} has the tables of the stack as it is now.")  # noqa: T201 - a command's answer
