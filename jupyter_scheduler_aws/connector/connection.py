"""The one client of a Jupyter server, opened with the first request."""

import threading
from datetime import timedelta

from jupyter_scheduler_aws.api.retry_policy import RetryPolicy
from jupyter_scheduler_aws.client import Client

__all__ = ["Connection"]


class Connection:
    """Opens the client on first use, in any thread. While something is not set up, every use raises an error.

    Parameters
    ----------
    url, region, profile
        As for `Client`. If empty, the environment decides.
    connect_timeout, timeout
        How long to wait for a connection, and for a response.
    tries
        How often to try a request while the service is busy or unreachable.
    """

    def __init__(
        self,
        *,
        url: str,
        region: str,
        profile: str,
        connect_timeout: timedelta,
        timeout: timedelta,
        tries: int,
    ) -> None:
        self._url = url
        self._region = region
        self._profile = profile
        self._connect_timeout = connect_timeout
        self._timeout = timeout
        self._retry_policy = RetryPolicy(max_attempts=tries)
        self._lock = threading.Lock()
        self._client: Client | None = None

    @property
    def client(self) -> Client:
        """The client.

        Raises
        ------
        ConfigurationError
            If URL, region, profile or credentials are missing or not usable. The next use tries again.
        """
        with self._lock:
            if self._client is None:
                self._client = Client(
                    self._url or None,
                    region=self._region or None,
                    profile=self._profile or None,
                    connect_timeout=self._connect_timeout,
                    timeout=self._timeout,
                    retry_policy=self._retry_policy,
                )
            return self._client

    def close(self) -> None:
        """Close the client. The next use opens another one."""
        with self._lock:
            client, self._client = self._client, None
        if client is not None:
            client.close()
