"""The two files that tell programs and shells how to reach the deployed stack."""

import json
import shlex

from local_cloud.addresses import HOST
from local_cloud.errors import LocalCloudError
from local_cloud.places import ACCOUNT_ID, REGION, Places

__all__ = ["credentials", "read_environment", "write_connection"]


def credentials(places: Places) -> dict[str, str]:
    """Give the variables that point AWS's tools and libraries at this local cloud, and at nothing else."""
    return {
        "AWS_REGION": REGION,
        "AWS_DEFAULT_REGION": REGION,
        "AWS_ENDPOINT_URL": places.endpoint_url,
        "AWS_ACCESS_KEY_ID": ACCOUNT_ID,
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_EC2_METADATA_DISABLED": "true",
    }


def write_connection(places: Places, *, api_url: str) -> None:
    """Write `env`, to be sourced by a shell, and `connection.json`, to be read by programs."""
    exports = _environment(places, api_url)
    lines = [f"export {name}={shlex.quote(value)}" for name, value in exports.items()]
    # What is left of another account would be mixed with these credentials, and a proxy cannot reach this machine's loopback.
    lines += ["unset AWS_PROFILE AWS_SESSION_TOKEN", 'export NO_PROXY="127.0.0.1${NO_PROXY:+,$NO_PROXY}"', ""]
    places.shell.write_text("\n".join(lines), encoding="utf-8")
    facts = {"api_url": api_url, "region": REGION, "endpoint_url": places.endpoint_url}
    places.connection.write_text(json.dumps(facts, indent=2) + "\n", encoding="utf-8")


def read_environment(places: Places) -> dict[str, str]:
    """Give the variables that point a program at the deployed stack, and past any proxy.

    Raises
    ------
    LocalCloudError
        If nothing is deployed.
    """
    if not places.connection.exists():
        raise LocalCloudError("The stack is not deployed; run `make up`.")
    api_url = json.loads(places.connection.read_text(encoding="utf-8"))["api_url"]
    return _environment(places, api_url) | {"NO_PROXY": HOST, "no_proxy": HOST}


def _environment(places: Places, api_url: str) -> dict[str, str]:
    return {"JUPYTER_SCHEDULER_AWS_URL": api_url, **credentials(places)}
