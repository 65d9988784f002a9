"""The Jobs panel: lists of jobs and definitions, and the details of one."""

from typing import Final

from playwright.sync_api import Locator, Page, expect

from tests.browser.details import Detail

__all__ = ["JobsPanel"]

_PANEL: Final = ".jp-notebook-jobs-panel"
_ALERT: Final = ".MuiAlert-standardError"
_RANGE: Final = ".MuiTablePagination-displayedRows"
_ENDS: Final = ("Completed", "Failed", "Stopped")


class JobsPanel:
    """The panel, in any view."""

    def __init__(self, page: Page) -> None:
        self._page = page
        self.root = page.locator(_PANEL)

    def row(self, name: str) -> Locator:
        """Return the row of a job or definition."""
        return self.root.locator("tbody tr").filter(has=self._page.get_by_title(f'Open detail view for "{name}"'))

    def column(self, number: int) -> Locator:
        """Return the cells of a column. The first column contains the names."""
        return self.root.locator(f"tbody tr td:nth-child({number})")

    @property
    def alert(self) -> Locator:
        """The error message of the panel."""
        return self.root.locator(_ALERT)

    @property
    def range(self) -> Locator:
        """The range of rows on the page: first, last, total."""
        return self.root.locator(_RANGE)

    def reload(self) -> None:
        """Press Reload, and wait for the new list."""
        with self._page.expect_response(lambda response: "max_items=" in response.url):
            self.root.get_by_role("button", name="Reload", exact=True).click()

    def reload_until(self, name: str, status: str) -> None:
        """Press Reload until a row shows a status, because the panel never reloads by itself. The timeout of pytest limits it."""
        row = self.row(name)
        expect(row).to_have_count(1)
        while status not in (text := row.inner_text()):
            assert not any(end in text for end in _ENDS), f"ended otherwise: {text}"
            self.reload()

    def show_jobs(self) -> None:
        """Go to the list of jobs."""
        self.root.get_by_role("tab", name="Jobs", exact=True).click()

    def show_definitions(self) -> None:
        """Go to the list of definitions."""
        self.root.get_by_role("tab", name="Job Definitions").click()

    def sort_by(self, column: str) -> None:
        """Click the title of a column."""
        self.root.locator("thead th").filter(has_text=column).click()

    def next_page(self) -> None:
        """Go to the next page."""
        self.root.get_by_role("button", name="Go to next page").click()

    def previous_page(self) -> None:
        """Go to the previous page."""
        self.root.get_by_role("button", name="Go to previous page").click()

    def download(self, name: str) -> None:
        """Press the download button of a row, and wait for the links that replace it."""
        self.row(name).get_by_role("button", name="download").click()
        expect(self.row(name).get_by_title("Open output file").first).to_be_visible()

    def open(self, name: str) -> Detail:
        """Open the details of a job or definition."""
        self.row(name).get_by_title(f'Open detail view for "{name}"').click()
        return Detail(self._page).expect_open(name)

    def press_twice(self, what: str, name: str) -> None:
        """Press Stop or Delete of a row, and then the confirmation that replaces it."""
        button = self.root.get_by_title(f'{what} "{name}"', exact=True)
        button.click()
        expect(button).to_have_text(what)
        button.click()

    def press(self, what: str, name: str) -> None:
        """Press Pause or Resume of a row."""
        self.root.get_by_title(f'{what} "{name}"', exact=True).click()
