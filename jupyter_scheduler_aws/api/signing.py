"""Sign requests with AWS Signature Version 4 for httpx, using the credentials that every AWS tool finds."""

import os
import re
from collections.abc import Callable
from typing import Any, Final, Protocol

import httpx
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from botocore.exceptions import BotoCoreError
from botocore.session import Session

from jupyter_scheduler_aws.errors import NoCredentialsError, NoRegionError

__all__ = ["AwsSession", "RequestSigner", "find_region", "open_session"]

_SERVICE: Final = "execute-api"
"""Name of API Gateway in signatures."""

_REGION_IN_HOST: Final = re.compile(r"\.execute-api\.([a-z0-9-]+)\.")

_KEY: Final = re.compile(r"Credential=([^/]+)/")
"""Matches the access key id in an `Authorization` header."""

_SIGNED_HEADERS: Final = ("content-type",)
"""Signed in addition to `host` and `x-amz-*`; a proxy may change any other header."""


class AwsSession(Protocol):
    """What the client needs of a session of botocore or boto3."""

    def get_credentials(self) -> Any:
        """Return the session's credentials, or None."""


def open_session(profile: str | None) -> Session:
    """Open a session for a profile. None means the profile that the environment selects.

    Raises
    ------
    NoCredentialsError
        If the profile does not exist, or the configuration file cannot be read.
    """
    session = Session(profile=profile)
    try:
        session.get_scoped_config()
    except BotoCoreError as error:
        raise NoCredentialsError(
            f"{error}. Choose another one with AWS_PROFILE; `aws configure list-profiles` lists them.",
            option="profile",
        ) from error
    return session


def find_region(url: str, session: AwsSession) -> str:
    """Return the region to sign for: the one in the URL, else `AWS_REGION`, else the session's.

    Raises
    ------
    NoRegionError
        If none of them names a region.
    """
    if match := _REGION_IN_HOST.search(httpx.URL(url).host):
        return match[1]
    if region := os.environ.get("AWS_REGION") or _region_of(session):
        return region
    raise NoRegionError(f"The URL {url} names no AWS region. Set AWS_REGION.", option="region")


def _region_of(session: AwsSession) -> str | None:
    found = (
        session.get_config_variable("region") if isinstance(session, Session) else getattr(session, "region_name", None)
    )
    return found and str(found)


class RequestSigner:
    """Sign requests. httpx calls it just before it sends a request, so every retry has a new signature.

    Parameters
    ----------
    session
        Provides the credentials; temporary ones are refreshed before they expire.
    region
        Region of the API.
    reopen
        Opens a new session, which reads configuration files and environment again. None: keep the session.
    """

    def __init__(self, session: AwsSession, region: str, *, reopen: Callable[[], AwsSession] | None = None) -> None:
        self._session = session
        self._region = region
        self._reopen = reopen

    def renew(self, refused: httpx.Request) -> bool:
        """Look for new credentials after the current ones have expired: a login may have written them to a file.

        Parameters
        ----------
        refused
            A request that AWS refused because its credentials have expired.

        Returns
        -------
        bool
            Whether there are new ones now.

        Raises
        ------
        NoCredentialsError
            If there are none, or they cannot be refreshed.
        """
        match = _KEY.search(refused.headers.get("authorization", ""))
        if self._reopen is None or match is None:
            return False
        refused_key = match[1]
        if self.credentials().access_key == refused_key:  # otherwise another thread has renewed them
            self._session = self._reopen()
        return bool(self.credentials().access_key != refused_key)

    def credentials(self) -> Credentials:
        """Return a copy of the credentials that are valid now.

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
        """Add the headers of the signature to a request."""
        headers = {name: request.headers[name] for name in _SIGNED_HEADERS if name in request.headers}
        # AWS signs each parameter percent-encoded, even if the URL does not encode it: `asc(name)` as `asc%28name%29`.
        unsigned = AWSRequest(
            method=request.method,
            url=str(request.url.copy_with(query=None)),
            params=request.url.params.multi_items(),  # type: ignore[arg-type] # pairs, because a name may occur twice
            data=request.content,
            headers=headers,
        )
        signer = SigV4Auth(self.credentials(), _SERVICE, self._region)
        signer.add_auth(unsigned)
        for name, value in unsigned.headers.items():
            request.headers[name] = value
        return request
