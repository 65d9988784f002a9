"""Errors of a page during a test."""

import re
from dataclasses import dataclass, field

from playwright.sync_api import ConsoleMessage, Error, Page, Request, Response

__all__ = ["PageErrors"]


@dataclass
class PageErrors:
    """Errors of console and page, and failed requests to jupyter-scheduler, as text."""

    found: list[str] = field(default_factory=list)
    expected: list[str] = field(default_factory=list)
    """Patterns of errors that a test expects."""

    def listen(self, page: Page) -> None:
        """Start to record the errors of a page."""
        page.on("console", self._console)
        page.on("pageerror", self._page_error)
        page.on("response", self._response)
        page.on("requestfailed", self._request_failed)

    def expect(self, *patterns: str) -> None:
        """Accept errors that match one of these patterns."""
        self.expected += patterns

    @property
    def unexpected(self) -> list[str]:
        """The errors that the test does not expect. JupyterLab itself has none."""
        return [error for error in self.found if not any(re.search(pattern, error) for pattern in self.expected)]

    def _console(self, message: ConsoleMessage) -> None:
        if message.type == "error":
            self.found.append(f"console: {message.text} at {message.location.get('url')}")

    def _page_error(self, error: Error) -> None:
        self.found.append(f"page: {error.message}")

    def _response(self, response: Response) -> None:
        if "/scheduler/" in response.url and not response.ok:
            self.found.append(f"response: {response.request.method} {response.url} {response.status}")

    def _request_failed(self, request: Request) -> None:
        if "/scheduler/" in request.url:
            self.found.append(f"request: {request.method} {request.url} {request.failure}")
