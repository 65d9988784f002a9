"""Deploy the stack to the emulator with the same CDK CLI and app as to a real account."""

import json
import os
import subprocess
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from local_cloud.access_keys import AccessKey, administrator_key
from local_cloud.addresses import to_local
from local_cloud.connection import aws_environment
from local_cloud.errors import LocalCloudError
from local_cloud.fingerprint import fingerprint
from local_cloud.paths import ACCOUNT_ID, ADMIN, REGION, ROOT, RUNNER_IMAGE, LocalPaths

__all__ = ["DeployedStack", "deploy"]

_CONTEXT: Final = {
    "bundle_target": "local",
    "runner_image": RUNNER_IMAGE,
    "retain_data": "false",
    "admin": f"arn:aws:iam::{ACCOUNT_ID}:user/{ADMIN}",
}
"""The differences between the local stack and one on AWS."""

_BOOTSTRAP_SECONDS: Final = 120
_DEPLOY_SECONDS: Final = 600
"""Timeouts [s], because an update of the emulated CloudFormation may hang. Usual are 5 s and 30 s."""

_QUIET: Final = {
    "AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED": "true",
    "CDK_DISABLE_CLI_TELEMETRY": "true",
    "CDK_DISABLE_VERSION_CHECK": "1",
    "CI": "1",
    "JSII_SILENCE_WARNING_DEPRECATED_NODE_VERSION": "1",
    "JSII_SILENCE_WARNING_END_OF_LIFE_NODE_VERSION": "18,20,22",
    "JSII_SILENCE_WARNING_UNTESTED_NODE_VERSION": "1",
}


@dataclass(frozen=True, kw_only=True)
class DeployedStack:
    """The outputs of a deployment."""

    api_url: str
    """The address of the API on this machine."""

    user_policy_arn: str
    """The policy for users of the API."""


def deploy(paths: LocalPaths, deployer: Callable[[], AccessKey], *, channels: str) -> DeployedStack:
    """Deploy the stack if it has changed.

    Parameters
    ----------
    deployer
        Returns the key for the deployment; called after the bootstrap.
    channels
        The channels of notifications, as the context `channels` of the CDK app.

    Raises
    ------
    LocalCloudError
        If the CDK CLI fails or takes too long, or the stack lacks an output.
    """
    inputs = fingerprint()
    deployed = _deployed(paths, inputs)
    if deployed is not None:
        return deployed
    paths.deployed.unlink(missing_ok=True)
    print("Deploying the stack (half a minute) …", flush=True)
    # In a folder without cdk.json, so that the bootstrap does not run the app.
    administrator = administrator_key(paths.administrator_key)
    target = f"aws://{ACCOUNT_ID}/{REGION}"
    _cdk(paths, administrator, "bootstrap", target, folder=paths.folder, seconds=_BOOTSTRAP_SECONDS)
    outputs_file = paths.folder / "outputs.json"
    context = [
        part for name, value in {**_CONTEXT, "channels": channels}.items() for part in ("--context", f"{name}={value}")
    ]
    _cdk(
        paths,
        deployer(),
        "deploy",
        "--all",
        *context,
        "--require-approval",
        "never",
        "--outputs-file",
        str(outputs_file),
        seconds=_DEPLOY_SECONDS,
    )
    outputs = json.loads(outputs_file.read_text(encoding="utf-8"))
    facts = {"address": _output(outputs, "ApiUrl").rstrip("/"), "user_policy_arn": _output(outputs, "UserPolicyArn")}
    paths.deployed.write_text(json.dumps({"fingerprint": inputs, **facts}), encoding="utf-8")
    return _stack(paths, facts)


def _deployed(paths: LocalPaths, inputs: str) -> DeployedStack | None:
    """Return the deployed stack, or None if it is another one or missing."""
    try:
        deployed = json.loads(paths.deployed.read_text(encoding="utf-8"))
        stack = _stack(paths, deployed)
    except (OSError, ValueError, KeyError):
        return None
    return stack if deployed["fingerprint"] == inputs and _is_running(stack.api_url) else None


def _stack(paths: LocalPaths, facts: Mapping[str, str]) -> DeployedStack:
    return DeployedStack(api_url=to_local(facts["address"], port=paths.port), user_policy_arn=facts["user_policy_arn"])


def _is_running(api_url: str) -> bool:
    """Check that the emulator has the API, and has not lost its state: then it refuses an unsigned request."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        opener.open(f"{api_url}/scheduler/health", timeout=30).close()
    except urllib.error.HTTPError as error:
        with error:
            return error.code in (401, 403)
    except OSError:
        return False
    return True


def _output(outputs: Mapping[str, Mapping[str, str]], name: str) -> str:
    values = [stack[name] for stack in outputs.values() if name in stack]
    if len(values) != 1:
        raise LocalCloudError(f"The stack has {len(values)} outputs named {name} instead of one.")
    return values[0]


def _cdk(paths: LocalPaths, key: AccessKey, *arguments: str, seconds: int, folder: Path = ROOT) -> None:
    log = paths.folder / f"cdk-{arguments[0]}.log"
    command = [str(ROOT / "node_modules" / ".bin" / "cdk"), *arguments, "--output", str(paths.folder / "cdk.out")]
    with log.open("wb") as output:
        try:
            code = subprocess.run(
                command,
                cwd=folder,
                env=_environment(paths, key),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                check=False,
                timeout=seconds,
            ).returncode
        except subprocess.TimeoutExpired as error:
            raise LocalCloudError(f"`cdk {arguments[0]}` took more than {seconds} s; see {log}.") from error
    if code != 0:
        end = "\n".join(log.read_text(encoding="utf-8", errors="replace").splitlines()[-30:])
        raise LocalCloudError(f"`cdk {arguments[0]}` failed. The last lines of {log}:\n{end}")


def _environment(paths: LocalPaths, key: AccessKey) -> dict[str, str]:
    """Return the caller's environment without settings of a real account."""
    own = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    return {
        **own,
        **_QUIET,
        **aws_environment(paths, key),
        "AWS_ENDPOINT_URL_S3": paths.endpoint_url,
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "CDK_HOME": str(paths.folder / "cdk-home"),
        "NO_PROXY": "127.0.0.1,localhost",
    }
