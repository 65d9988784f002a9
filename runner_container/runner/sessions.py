"""HTTP sessions, one for each thread: connections are kept open, and `requests` does not promise to share them safely."""

import threading

import requests

__all__ = ["session"]

_THREADS = threading.local()


def session() -> requests.Session:
    """Give this thread's session, made on first use."""
    if not hasattr(_THREADS, "session"):
        _THREADS.session = requests.Session()
    made: requests.Session = _THREADS.session
    return made
