"""The details of a job or a definition."""

from collections.abc import Mapping
from typing import Final, Self

from playwright.sync_api import Locator, Page, expect

__all__ = ["Detail"]

_PANEL: Final = ".jp-notebook-jobs-panel"
_CRUMB: Final = "nav[aria-label=breadcrumb] p"
_DIALOG: Final = ".MuiDialog-root"
_SNAPSHOT: Final = ".jp-input-file-snapshot"
_ALERT: Final = ".MuiAlert-standardError"


class Detail:
    """The details view of a job or a definition."""

    def __init__(self, page: Page) -> None:
        self._page = page
        self.root = page.locator(_PANEL)

    def expect_open(self, name: str) -> Self:
        """Wait for the complete details view."""
        expect(self.root.locator(_CRUMB)).to_have_text(name)
        expect(self.root.get_by_role("progressbar")).to_have_count(0)
        return self

    def field(self, label: str) -> Locator:
        """Return the value under a label."""
        return self.root.locator(f"xpath=.//span[normalize-space()='{label}']/following-sibling::div[1]/div[1]")

    def parameters(self) -> dict[str, str]:
        """Return the names and values of the parameters."""
        names, values = (self.field(f"Parameter {each}").all_inner_texts() for each in ("name", "value"))
        return {name.strip(): value.strip() for name, value in zip(names, values, strict=True)}

    def file(self, label: str) -> Locator:
        """Return the link of an output file, such as "HTML"."""
        return self.root.locator("a[title^='Open output']").get_by_text(label, exact=True)

    def download(self) -> None:
        """Press "Download Job Files", and wait for the links. The panel checks for the files after five seconds."""
        self.press("Download Job Files")
        expect(self.root.get_by_role("button", name="Download Job Files")).to_have_count(0)

    def press(self, name: str) -> None:
        """Press a button, such as "Reload Job"."""
        self.root.get_by_role("button", name=name, exact=True).click()

    def confirm(self, name: str) -> None:
        """Press a button of the confirmation dialog."""
        dialog = self._page.locator(_DIALOG)
        dialog.get_by_role("button", name=name, exact=True).click()
        expect(dialog).to_have_count(0)

    def reload_jobs(self) -> None:
        """Press Reload above the jobs of a definition."""
        with self._page.expect_response(lambda response: "job_definition_id=" in response.url):
            self.press("Reload")

    def edit_schedule(self, crontab: str, *, dropped: Locator | None = None) -> None:
        """Press "Edit Job Definition", drop a file of the file browser on the form if there is one, and save another crontab."""
        self.press("Edit Job Definition")
        if dropped is not None:
            dropped.hover()
            self._page.mouse.down()
            box = self.root.locator(_SNAPSHOT).bounding_box()
            assert box
            self._page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2, steps=12)
            self._page.mouse.up()
        self.root.locator("input[name=schedule]").fill(crontab)
        self._page.keyboard.press("Tab")
        self.press("Save Changes")

    def run(self, parameters: Mapping[int, str]) -> None:
        """Press "Run Job", and create a job with other values for parameters, by position."""
        self.press("Run Job")
        for index, value in parameters.items():
            self.root.locator(f"input[name='parameter-{index}-value']").fill(value)
            self._page.keyboard.press("Tab")
        self.press("Create")
        expect(self.root.get_by_text("has been created")).to_be_visible()

    def back(self) -> None:
        """Go back to the list."""
        self.root.locator("nav[aria-label=breadcrumb] a").first.click()

    @property
    def alert(self) -> Locator:
        """The message of a failed job."""
        return self.root.locator(_ALERT)
