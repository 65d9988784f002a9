"""The stock server and ours side by side, each with its own user and workspace."""

import json
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Final

from tests.contract.notebooks import write_workspace
from tests.contract.sides import Side
from tests.support.deployed import Deployed
from tests.support.jupyter_server import BUSY_MACHINE, JupyterServer, running_server
from tests.support.owners import new_user

__all__ = ["a_user_of_its_own", "running_sides"]

_STOCK: Final = {
    "scheduler_class": "jupyter_scheduler.scheduler.Scheduler",
    "environment_manager_class": "jupyter_scheduler.environments.CondaEnvironmentManager",
    "job_files_manager_class": "jupyter_scheduler.job_files_manager.JobFilesManager",
}


@contextmanager
def a_user_of_its_own(deployed: Deployed) -> Iterator[dict[str, str]]:
    """Create a user without jobs. Yield the environment variables for the Jupyter server of this user."""
    with new_user(deployed, deployed.user_policy_arn) as key:
        names = ("JUPYTER_SCHEDULER_AWS_URL", "AWS_")
        yield {name: value for name, value in deployed.environment_of(key).items() if name.startswith(names)}


@contextmanager
def running_sides(folder: Path, deployed: Deployed) -> Iterator[tuple[Side, Side]]:
    """Run both servers until the block ends. Then delete what remains in the cloud."""
    options = [f"--SchedulerApp.{name}={value}" for name, value in _STOCK.items()]
    options += [f"--SchedulerApp.db_url=sqlite:///{folder}/stock.sqlite"]
    with ExitStack() as stack:
        environment = stack.enter_context(a_user_of_its_own(deployed))
        stock = stack.enter_context(
            running_server(folder / "stock", {"TZ": "UTC"}, options=options, starts_in_workspace=True)
        )
        here = stack.enter_context(running_server(folder / "here", environment, options=[BUSY_MACHINE]))
        for server in (stock, here):
            write_workspace(server.workspace)
        sides = Side(stock, _environment_of(stock)), Side(here, "python")
        try:
            yield sides
        finally:
            sides[1].clear()


def _environment_of(server: JupyterServer) -> str:
    [environment] = json.loads(server.request("GET", "/runtime_environments").text)
    return str(environment["name"])
