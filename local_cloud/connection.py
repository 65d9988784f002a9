"""The files that tell programs and shells how to reach the deployed stack."""

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


def aws_environment(places: LocalPaths, key: AccessKey) -> dict[str, str]:
    """Return the variables that point AWS tools and libraries at this local cloud, signing with a key."""
    return {
        "AWS_REGION": REGION,
        "AWS_DEFAULT_REGION": REGION,
        "AWS_ENDPOINT_URL": places.endpoint_url,
        **key.environment,
        "AWS_EC2_METADATA_DISABLED": "true",
    }


def write_connection(places: LocalPaths, *, api_url: str, user_policy_arn: str) -> None:
    """Write what shells source (`env` as a user, `scheduler-admin-env` as an admin, `administrator-env` as root) and what programs read (`connection.json`)."""
    for path, key in ((places.shell, places.user_key), (places.admin_shell, places.admin_key)):
        _write_exports(path, _scheduler_environment(places, api_url, read_key(key)))
    administrator = administrator_key(places.administrator_key)
    _write_exports(places.administrator_shell, aws_environment(places, administrator))
    facts = {
        "api_url": api_url,
        "region": REGION,
        "endpoint_url": places.endpoint_url,
        "user_policy_arn": user_policy_arn,
    }
    places.connection.write_text(json.dumps(facts, indent=2) + "\n", encoding="utf-8")


def read_environment(places: LocalPaths) -> dict[str, str]:
    """Return the variables with which a user's program reaches the deployed stack, past any proxy.

    Raises
    ------
    LocalCloudError
        If nothing is deployed.
    """
    if not places.connection.exists() or not places.user_key.exists():
        raise LocalCloudError("The stack is not deployed; run `make up`.")
    api_url = json.loads(places.connection.read_text(encoding="utf-8"))["api_url"]
    return _scheduler_environment(places, api_url, read_key(places.user_key)) | {"NO_PROXY": HOST, "no_proxy": HOST}


def _scheduler_environment(places: LocalPaths, api_url: str, key: AccessKey) -> dict[str, str]:
    return {"JUPYTER_SCHEDULER_AWS_URL": api_url, **aws_environment(places, key)}


def _write_exports(path: Path, environment: Mapping[str, str]) -> None:
    """Write a file to be sourced; it holds a secret, so only its owner can read it."""
    lines = [f"export {name}={shlex.quote(value)}" for name, value in environment.items()]
    # What is left of another account would be mixed with these credentials, and a proxy cannot reach this machine's loopback.
    lines += ["unset AWS_PROFILE AWS_SESSION_TOKEN", 'export NO_PROXY="127.0.0.1${NO_PROXY:+,$NO_PROXY}"', ""]
    path.unlink(missing_ok=True)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT, 0o600), "w", encoding="utf-8") as file:
        file.write("\n".join(lines))
