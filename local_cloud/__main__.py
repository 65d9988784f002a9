"""The command line of the local cloud: `python -m local_cloud up | lab | inbox | down | status`.

`LOCAL_CLOUD_DIR` and `LOCAL_CLOUD_PORT` set its folder and port, so that several can run on one machine.
`LOCAL_CLOUD_ENGINE` sets what runs the tasks: `process` (the default), `podman` or `docker`.
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
from local_cloud.engine_choice import choose_engine, read_engine, remove_orphaned_containers, write_engine
from local_cloud.errors import LocalCloudError
from local_cloud.jupyterlab_server import lab_command, lab_environment, make_workspace
from local_cloud.paths import LocalPaths
from local_cloud.prerequisites import check_prerequisites

__all__ = ["main"]


def main() -> int:
    """Run the action of the command line.

    Returns
    -------
    The exit code: 1 after an error, which is printed in one line, and for `status` if the local cloud is not running.
    """
    parser = argparse.ArgumentParser(
        prog="local_cloud", description="The whole stack on an emulated AWS on this machine."
    )
    parser.add_argument("action", choices=("up", "lab", "inbox", "down", "status"))
    action = parser.parse_args().action
    try:
        paths = LocalPaths.from_environment(os.environ)
        if action == "lab":
            return _lab(paths)
        if action == "inbox":
            return _inbox(paths)
        with _locked(paths):
            return {"up": _up, "down": _down, "status": _status}[action](paths)
    except LocalCloudError as error:
        print(f"local cloud: {error}", file=sys.stderr)
        return 1


def _up(paths: LocalPaths) -> int:
    check_prerequisites(paths)
    started = _start(paths)
    # They need boto3, which `make down` runs without.
    from local_cloud.identities import Identities  # noqa: PLC0415
    from local_cloud.notification_channels import notification_channels  # noqa: PLC0415

    identities = Identities(paths)
    stack = deploy(paths, identities.deployer, channels=notification_channels(paths))
    identities.notebook_user(stack.user_policy_arn)
    identities.admin(stack.user_policy_arn)
    write_connection(paths, api_url=stack.api_url, user_policy_arn=stack.user_policy_arn)
    print(f"The local cloud {'is running' if started else 'was already running'}: {stack.api_url}")
    if engine := read_engine(paths):
        print(f"Tasks run as {engine.name} containers.")
    print(f"To use nbjobs in this shell: . {os.path.relpath(paths.shell)}")
    return 0


def _start(paths: LocalPaths) -> bool:
    """Start the launcher, or restart it if it runs with another engine; return False if it was already running."""
    daemon = Daemon(paths)
    engine = choose_engine(os.environ)
    running = read_engine(paths)
    if daemon.pid is None or (engine and engine.name) != (running and running.name):
        daemon.stop()
        remove_orphaned_containers(paths)
        write_engine(paths, engine)
    return daemon.start()


def _lab(paths: LocalPaths) -> int:
    """Replace this process by JupyterLab."""
    if Daemon(paths).pid is None:
        raise LocalCloudError("The local cloud is not running. Start it with `make up`.")
    command = lab_command(paths.lab_python, make_workspace(paths))
    print("Open the address that JupyterLab prints below, right-click a notebook, and choose Create Job.", flush=True)
    os.execve(command[0], command, lab_environment(paths, os.environ))  # noqa: S606 - no shell is wanted


def _inbox(paths: LocalPaths) -> int:
    from local_cloud.inbox import print_inbox  # noqa: PLC0415  needs aiosmtpd, which `make down` runs without

    print_inbox(paths.mail_port, paths.webhook_port)
    return 0


def _down(paths: LocalPaths) -> int:
    stopped = Daemon(paths).stop()
    try:
        remove_orphaned_containers(paths)
    except LocalCloudError as error:  # stop the local cloud even if its container engine is gone
        print(f"local cloud: {error}", file=sys.stderr)
    print(
        "The local cloud has stopped. Its jobs are back after the next `make up`."
        if stopped
        else "The local cloud was not running."
    )
    return 0


def _status(paths: LocalPaths) -> int:
    pid = Daemon(paths).pid
    if pid is None:
        print("The local cloud is not running. Start it with `make up`.")
        return 1
    api_url = (
        json.loads(paths.connection.read_text(encoding="utf-8"))["api_url"]
        if paths.connection.exists()
        else "not deployed"
    )
    print(f"The local cloud is running as process {pid}: {api_url}")
    return 0


@contextmanager
def _locked(paths: LocalPaths) -> Iterator[None]:
    """Hold the lock of the local cloud, so that two commands do not run at the same time."""
    paths.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    with (paths.folder / "lock").open("w", encoding="ascii") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


if __name__ == "__main__":
    sys.exit(main())
