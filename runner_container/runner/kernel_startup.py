"""Code that runs in a kernel before the first cell, where a kernel hides how a notebook ends."""

import re
from collections.abc import Mapping
from typing import Final

from nbformat import NotebookNode

__all__ = ["startup_code", "take_exit_status"]

_STARTUP_CODE: Final[Mapping[str, str]] = {
    # IRkernel's quit() ignores its status: the reply only asks to end the notebook. quit() calls .Last.sys, whose caller has the status.
    "r": """\
.Last.sys <- function() {
    status <- get0("status", envir = parent.frame(), inherits = FALSE, ifnotfound = 0)
    if (status != 0) stop(sprintf("quit(status = %s)", status), call. = FALSE)
}""",
    # bash_kernel starts another Bash after `exit`, and replies that all is well. The trap prints the status as a control sequence.
    "bash": r"""trap 'printf "\033]exit;%d\007" "$?"' EXIT""",
}
_EXIT_STATUS: Final = re.compile(r"\x1b\]exit;(\d+)\x07")
"""What the trap prints: an operating system command (ECMA-48), which logs and terminals do not show."""


def startup_code(language: str) -> str | None:
    """Return the code for a kernel's language, as its kernel spec spells it; None for most."""
    return _STARTUP_CODE.get(language.lower())


def take_exit_status(language: str, outputs: list[NotebookNode]) -> str | None:
    """Remove the status that the trap of a shell has printed from a cell's outputs, and return it; None if the shell did not exit."""
    for output in reversed(outputs) if language.lower() == "bash" else ():
        if output.output_type == "stream" and (found := _EXIT_STATUS.search(output.text)):
            output.text = _EXIT_STATUS.sub("", output.text)
            return found[1]
    return None
