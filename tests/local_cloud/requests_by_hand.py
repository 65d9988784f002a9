"""Send hand-made requests to the local cloud: forged, signed with the administrator's key, or not HTTP."""

import json
import socket
import time
from typing import Any, Final

import boto3
import httpx
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.client import Config
from botocore.credentials import Credentials

from local_cloud.access_keys import administrator_key
from local_cloud.paths import REGION, LocalPaths

__all__ = ["KEY", "forged", "path_style", "raw", "signed"]

KEY: Final = "AKIAAAAAAAAAAAAAAAAA"
"""A key that does not exist."""


def forged(service: str) -> dict[str, str]:
    """Return the headers of a request with a valid format and a key that does not exist."""
    date = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime())
    scope = f"{KEY}/{date[:8]}/{REGION}/{service}/aws4_request"
    signature = f"AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders=host;x-amz-date, Signature={'0' * 64}"
    return {"Authorization": signature, "X-Amz-Date": date}


def signed(paths: LocalPaths, action: str, document: dict[str, Any], headers: dict[str, str]) -> httpx.Response:
    """Send a call of ECS with additional headers, signed by the administrator, like a page with a stolen key."""
    key = administrator_key(paths.administrator_key)
    target = {"X-Amz-Target": f"AmazonEC2ContainerServiceV20141113.{action}"}
    body = json.dumps(document)
    request = AWSRequest(
        "POST", f"{paths.endpoint_url}/", data=body, headers={**target, "Host": headers.get("Host", "")}
    )
    if not headers.get("Host"):
        del request.headers["Host"]
    SigV4Auth(Credentials(key.key_id, key.secret), "ecs", REGION).add_auth(request)
    return httpx.post(f"{paths.endpoint_url}/", content=body, headers={**dict(request.headers), **headers}, timeout=30)


def raw(paths: LocalPaths, head: str) -> bytes:
    with socket.create_connection(("127.0.0.1", paths.port), timeout=30) as connection:
        connection.sendall(head.encode())
        return connection.recv(4096)


def path_style(paths: LocalPaths, name: str) -> Any:
    """Return an S3 client for one of the names of loopback that signs like the service."""
    key = administrator_key(paths.administrator_key)
    config = Config(s3={"addressing_style": "path"}, signature_version="s3v4")
    session = boto3.Session(key.key_id, key.secret, region_name=REGION)
    return session.client("s3", endpoint_url=f"http://{name}:{paths.port}", config=config)
