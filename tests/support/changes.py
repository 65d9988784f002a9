"""Runs of definitions that end, and the events about definitions that follow from it."""

from typing import Any

from tests.support.definitions import Definitions

__all__ = ["finish_run", "told"]


def finish_run(made: Definitions, definition_id: str, code: str = "succeeded", **body: Any) -> str:
    """Run a definition now and let the run end; return the job's id."""
    job_id = made.run_now(definition_id, **body)
    run = made.local.start(job_id)
    assert run.report(code, message="KeyError: 'x'").status == 200
    made.local.finish(run, exit_code=0)
    return job_id


def told(made: Definitions) -> list[str]:
    """Deliver all changes; return the events about definitions since the last call."""
    made.follow_changes()
    return [each["detail-type"] for each in made.events() if not each["detail-type"].startswith("Job ")]
