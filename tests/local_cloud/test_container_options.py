"""From a task definition to the arguments of `podman run` and `docker run`."""

import os
import re
from resource import RLIM_INFINITY, RLIMIT_NOFILE, getrlimit
from typing import Any

import pytest

from local_cloud.container_options import ContainerOptions
from local_cloud.fargate_rules import NotOnFargateError

TASK: dict[str, Any] = {"cpu": "1024", "memory": "4096", "volumes": [{"name": "home"}]}
CONTAINER: dict[str, Any] = {
    "name": "runner",
    "user": "0:0",
    "readonlyRootFilesystem": True,
    "linuxParameters": {
        "capabilities": {"drop": ["MKNOD", "NET_RAW"], "add": ["SYS_PTRACE"]},
        "initProcessEnabled": False,
    },
    "mountPoints": [
        {"sourceVolume": "home", "containerPath": "/home", "readOnly": False},
        {"sourceVolume": "data", "containerPath": "/data", "readOnly": True},
    ],
}


def pairs(options: ContainerOptions) -> list[tuple[str, str]]:
    """Return each argument with the next one."""
    arguments = list(options.arguments())
    return list(zip(arguments, [*arguments[1:], ""], strict=True))


def test_a_task_definition_becomes_arguments() -> None:
    found = pairs(ContainerOptions.from_definition(CONTAINER, TASK, {}))
    for pair in (
        ("--memory", "4096m"),
        ("--memory-swap", "4096m"),
        ("--cpus", "1"),
        ("--user", "0:0"),
        ("--volume", "/home"),
        ("--volume", "/data:ro"),
        ("--cap-drop", "MKNOD"),
        ("--cap-drop", "NET_RAW"),
        ("--cap-add", "SYS_PTRACE"),
    ):
        assert pair in found
    names = [name for name, _ in found]
    assert "--read-only" in names
    assert "--init" not in names
    assert names.index("--cap-drop") < names.index("--cap-add")


def test_overrides_of_a_launch_take_precedence_over_the_task_definition() -> None:
    found = pairs(ContainerOptions.from_definition(CONTAINER, TASK, {"cpu": "512", "memory": "1024"}))
    assert ("--memory", "1024m") in found
    assert ("--cpus", "0.5") in found


def test_a_lower_memory_limit_of_the_container_applies() -> None:
    assert ("--memory", "256m") in pairs(ContainerOptions.from_definition({**CONTAINER, "memory": 256}, TASK, {}))
    assert ("--memory", "4096m") in pairs(ContainerOptions.from_definition({**CONTAINER, "memory": 8192}, TASK, {}))


def test_the_cpu_limit_is_at_most_the_cpus_of_the_machine() -> None:
    found = dict(pairs(ContainerOptions.from_definition(CONTAINER, TASK, {"cpu": str(1024 * 1000), "memory": "4096"})))
    assert float(found["--cpus"]) == os.cpu_count()


def test_process_and_file_limits_are_at_most_those_of_the_machine() -> None:
    limits = dict(value.split("=") for name, value in pairs(ContainerOptions()) if name == "--ulimit")
    assert set(limits) == {"nofile", "nproc"}
    soft, hard = map(int, limits["nofile"].split(":"))
    assert soft == hard <= 65535
    assert getrlimit(RLIMIT_NOFILE)[1] == RLIM_INFINITY or hard <= getrlimit(RLIMIT_NOFILE)[1]


def test_ulimits_and_tmpfs_of_the_definition_are_used() -> None:
    container = {
        "ulimits": [{"name": "nofile", "softLimit": 10, "hardLimit": 20}],
        "linuxParameters": {"tmpfs": [{"containerPath": "/scratch", "size": 64, "mountOptions": ["noexec"]}]},
    }
    found = pairs(ContainerOptions.from_definition(container, {}, {}))
    assert ("--ulimit", "nofile=10:20") in found
    assert len([name for name, value in found if name == "--ulimit" and value.startswith("nofile")]) == 1
    assert ("--tmpfs", "/scratch:size=64m,noexec") in found


@pytest.mark.parametrize("name", ["--memory", "--cpus", "--read-only", "--user", "--entrypoint", "--init"])
def test_options_that_are_not_in_the_definition_are_not_set(name: str) -> None:
    assert name not in list(ContainerOptions.from_definition({}, {}, {}).arguments())


@pytest.mark.parametrize(
    ("container", "task", "named"),
    [
        ({"privileged": True}, {}, "privileged"),
        ({"linuxParameters": {"capabilities": {"add": ["SYS_ADMIN"]}}}, {}, "capability SYS_ADMIN"),
        ({"linuxParameters": {"capabilities": {"add": ["ALL", "SYS_PTRACE"]}}}, {}, "capability ALL"),
        ({"linuxParameters": {"devices": [{"hostPath": "/dev/sda"}]}}, {}, "devices"),
        ({"dockerSecurityOptions": ["apparmor:unconfined"]}, {}, "dockerSecurityOptions"),
        ({"extraHosts": [{"hostname": "a", "ipAddress": "127.0.0.1"}]}, {}, "extraHosts"),
        ({"volumesFrom": [{"sourceContainer": "other"}]}, {}, "volumesFrom"),
        ({"mountPoints": [{"sourceVolume": "v", "containerPath": "/home:/home"}]}, {}, "a mount at /home:/home"),
        ({"mountPoints": [{"sourceVolume": "v", "containerPath": "home"}]}, {}, "a mount at home"),
        ({"linuxParameters": {"tmpfs": [{"containerPath": "/t:exec,suid", "size": 1}]}}, {}, "a mount at /t:exec,suid"),
        ({}, {"volumes": [{"name": "etc", "host": {"sourcePath": "/etc"}}]}, "volume etc from the machine"),
        (
            {},
            {"volumes": [{"name": "v", "dockerVolumeConfiguration": {"driver": "local"}}]},
            "volume v from the machine",
        ),
        ({}, {"networkMode": "host"}, "networkMode host"),
        ({}, {"pidMode": "host"}, "pidMode host"),
        ({}, {"ipcMode": "host"}, "ipcMode host"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_options_that_give_access_to_this_machine_are_refused(
    container: dict[str, Any], task: dict[str, Any], named: str
) -> None:
    with pytest.raises(NotOnFargateError, match=re.escape(f"Fargate does not grant {named}")):
        ContainerOptions.from_definition(container, task, {})


def test_the_error_lists_everything_that_is_refused() -> None:
    with pytest.raises(NotOnFargateError, match="pidMode host, privileged"):
        ContainerOptions.from_definition({"privileged": True}, {"pidMode": "host"}, {})
