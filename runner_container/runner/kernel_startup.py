"""Code that runs in a kernel before the first cell, where a kernel hides how a notebook ends."""

from collections.abc import Mapping
from typing import Final

__all__ = ["startup_code"]

_STARTUP_CODE: Final[Mapping[str, str]] = {
    # IRkernel's quit() ignores its status: the reply only asks to end the notebook. quit() calls .Last.sys, whose caller has the status.
    "r": """\
.Last.sys <- function() {
    status <- get0("status", envir = parent.frame(), inherits = FALSE, ifnotfound = 0)
    if (status != 0) stop(sprintf("quit(status = %s)", status), call. = FALSE)
}""",
}


def startup_code(language: str) -> str | None:
    """Return the code for a kernel's language, as its kernel spec spells it; None for most."""
    return _STARTUP_CODE.get(language.lower())
