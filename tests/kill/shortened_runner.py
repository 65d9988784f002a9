"""Run the runner with shorter intervals, and announce its process id. Runs in the runner's environment."""

import os
import sys
from pathlib import Path

from runner.command import main
from runner.settings import Intervals
from tests.kill.shortened import FACTOR

if __name__ == "__main__":
    job, attempt = os.environ["RUN_URL"].rstrip("/").split("/")[-2:]
    folder = Path(os.environ["ANNOUNCE_IN"])
    folder.mkdir(exist_ok=True)
    (folder / f"{job}.{attempt}").write_text(str(os.getpid()), encoding="ascii")
    default = Intervals()
    sys.exit(
        main(
            Intervals(
                first_upload_seconds=default.first_upload_seconds / FACTOR,
                next_upload_seconds=default.next_upload_seconds / FACTOR,
                kill_seconds=default.kill_seconds / FACTOR,
                second_interrupt_seconds=default.second_interrupt_seconds / FACTOR,
                grace_seconds=default.grace_seconds / FACTOR,
                retry_seconds=default.retry_seconds / FACTOR,
                hurry_seconds=default.hurry_seconds / FACTOR,
                report_seconds=default.report_seconds / FACTOR,
            )
        )
    )
