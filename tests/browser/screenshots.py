"""Screenshots."""

from pathlib import Path
from typing import Final

from playwright.sync_api import Page

__all__ = ["SCREENSHOTS", "Camera"]

SCREENSHOTS: Final = Path(__file__).parents[2] / "screenshots"


class Camera:
    """Writes `screenshots/<test>/<nn>-<step>.png`. Numbers continue across the cameras of a test."""

    def __init__(self, page: Page, test: str) -> None:
        self._page = page
        self._folder = SCREENSHOTS / test

    def take(self, step: str) -> None:
        """Take a screenshot of the page."""
        number = len(list(self._folder.glob("*.png"))) + 1
        self._page.screenshot(path=self._folder / f"{number:02}-{step}.png", animations="disabled")
