"""The local cloud of these tests, with shortened limits, and a proxy between it and its runners."""

import json
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from local_cloud.connection import write_connection
from local_cloud.daemon import Daemon
from local_cloud.deploy import deploy
from local_cloud.engine_choice import write_engine
from local_cloud.identities import Identities
from local_cloud.paths import LocalPaths
from local_cloud.prerequisites import check_prerequisites
from tests.kill.launcher_rules import RULES
from tests.kill.proxy import Proxy
from tests.kill.shortened import FACTOR, shortened_bundle
from tests.support.deployed import Deployed

__all__ = ["Cloud", "running_cloud"]

_SWEEP_SECONDS = 60 / FACTOR


@dataclass(frozen=True, kw_only=True)
class Cloud:
    """A running local cloud."""

    deployed: Deployed
    daemon: Daemon
    proxy: Proxy

    @property
    def folder(self) -> Path:
        """Its folder."""
        return self.deployed.folder

    def runner(self, job_id: str, attempt: int) -> int | None:
        """Return the process id of a runner; None if it has not started."""
        path = self.folder / "runners" / f"{job_id}.{attempt}"
        return int(path.read_text(encoding="ascii") or 0) or None if path.exists() else None

    def set_event_fault(self, job_id: str, fault: str) -> None:
        """Lose, double or reverse the events of a job's tasks."""
        path = self.folder / RULES
        with _RULES_LOCK:
            rules = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
            new = path.with_suffix(".new")
            new.write_text(json.dumps({**rules, job_id: fault}), encoding="utf-8")
            new.replace(path)

    def running_tasks(self, job_id: str) -> int:
        """Return how many tasks of a job ECS does not call stopped."""
        ecs = self.deployed.administrator("ecs")
        [cluster] = ecs.list_clusters()["clusterArns"]
        arns = ecs.list_tasks(cluster=cluster)["taskArns"]
        tasks = ecs.describe_tasks(cluster=cluster, tasks=arns)["tasks"] if arns else []
        return sum(job_id in task.get("startedBy", "") and task["lastStatus"] != "STOPPED" for task in tasks)

    def restart(self) -> None:
        """Kill the emulator with SIGKILL and start it again."""
        assert self.daemon.pid is not None
        os.kill(self.daemon.pid, 9)
        self.daemon.start()


_RULES_LOCK = threading.Lock()


@contextmanager
def running_cloud(folder: Path, port: int) -> Iterator[Cloud]:
    """Start a local cloud, deploy the stack with shortened limits, and sweep as often as the limits ask for."""
    paths = LocalPaths(folder=folder, port=port)
    check_prerequisites(paths)
    paths.make_private()
    proxy = Proxy()
    (folder / "proxy").write_text(f"http://127.0.0.1:{proxy.port}", encoding="ascii")
    (folder / RULES).unlink(missing_ok=True)
    write_engine(paths, None)
    daemon = Daemon(paths, module="tests.kill.launcher")
    daemon.stop()
    daemon.start()
    stop = threading.Event()
    try:
        deployed = _deploy(paths)
        cloud = Cloud(deployed=deployed, daemon=daemon, proxy=proxy)
        _shorten(cloud)
        sweeps = threading.Thread(target=_sweep, args=(cloud, stop), name="sweeps", daemon=True)
        sweeps.start()
        yield cloud
    finally:
        stop.set()
        daemon.stop()


def _deploy(paths: LocalPaths) -> Deployed:
    identities = Identities(paths)
    stack = deploy(paths, identities.deployer, channels="{}")
    identities.notebook_user(stack.user_policy_arn)
    identities.admin(stack.user_policy_arn)
    write_connection(paths, api_url=stack.api_url, user_policy_arn=stack.user_policy_arn)
    return Deployed(folder=paths.folder, **json.loads(paths.connection.read_text(encoding="utf-8")))


def _functions(cloud: Cloud) -> list[dict[str, Any]]:
    client = cloud.deployed.administrator("lambda")
    return [function for page in client.get_paginator("list_functions").paginate() for function in page["Functions"]]


def _shorten(cloud: Cloud) -> None:
    [bundle] = [path.parent for path in (cloud.folder / "cdk.out").glob("asset.*/chalicelib")]
    archive = shortened_bundle(bundle)
    client = cloud.deployed.administrator("lambda")
    for function in _functions(cloud):
        if function["Handler"].startswith("app"):
            client.update_function_code(FunctionName=function["FunctionName"], ZipFile=archive)


def _sweep(cloud: Cloud, stop: threading.Event) -> None:
    [name] = [f["FunctionName"] for f in _functions(cloud) if "sweep" in f["FunctionName"].lower()]
    while not stop.wait(_SWEEP_SECONDS):
        try:
            cloud.deployed.administrator("lambda").invoke(FunctionName=name, Payload=b"{}")
        except Exception:  # noqa: BLE001  the emulator is being restarted
            continue
