"""AWS Signature Version 4 for httpx, with the credentials that every AWS tool finds."""

import os
import re
from collections.abc import Callable
from typing import Final

import boto3
import httpx
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from botocore.exceptions import BotoCoreError

from jupyter_scheduler_aws.errors import NoCredentialsError, NoRegionError

__all__ = ["RequestSigner", "find_region", "open_session"]

_SERVICE: Final = "execute-api"
"""Name that API Gateway has in signatures."""

_REGION_IN_HOST: Final = re.compile(r"\.execute-api\.([a-z0-9-]+)\.")

_KEY: Final = re.compile(r"Credential=([^/]+)/")
"""The access key id in an `Authorization` header."""

_SIGNED_HEADERS: Final = ("content-type",)
"""Signed besides `host` and `x-amz-*`; a proxy may change any other."""


def open_session(profile: str | None) -> boto3.Session:
    """Open a session of a profile, or of the environment's where it is None.

    Raises
    ------
    NoCredentialsError
        If there is no such profile, or the configuration file cannot be read.
    """
    try:
        return boto3.Session(profile_name=profile)
    except BotoCoreError as error:
        raise NoCredentialsError(
            f"{error}. Choose another with AWS_PROFILE; `aws configure list-profiles` names them.",
            option="profile",
        ) from error


def find_region(url: str, session: boto3.Session) -> str:
    """Find the region to sign for: the one in the URL, else `AWS_REGION`, else the session's.

    Raises
    ------
    NoRegionError
        If none of them says one.
    """
    if match := _REGION_IN_HOST.search(httpx.URL(url).host):
        return match[1]
    if region := os.environ.get("AWS_REGION") or session.region_name:
        return str(region)
    raise NoRegionError(f"The URL {url} names no AWS region. Set AWS_REGION.", option="region")


class RequestSigner:
    """Signs requests; httpx calls it with each one just before it is sent, so that a repeated one is signed anew.

    Parameters
    ----------
    session
        Whose credentials to use; temporary ones are refreshed when they are about to end.
    region
        Region of the API.
    open_again
        Opens the session anew, from what the configuration files and the environment say by then; None: it stays.
    """

    def __init__(
        self, session: boto3.Session, region: str, *, open_again: Callable[[], boto3.Session] | None = None
    ) -> None:
        self._session = session
        self._region = region
        self._open_again = open_again

    def renew(self, refused: httpx.Request) -> bool:
        """Look for other credentials, where AWS no longer takes some: a login may have written new ones to a file.

        Parameters
        ----------
        refused
            A request whose credentials have expired.

        Returns
        -------
        bool
            Whether there are others now.

        Raises
        ------
        NoCredentialsError
            If there are none, or they cannot be refreshed.
        """
        match = _KEY.search(refused.headers.get("authorization", ""))
        if self._open_again is None or match is None:
            return False
        refused_key = match[1]
        if self.credentials().access_key == refused_key:  # else another thread has renewed them
            self._session = self._open_again()
        return bool(self.credentials().access_key != refused_key)

    def credentials(self) -> Credentials:
        """Give credentials that hold now, as they are at this moment.

        Raises
        ------
        NoCredentialsError
            If there are none, or they cannot be refreshed.
        """
        try:
            found = self._session.get_credentials()
            keys = found and found.get_frozen_credentials()
        except BotoCoreError as error:
            raise NoCredentialsError(
                f"The AWS credentials cannot be used: {error} If they come from a login, log in again, "
                "for example with `aws sso login`."
            ) from error
        if keys and keys.access_key and keys.secret_key:
            return Credentials(keys.access_key, keys.secret_key, keys.token)
        raise NoCredentialsError(
            "There are no AWS credentials. Log in (`aws sso login`, `aws configure`), choose a profile with "
            "AWS_PROFILE, or set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY.",
            option="profile",
        )

    def __call__(self, request: httpx.Request) -> httpx.Request:
        """Add the signature's headers to a request."""
        headers = {name: request.headers[name] for name in _SIGNED_HEADERS if name in request.headers}
        # AWS signs each parameter percent-encoded, however the URL spells it: `asc(name)` as `asc%28name%29`.
        unsigned = AWSRequest(
            method=request.method,
            url=str(request.url.copy_with(query=None)),
            params=request.url.params.multi_items(),  # type: ignore[arg-type] # pairs: a name may come twice
            data=request.content,
            headers=headers,
        )
        signer = SigV4Auth(self.credentials(), _SERVICE, self._region)
        signer.add_auth(unsigned)
        for name, value in unsigned.headers.items():
            request.headers[name] = value
        return request
