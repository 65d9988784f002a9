"""HTTP sessions whose configuration is fixed when the container starts: no file that a notebook writes can change it.

`requests` reads `~/.netrc`, proxy variables and certificate files at every request. These sessions do not: proxies and
certificates are read once, before a kernel starts. Each thread has its own session, which keeps connections open, because
`requests` does not guarantee that threads can share one.
"""

import ssl
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit
from urllib.request import proxy_bypass_environment  # type: ignore[attr-defined] # typeshed leaves it out

import requests
from requests.adapters import HTTPAdapter
from requests.utils import DEFAULT_CA_BUNDLE_PATH

from runner.errors import SettingsError

__all__ = ["Network", "read_network", "session", "use_network"]

_CA_VARIABLES: Final = ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE")
"""Certificate files, or folders of them; the first variable that is set counts: the two that `requests` reads, and OpenSSL's."""
_SCHEMES: Final = ("http", "https", "all")
_THREADS = threading.local()


@dataclass(frozen=True)
class Network:
    """Proxies and certificates."""

    context: ssl.SSLContext
    """With the certificates in memory; the file is not read again."""
    proxies: Mapping[str, str] = field(default_factory=dict)
    """The proxies by scheme, or `all`."""
    no_proxy: str = ""
    """Hosts to connect to without a proxy, in the format of `NO_PROXY`."""

    def proxies_for(self, url: str) -> dict[str, str]:
        """Return the proxies for a URL, by scheme."""
        host = urlsplit(url).netloc.rpartition("@")[2]
        return {} if proxy_bypass_environment(host, {"no": self.no_proxy}) else dict(self.proxies)


def read_network(environ: Mapping[str, str]) -> Network:
    """Read proxies (`HTTP_PROXY`, `HTTPS_PROXY`, `ALL_PROXY`, `NO_PROXY`, lowercase first) and certificates.

    Parameters
    ----------
    environ
        The environment that the container was started with.

    Raises
    ------
    SettingsError
        If the certificates that a variable points to cannot be read.
    """
    proxies = {scheme: environ.get(f"{scheme}_proxy") or environ.get(f"{scheme}_PROXY".upper()) for scheme in _SCHEMES}
    return Network(
        _load_certificates(environ),
        {scheme: proxy for scheme, proxy in proxies.items() if proxy},
        environ.get("no_proxy") or environ.get("NO_PROXY") or "",
    )


def _load_certificates(environ: Mapping[str, str]) -> ssl.SSLContext:
    name = next((name for name in _CA_VARIABLES if environ.get(name)), None)
    bundle = Path(environ[name] if name else DEFAULT_CA_BUNDLE_PATH)
    # Load each file now: with a folder, OpenSSL would read a file only when it needs it.
    first, *others = (sorted(bundle.iterdir()) if bundle.is_dir() else []) or [bundle]
    try:
        context = ssl.create_default_context(cafile=first)
        for file in others:
            context.load_verify_locations(cafile=file)
    except OSError as error:
        raise SettingsError(
            f"{name or 'The bundle of requests'} = {str(bundle)!r} has no readable certificates: {error}"
        ) from error
    return context


class _State:
    """What `use_network` sets, for the whole process."""

    network: Network | None = None


def use_network(network: Network) -> None:
    """Use this network for all sessions that are created from now on."""
    _State.network = network


class _Adapter(HTTPAdapter):
    """Uses certificates from memory."""

    def __init__(self, context: ssl.SSLContext) -> None:
        self._context = context
        super().__init__()

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, ssl_context=self._context, **kwargs)

    def proxy_manager_for(self, *args: Any, **kwargs: Any) -> Any:
        return super().proxy_manager_for(*args, ssl_context=self._context, **kwargs)

    def cert_verify(self, conn: Any, url: str, verify: Any, cert: Any) -> None:  # noqa: ARG002 - the signature of the base class
        conn.cert_reqs = "CERT_REQUIRED"


class _Session(requests.Session):
    def __init__(self, network: Network) -> None:
        super().__init__()
        self.trust_env = False
        self._network = network
        self.mount("https://", _Adapter(network.context))

    def request(self, method: str | bytes, url: str | bytes, *args: Any, **kwargs: Any) -> requests.Response:
        """Send a request. Redirects are not followed, because another host must not get what is sent."""
        kwargs["proxies"] = self._network.proxies_for(str(url))
        kwargs["allow_redirects"] = False
        return super().request(method, url, *args, **kwargs)


def session() -> requests.Session:
    """Return this thread's session, which is created on first use."""
    if not hasattr(_THREADS, "session"):
        if _State.network is None:
            raise SettingsError("No network is set: call `use_network` first")
        _THREADS.session = _Session(_State.network)
    made: requests.Session = _THREADS.session
    return made
