"""The privileges of init: Linux capabilities, `prctl` options, and acting as the notebook's user."""

import ctypes
import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from runner.init.users import NOTEBOOK

__all__ = ["FORWARDED", "PrivilegeError", "acting_as_notebook", "limit_privileges"]

FORWARDED: Final = (signal.SIGTERM, signal.SIGINT)
"""The signals that init forwards to the runner."""

_KEPT: Final = {"CHOWN": 0, "KILL": 5, "SETGID": 6, "SETUID": 7}
"""Capabilities by number (<linux/capability.h>): to change the owner of the working directory, to forward SIGTERM to the runner,
and to start processes as another user. infra/runners.py drops all others."""

_CAPABILITY_VERSION_3: Final = 0x20080522
_PR_SET_DUMPABLE: Final = 4
_PR_SET_NO_NEW_PRIVS: Final = 38
"""<linux/capability.h>, <linux/prctl.h>."""


class PrivilegeError(Exception):
    """Init was not started with the privileges that it needs. The message says how to start the container."""


def limit_privileges() -> None:
    """Keep the few capabilities that init needs, and prevent that a process it starts gains any.

    No new privileges: set-user-id files and file capabilities have no effect in this container. Non-dumpable: memory and
    `/proc/1` are closed to every process without privileges, even while init acts as the notebook's user.

    Raises
    ------
    PrivilegeError
        If this is not process 1, not root, or a capability is missing.
    """
    if (os.getpid(), os.getuid()) != (1, 0):
        raise PrivilegeError(
            f"init is process {os.getpid()} of user {os.getuid()}, but must be process 1 of user 0: start the container"
            " without --user, --init, and --pid. The runner and the notebook run as users of their own."
        )
    libc = ctypes.CDLL(None, use_errno=True)
    kept = sum(1 << number for number in _KEPT.values())
    header = (ctypes.c_uint32 * 2)(_CAPABILITY_VERSION_3, 0)
    sets = (ctypes.c_uint32 * 6)(
        kept, kept, 0, 0, 0, 0
    )  # effective, permitted, inheritable: low halves, then high ones
    if libc.capset(header, sets):
        raise PrivilegeError(f"init lacks one of the capabilities {', '.join(_KEPT)}: start the container with them")
    for option, value in ((_PR_SET_NO_NEW_PRIVS, 1), (_PR_SET_DUMPABLE, 0)):
        if libc.prctl(option, value, 0, 0, 0):
            raise PrivilegeError(f"prctl({option}) failed: {os.strerror(ctypes.get_errno())}")


@contextmanager
def acting_as_notebook() -> Iterator[None]:
    """Act with the permissions of the notebook's user, and without capabilities.

    Only the effective user changes. The real and the saved user remain root, so no process of the notebook's user can signal or
    trace init meanwhile (kill(2), ptrace(2)), and changing back restores the capabilities (capabilities(7)).
    """
    blocked = signal.pthread_sigmask(signal.SIG_BLOCK, FORWARDED)
    os.setresuid(0, NOTEBOOK.uid, 0)
    try:
        yield
    finally:
        os.setresuid(0, 0, 0)
        signal.pthread_sigmask(signal.SIG_SETMASK, blocked)
