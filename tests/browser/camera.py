"""Pictures of what a person would look at."""

from pathlib import Path
from typing import Final

from playwright.sync_api import Page

__all__ = ["SCREENSHOTS", "Camera"]

SCREENSHOTS: Final = Path(__file__).parents[2] / "screenshots"


class Camera:
    """Writes `screenshots/<test>/<nn>-<step>.png`; a new one goes on where another of the test ended."""

    def __init__(self, page: Page, test: str) -> None:
        self._page = page
        self._folder = SCREENSHOTS / test

    def take(self, step: str) -> None:
        """Take a picture of the page."""
        number = len(list(self._folder.glob("*.png"))) + 1
        self._page.screenshot(path=self._folder / f"{number:02}-{step}.png", animations="disabled")
