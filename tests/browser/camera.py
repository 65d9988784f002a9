"""Pictures of what a person would look at."""

import shutil
from pathlib import Path
from typing import Final

from playwright.sync_api import Page

__all__ = ["Camera"]

_SCREENSHOTS: Final = Path(__file__).parents[2] / "screenshots"


class Camera:
    """Writes `screenshots/<test>/<nn>-<step>.png`; a new one begins with an empty folder."""

    def __init__(self, page: Page, test: str) -> None:
        self._page = page
        self._folder = _SCREENSHOTS / test
        self._count = 0
        shutil.rmtree(self._folder, ignore_errors=True)

    def take(self, step: str) -> None:
        """Take a picture of the page."""
        self._count += 1
        self._page.screenshot(path=self._folder / f"{self._count:02}-{step}.png", animations="disabled")
