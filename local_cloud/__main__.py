"""`python -m local_cloud up | lab | down | status`: the whole stack on this machine, and JupyterLab in front of it.

`LOCAL_CLOUD_DIR` and `LOCAL_CLOUD_PORT` choose its folder and port, so that several can stand side by side;
`LOCAL_CLOUD_ENGINE` chooses what runs the tasks: `process` (the default), `podman` or `docker`.
"""

import argparse
import fcntl
import json
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from local_cloud.connection import write_connection
from local_cloud.daemon import Daemon
from local_cloud.deploy import deploy
from local_cloud.engine_choice import choose_engine, chosen_engine, end_leftovers, write_engine
from local_cloud.errors import LocalCloudError
from local_cloud.jupyterlab import lab_command, lab_environment, make_workspace
from local_cloud.machine_checks import check_machine
from local_cloud.paths import LocalPaths

__all__ = ["main"]


def main() -> int:
    """Do what the command line says; give 1 after a fault that was told in one line, and for `status` if it does not run."""
    parser = argparse.ArgumentParser(
        prog="local_cloud", description="The whole stack on an emulated AWS on this machine."
    )
    parser.add_argument("action", choices=("up", "lab", "down", "status"))
    action = parser.parse_args().action
    try:
        places = LocalPaths.from_environment(os.environ)
        if action == "lab":
            return _lab(places)
        with _alone(places):
            return {"up": _up, "down": _down, "status": _status}[action](places)
    except LocalCloudError as error:
        print(f"local cloud: {error}", file=sys.stderr)
        return 1


def _up(places: LocalPaths) -> int:
    check_machine(places)
    started = _start(places)
    from local_cloud.identities import Identities  # noqa: PLC0415  needs boto3, which `make down` runs without

    identities = Identities(places)
    stack = deploy(places, identities.deployer)
    identities.notebook_user(stack.user_policy_arn)
    identities.admin(stack.user_policy_arn)
    write_connection(places, api_url=stack.api_url, user_policy_arn=stack.user_policy_arn)
    print(f"The local cloud {'is up' if started else 'was up already'}: {stack.api_url}")
    if engine := chosen_engine(places):
        print(f"Tasks run as containers of {engine.name}.")
    print(f"For this shell: . {os.path.relpath(places.shell)}")
    return 0


def _start(places: LocalPaths) -> bool:
    """Start the launcher, anew if it runs with another engine; return whether it was not running already."""
    daemon = Daemon(places)
    engine = choose_engine(os.environ)
    running = chosen_engine(places)
    if daemon.pid is None or (engine and engine.name) != (running and running.name):
        daemon.stop()
        end_leftovers(places)
        write_engine(places, engine)
    return daemon.start()


def _lab(places: LocalPaths) -> int:
    """Become JupyterLab, until it is interrupted."""
    if Daemon(places).pid is None:
        raise LocalCloudError("The local cloud does not run; `make up` starts it.")
    command = lab_command(places.lab_python, make_workspace(places))
    print("JupyterLab prints its address below; right-click a notebook there and choose Create Job.", flush=True)
    os.execve(command[0], command, lab_environment(places, os.environ))  # noqa: S606 - no shell is wanted


def _down(places: LocalPaths) -> int:
    stopped = Daemon(places).stop()
    try:
        end_leftovers(places)
    except LocalCloudError as error:  # an engine that is gone must not keep anybody from cleaning up
        print(f"local cloud: {error}", file=sys.stderr)
    print(
        "The local cloud has stopped; `make up` finds its jobs again."
        if stopped
        else "The local cloud was not running."
    )
    return 0


def _status(places: LocalPaths) -> int:
    pid = Daemon(places).pid
    if pid is None:
        print("The local cloud does not run; `make up` starts it.")
        return 1
    api_url = (
        json.loads(places.connection.read_text(encoding="utf-8"))["api_url"]
        if places.connection.exists()
        else "not deployed"
    )
    print(f"The local cloud runs as process {pid}: {api_url}")
    return 0


@contextmanager
def _alone(places: LocalPaths) -> Iterator[None]:
    """Let two commands on the same local cloud run one after the other."""
    places.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    with (places.folder / "lock").open("w", encoding="ascii") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


if __name__ == "__main__":
    sys.exit(main())
