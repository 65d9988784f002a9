"""Consoles that print untrusted text safely."""

from collections.abc import Iterable
from typing import IO, Any, Final

from rich.console import Console, ConsoleOptions, RenderableType
from rich.segment import Segment
from typing_extensions import override

from jupyter_scheduler_aws.sanitize import sanitize_text

__all__ = ["SafeConsole", "open_console"]

_UNLIMITED_WIDTH: Final = 1000
"""Columns if the output is not a terminal: nothing is cut or wrapped for a program."""


class SafeConsole(Console):
    """A console that sanitizes all text on its way out, so that only rich itself can style the terminal.

    Markup and emoji codes are off: `[link=…]` in a name prints as it is.

    Parameters
    ----------
    options
        Options of rich's console.
    """

    def __init__(self, **options: Any) -> None:
        super().__init__(highlight=False, markup=False, emoji=False, **options)

    @override
    def render(self, renderable: RenderableType, options: ConsoleOptions | None = None) -> Iterable[Segment]:
        for segment in super().render(renderable, options):
            yield segment if segment.control else Segment(sanitize_text(segment.text), segment.style)


def open_console(stream: IO[str], *, is_stderr: bool) -> Console:
    """Return the console for stdout or stderr."""
    return SafeConsole(stderr=is_stderr, width=None if stream.isatty() else _UNLIMITED_WIDTH)
