"""How a definition's notebook is spelled for the panel, so that an edit shows whether a person brought a file.

The edit form of the panel starts with the text that the definition has as `input_filename`, and sends it back as `input_uri`.
A file that is dropped on the form replaces the text with its path from the file browser. Such a path consists of the names
of folders and a file, and never begins with `./`, because no folder lists an entry with the name `.`.
"""

from collections.abc import Mapping
from typing import Any, Final

from jupyter_scheduler_aws.sanitize import sanitize_line

__all__ = ["DRIVE", "is_kept", "kept_input"]

DRIVE: Final = "RTC:"
"""Prefix of paths in the file browser if jupyter-collaboration is installed. Its drive is the root folder of the server."""

_MARK: Final = "./"


def kept_input(document: Mapping[str, Any]) -> object:
    """Return `input_filename` of a definition for the panel: the path that its snapshot was made from, or else its name, marked.

    A value that is not text stays as it is, so that the model refuses it.
    """
    name, path = document.get("input_filename"), document.get("input_path")
    if not isinstance(name, str):
        return name
    return _MARK + sanitize_line(path if isinstance(path, str) and path else name)


def is_kept(input_uri: str) -> bool:
    """Check whether an `input_uri` is what the panel was shown, and not a file that a person brought."""
    return input_uri.startswith(_MARK)
