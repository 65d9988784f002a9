"""Requests to the local cloud as a program sends them by hand: forged, signed with the administrator's key, or not HTTP at all."""

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
"""A key that nobody has."""


def forged(service: str) -> dict[str, str]:
    """Return the headers of a request that is signed in the right form, with a key that nobody has."""
    date = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime())
    scope = f"{KEY}/{date[:8]}/{REGION}/{service}/aws4_request"
    signature = f"AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders=host;x-amz-date, Signature={'0' * 64}"
    return {"Authorization": signature, "X-Amz-Date": date}


def signed(paths: LocalPaths, action: str, document: dict[str, Any], headers: dict[str, str]) -> httpx.Response:
    """Send a call of ECS that is signed by the administrator, with more headers, as a page that stole the key could."""
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
    """Return a client of S3 at one of loopback's names that signs as the service does."""
    key = administrator_key(paths.administrator_key)
    config = Config(s3={"addressing_style": "path"}, signature_version="s3v4")
    session = boto3.Session(key.key_id, key.secret, region_name=REGION)
    return session.client("s3", endpoint_url=f"http://{name}:{paths.port}", config=config)
