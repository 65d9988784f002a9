"""The pictures of the documents. `make pictures` writes them to the folder that `PICTURES` names, which is `docs/users/images`."""

import os
from io import BytesIO
from pathlib import Path
from typing import Final

from PIL import Image
from playwright.sync_api import FloatRect, Locator, Page

from tests.browser.screenshots import SCREENSHOTS

__all__ = ["Pictures"]

_MARGIN: Final = 8
"""Around the parts of the page that a picture shows [px]."""

_COLORS: Final = 256
"""Of a picture: as many as a PNG with a palette can have. It looks the same, and has less than half the size."""


class Pictures:
    """Takes pictures of parts of a page. Without `PICTURES`, they are in `screenshots/guide`."""

    def __init__(self, page: Page) -> None:
        self._page = page
        self._folder = Path(os.environ.get("PICTURES") or SCREENSHOTS / "guide")
        self._folder.mkdir(parents=True, exist_ok=True)

    def take(self, name: str, *parts: Locator, pointer: Locator | None = None) -> None:
        """Write `<name>.png`, without the focus of the keyboard.

        Parameters
        ----------
        name
            The name, by which the documents include the picture.
        *parts
            What the picture shows: the smallest rectangle around these elements, or the whole page.
        pointer
            What the pointer is over; otherwise it is over nothing.
        """
        self._page.evaluate("document.querySelector(':focus-visible')?.blur()")
        if pointer:
            pointer.hover()
        else:
            self._page.mouse.move(0, 0)
        clip = _around([box for part in parts if (box := part.bounding_box())]) if parts else None
        content = self._page.screenshot(clip=clip, animations="disabled", caret="hide")
        with Image.open(BytesIO(content)) as image:
            small = image.convert("RGB").quantize(_COLORS, dither=Image.Dither.NONE)
            small.save(self._folder / f"{name}.png", optimize=True)


def _around(boxes: list[FloatRect]) -> FloatRect:
    """Return the rectangle around boxes, with a margin."""
    assert boxes, "nothing of it is on the page"
    left = max(min(box["x"] for box in boxes) - _MARGIN, 0)
    top = max(min(box["y"] for box in boxes) - _MARGIN, 0)
    right = max(box["x"] + box["width"] for box in boxes) + _MARGIN
    bottom = max(box["y"] + box["height"] for box in boxes) + _MARGIN
    return {"x": left, "y": top, "width": right - left, "height": bottom - top}
