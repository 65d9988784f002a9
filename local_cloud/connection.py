"""Write and read the files with the address and the credentials of the deployed stack."""

import json
import os
import shlex
from collections.abc import Mapping
from pathlib import Path

from local_cloud.access_keys import AccessKey, administrator_key, read_key
from local_cloud.addresses import HOST
from local_cloud.errors import LocalCloudError
from local_cloud.paths import REGION, LocalPaths

__all__ = ["aws_environment", "read_environment", "write_connection"]


def aws_environment(paths: LocalPaths, key: AccessKey) -> dict[str, str]:
    """Return the environment variables that make AWS tools and libraries use this local cloud with a key."""
    return {
        "AWS_REGION": REGION,
        "AWS_DEFAULT_REGION": REGION,
        "AWS_ENDPOINT_URL": paths.endpoint_url,
        **key.environment,
        "AWS_EC2_METADATA_DISABLED": "true",
    }


def write_connection(paths: LocalPaths, *, api_url: str, user_policy_arn: str) -> None:
    """Write the files for shells (`env` for a user, `scheduler-admin-env` for an admin, `administrator-env` for root) and for programs (`connection.json`)."""
    for path, key in ((paths.shell, paths.user_key), (paths.admin_shell, paths.admin_key)):
        _write_exports(path, _scheduler_environment(paths, api_url, read_key(key)))
    administrator = administrator_key(paths.administrator_key)
    _write_exports(paths.administrator_shell, aws_environment(paths, administrator))
    facts = {
        "api_url": api_url,
        "region": REGION,
        "endpoint_url": paths.endpoint_url,
        "user_policy_arn": user_policy_arn,
    }
    paths.connection.write_text(json.dumps(facts, indent=2) + "\n", encoding="utf-8")


def read_environment(paths: LocalPaths) -> dict[str, str]:
    """Return the environment variables for a user's program; they bypass any proxy.

    Raises
    ------
    LocalCloudError
        If the stack is not deployed.
    """
    if not paths.connection.exists() or not paths.user_key.exists():
        raise LocalCloudError("The stack is not deployed; run `make up`.")
    api_url = json.loads(paths.connection.read_text(encoding="utf-8"))["api_url"]
    return _scheduler_environment(paths, api_url, read_key(paths.user_key)) | {"NO_PROXY": HOST, "no_proxy": HOST}


def _scheduler_environment(paths: LocalPaths, api_url: str, key: AccessKey) -> dict[str, str]:
    return {"JUPYTER_SCHEDULER_AWS_URL": api_url, **aws_environment(paths, key)}


def _write_exports(path: Path, environment: Mapping[str, str]) -> None:
    """Write a file for shells to source; it contains a secret, so only its owner can read it."""
    lines = [f"export {name}={shlex.quote(value)}" for name, value in environment.items()]
    # Settings of another account would be mixed with these credentials, and a proxy cannot reach this machine's loopback.
    lines += ["unset AWS_PROFILE AWS_SESSION_TOKEN", 'export NO_PROXY="127.0.0.1${NO_PROXY:+,$NO_PROXY}"', ""]
    path.unlink(missing_ok=True)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT, 0o600), "w", encoding="utf-8") as file:
        file.write("\n".join(lines))
