"""The parts of the panel that our JupyterLab extension adds."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final, Self

from playwright.sync_api import Locator, Page, Request, expect

__all__ = ["Axe", "LiveJob", "OptionFields", "Requests", "RunningJobs", "definition_health", "next_runs"]

_PANEL: Final = ".jp-notebook-jobs-panel"
_ENDPOINTS: Final = "/jupyter-scheduler-aws/"
_SIDE_BAR: Final = "#jp-scheduler-aws-running-jobs"
_SIDE_BAR_TAB: Final = "[data-id=jp-scheduler-aws-running-jobs]"
_AXE: Final = Path(__file__).parents[2] / "labextension" / "node_modules" / "axe-core" / "axe.min.js"


class LiveJob:
    """The live part of a job's details."""

    def __init__(self, page: Page) -> None:
        self.root = page.locator(_PANEL).get_by_role("region", name="Progress")

    @property
    def state(self) -> Locator:
        """What the job does now."""
        return self.root.get_by_role("status")

    @property
    def log(self) -> Locator:
        """The lines of the log."""
        return self.root.get_by_role("log")

    @property
    def attempts(self) -> Locator:
        """The rows of past and present attempts, without the heading."""
        return self.root.locator("tbody tr")

    @property
    def message(self) -> Locator:
        """What went wrong with a request."""
        return self.root.get_by_role("alert")

    def press(self, name: str) -> None:
        """Press a button."""
        self.root.get_by_role("button", name=name, exact=True).click()


class OptionFields:
    """The inputs for options, in the create form or in the details of a definition."""

    def __init__(self, root: Locator) -> None:
        self._root = root

    def fill(self, **texts: str) -> Self:
        """Fill in fields, by the name of the option."""
        for name, text in texts.items():
            self.field(name).fill(text)
        return self

    def field(self, name: str) -> Locator:
        """Return the input of an option."""
        return self._root.locator(f"input[id$='-{name}']")

    def choose(self, page: Page, label: str, choice: str) -> Self:
        """Choose an entry of a list."""
        self._root.get_by_label(label, exact=True).click()
        page.get_by_role("option", name=choice, exact=True).click()
        return self

    def press(self, name: str) -> Self:
        """Press a button."""
        self._root.get_by_role("button", name=name, exact=True).click()
        return self


class RunningJobs:
    """The view in the left side bar."""

    def __init__(self, page: Page) -> None:
        self.root = page.locator(_SIDE_BAR)
        self._tab = page.locator(_SIDE_BAR_TAB)

    def open(self) -> Self:
        """Show the view."""
        self._tab.click()
        expect(self.root.get_by_role("heading", name="Running Notebook Jobs")).to_be_visible()
        return self

    def close(self) -> None:
        """Hide the side bar."""
        self._tab.click()
        expect(self.root).to_be_hidden()

    @property
    def jobs(self) -> Locator:
        """The jobs, each of which is a button."""
        return self.root.get_by_role("listitem")


class Requests:
    """The requests of a page to our endpoints."""

    def __init__(self, page: Page) -> None:
        self.paths: list[str] = []
        page.on("request", self._note)

    def _note(self, request: Request) -> None:
        _, found, path = request.url.partition(_ENDPOINTS)
        if found and "/labextensions/" not in request.url:
            self.paths.append(path.partition("?")[0])


class Axe:
    """Deque's checker of accessibility, within a part of a page."""

    def __init__(self, page: Page) -> None:
        self._page = page
        if not page.evaluate("() => 'axe' in window"):
            page.evaluate(_AXE.read_text(encoding="utf-8"))

    def problems(self, *selectors: str) -> Sequence[str]:
        """Return what breaks the rules of WCAG 2.1 A and AA, with the elements."""
        found: Any = self._page.evaluate(
            "selectors => axe.run({include: selectors.map(each => [each])}, {runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa']})",
            list(selectors),
        )
        return [
            f"{violation['id']}: {node['html'][:200]} {node['failureSummary']}"
            for violation in found["violations"]
            for node in violation["nodes"]
        ]


def next_runs(page: Page) -> Locator:
    """Return the preview of a schedule below the schedule in the create form."""
    return page.locator(_PANEL).get_by_role("region", name="Next runs")


def definition_health(page: Page) -> Locator:
    """Return our part of a definition's details."""
    return page.locator(_PANEL).get_by_role("region", name="Runs and schedule")
