"""What a page complains of while a test looks at it."""

import re
from dataclasses import dataclass, field

from playwright.sync_api import ConsoleMessage, Error, Page, Request, Response

__all__ = ["Complaints"]


@dataclass
class Complaints:
    """Errors of console and page, and requests to jupyter-scheduler that failed, in words."""

    heard: list[str] = field(default_factory=list)
    expected: list[str] = field(default_factory=list)
    """Patterns of those that a test is about."""

    def listen(self, page: Page) -> None:
        """Hear what a page says from now on."""
        page.on("console", self._console)
        page.on("pageerror", self._page_error)
        page.on("response", self._response)
        page.on("requestfailed", self._request_failed)

    def expect(self, *patterns: str) -> None:
        """Let complaints pass that one of these patterns matches."""
        self.expected += patterns

    @property
    def unexpected(self) -> list[str]:
        """Those that the test does not expect; JupyterLab has none of its own."""
        return [each for each in self.heard if not any(re.search(pattern, each) for pattern in self.expected)]

    def _console(self, message: ConsoleMessage) -> None:
        if message.type == "error":
            self.heard.append(f"console: {message.text} at {message.location.get('url')}")

    def _page_error(self, error: Error) -> None:
        self.heard.append(f"page: {error.message}")

    def _response(self, response: Response) -> None:
        if "/scheduler/" in response.url and not response.ok:
            self.heard.append(f"answer: {response.request.method} {response.url} {response.status}")

    def _request_failed(self, request: Request) -> None:
        if "/scheduler/" in request.url:
            self.heard.append(f"request: {request.method} {request.url} {request.failure}")
