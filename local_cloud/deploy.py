"""Deploying the stack to the emulator with the same CDK CLI and the same app as to a real account."""

import json
import os
import subprocess
import urllib.error
import urllib.request
from pathlib import Path
from typing import Final

from local_cloud.addresses import to_local
from local_cloud.connection import credentials
from local_cloud.errors import LocalCloudError
from local_cloud.fingerprint import fingerprint
from local_cloud.places import ACCOUNT_ID, REGION, ROOT, RUNNER_IMAGE, Places

__all__ = ["deploy"]

_CONTEXT: Final = {"bundle_target": "local", "runner_image": RUNNER_IMAGE, "retain_data": "false"}
"""How the local stack differs from a deployed one."""

_BOOTSTRAP_SECONDS: Final = 120
_DEPLOY_SECONDS: Final = 600
"""An update of the emulated CloudFormation may hang: no command is waited for any longer [s]. Usual are 5 s and 30 s."""

_QUIET: Final = {
    "AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED": "true",
    "CDK_DISABLE_CLI_TELEMETRY": "true",
    "CDK_DISABLE_VERSION_CHECK": "1",
    "CI": "1",
    "JSII_SILENCE_WARNING_DEPRECATED_NODE_VERSION": "1",
    "JSII_SILENCE_WARNING_END_OF_LIFE_NODE_VERSION": "18,20,22",
    "JSII_SILENCE_WARNING_UNTESTED_NODE_VERSION": "1",
}


def deploy(places: Places) -> str:
    """Bring the stack up to date, if anything of it changed, and give the local address of its API.

    Raises
    ------
    LocalCloudError
        If the CDK CLI fails or takes too long, or the stack has no `ApiUrl`.
    """
    wanted = fingerprint()
    deployed = _deployed(places, wanted)
    if deployed is not None:
        return deployed
    places.deployed.unlink(missing_ok=True)
    print("Deploying the stack (half a minute) …", flush=True)
    # Where there is no cdk.json, so that the app is not run just for this.
    _cdk(places, "bootstrap", f"aws://{ACCOUNT_ID}/{REGION}", folder=places.folder, seconds=_BOOTSTRAP_SECONDS)
    outputs_file = places.folder / "outputs.json"
    context = [part for name, value in _CONTEXT.items() for part in ("--context", f"{name}={value}")]
    _cdk(
        places,
        "deploy",
        "--all",
        *context,
        "--require-approval",
        "never",
        "--outputs-file",
        str(outputs_file),
        seconds=_DEPLOY_SECONDS,
    )
    address = _api_address(json.loads(outputs_file.read_text(encoding="utf-8")), places)
    places.deployed.write_text(json.dumps({"fingerprint": wanted, "address": address}), encoding="utf-8")
    return to_local(address, port=places.port)


def _deployed(places: Places, wanted: str) -> str | None:
    """Give the API's address, if just this stack is there already."""
    try:
        deployed = json.loads(places.deployed.read_text(encoding="utf-8"))
        api_url = to_local(deployed["address"], port=places.port)
    except (OSError, ValueError, KeyError):
        return None
    return api_url if deployed["fingerprint"] == wanted and _is_there(api_url) else None


def _is_there(api_url: str) -> bool:
    """Whether the emulator knows the API: then it refuses an unsigned request, and has not lost its state."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        opener.open(f"{api_url}/scheduler/health", timeout=30).close()
    except urllib.error.HTTPError as error:
        with error:
            return error.code in (401, 403)
    except OSError:
        return False
    return True


def _api_address(outputs: dict[str, dict[str, str]], places: Places) -> str:
    urls = [stack["ApiUrl"] for stack in outputs.values() if "ApiUrl" in stack]
    if len(urls) != 1:
        raise LocalCloudError(
            f"The stack has {len(urls)} outputs named ApiUrl instead of one; see {places.folder / 'outputs.json'}."
        )
    return urls[0].rstrip("/")


def _cdk(places: Places, *arguments: str, seconds: int, folder: Path = ROOT) -> None:
    log = places.folder / f"cdk-{arguments[0]}.log"
    command = [str(ROOT / "node_modules" / ".bin" / "cdk"), *arguments, "--output", str(places.folder / "cdk.out")]
    with log.open("wb") as output:
        try:
            code = subprocess.run(
                command,
                cwd=folder,
                env=_environment(places),
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
        raise LocalCloudError(f"`cdk {arguments[0]}` failed. The end of {log}:\n{end}")


def _environment(places: Places) -> dict[str, str]:
    """Give the caller's environment without anything that points the tools at a real account."""
    own = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    return {
        **own,
        **_QUIET,
        **credentials(places),
        "AWS_ENDPOINT_URL_S3": places.endpoint_url,
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "CDK_HOME": str(places.folder / "cdk-home"),
        "NO_PROXY": "127.0.0.1,localhost",
    }
