"""Keep the mails of the emulated SES while nobody receives them.

MiniStack tries to hand over a mail once, and loses it if nobody listens. SES keeps it and tries again (Amazon SES developer guide, "How
email sending works in Amazon SES").
"""
# ruff: noqa: SLF001  private members of MiniStack are what this file is about

import logging
import smtplib
import time
from collections.abc import Mapping
from typing import Any, Final

from local_cloud.emulator_compatibility import require

__all__ = ["MailRelay"]

_log = logging.getLogger(__name__)

_REQUIRED: Final[Mapping[str, Mapping[str, tuple[str, ...] | None]]] = {
    "ministack.services.ses": {"_smtp_send": ("source", "to_addrs", "message_str", "host", "port")},
}
"""What this file uses of MiniStack: module, name, and the first parameters of a function."""

_TIMEOUT_SECONDS: Final = 10
_PAUSE_SECONDS: Final = 2.0
_PATIENCE_SECONDS: Final = 3600.0
"""How long a mail waits; SES tries for up to 14 hours."""


class MailRelay:
    """Hands mails over to the SMTP server of this machine.

    Raises
    ------
    EmulatorMismatchError
        If MiniStack lacks something that is used here.
    """

    def __init__(self, pause_seconds: float = _PAUSE_SECONDS) -> None:
        self._pause_seconds = pause_seconds
        self._ses: Any = require(_REQUIRED)["ministack.services.ses"]

    def patch(self) -> None:
        """Replace MiniStack's only attempt; each mail has a thread of its own."""
        self._ses._smtp_send = self._send

    def _send(self, source: str, to_addrs: list[str], message_str: str, host: str, port: int) -> None:
        end = time.monotonic() + _PATIENCE_SECONDS
        while True:
            try:
                with smtplib.SMTP(host, port, timeout=_TIMEOUT_SECONDS) as connection:
                    connection.sendmail(source, to_addrs, message_str)
            except (OSError, smtplib.SMTPException) as error:
                if time.monotonic() >= end:
                    _log.warning("a mail to %s was not received: %s", ", ".join(to_addrs), error)
                    return
                time.sleep(self._pause_seconds)
            else:
                return
