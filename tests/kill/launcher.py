"""The local cloud of these tests: its runners have shortened intervals and use the proxy, and its task events can be lost.

Runs in the emulator's environment. Its settings are files in the folder of the local cloud, which the tests write.
"""

import json
import os
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import wraps
from typing import Any

from local_cloud import launcher
from local_cloud.paths import ROOT, LocalPaths
from local_cloud.process_container import ProcessContainer
from local_cloud.process_engine import Program
from local_cloud.runner_program import runner_program
from tests.kill.launcher_rules import RULES
from tests.kill.shortened import FACTOR

__all__: list[str] = []


def _program(paths: LocalPaths) -> Program:
    program = runner_program(paths)
    python, *_ = program.command
    proxy = (paths.folder / "proxy").read_text(encoding="ascii")
    environment = {
        **program.environment,
        "HTTP_PROXY": proxy,
        "PYTHONPATH": f"{program.environment['PYTHONPATH']}:{ROOT}",
        "ANNOUNCE_IN": str(paths.folder / "runners"),
    }
    return replace(program, command=(python, "-m", "tests.kill.shortened_runner"), environment=environment)


def _with_faults(put: Callable[..., Any], paths: LocalPaths) -> Callable[..., Any]:
    held: dict[str, list[dict[str, Any]]] = {}

    def faulty(data: dict[str, Any], *args: Any, **named: Any) -> Any:
        entries = data.get("Entries", [])
        if not entries or entries[0].get("Source") != "aws.ecs":
            return put(data, *args, **named)
        detail = json.loads(entries[0]["Detail"])
        fault = _fault_of(paths, detail)
        if fault == "lost":
            return None
        if fault == "doubled":
            put(data, *args, **named)
        if fault == "reversed":
            task = held.setdefault(detail["taskArn"], [])
            task.append(data)
            if detail["lastStatus"] != "STOPPED":
                return None
            for earlier in reversed(task[1:]):
                put(earlier, *args, **named)
            return put(task[0], *args, **named)
        return put(data, *args, **named)

    return wraps(put)(faulty)


def _fault_of(paths: LocalPaths, detail: Mapping[str, Any]) -> str | None:
    try:
        rules: dict[str, str] = json.loads((paths.folder / RULES).read_text(encoding="utf-8"))
    except OSError:
        return None
    return next((fault for job, fault in rules.items() if job in detail.get("startedBy", "")), None)


def main() -> None:
    """Run the local cloud."""
    from ministack.services import eventbridge  # type: ignore[import-not-found]  # in the emulator's environment only

    paths = LocalPaths.from_environment(os.environ)
    eventbridge._put_events = _with_faults(eventbridge._put_events, paths)
    stop = ProcessContainer.stop
    ProcessContainer.stop = lambda self, timeout=30: stop(self, timeout / FACTOR)  # type: ignore[method-assign]
    launcher.main(_program)


if __name__ == "__main__":
    main()
