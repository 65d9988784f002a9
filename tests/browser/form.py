"""The form that creates jobs and definitions."""

from collections.abc import Mapping, Sequence
from typing import Final, Self

from playwright.sync_api import Locator, Page, expect

__all__ = ["CreateForm"]

_PANEL: Final = ".jp-notebook-jobs-panel"
_NAME: Final = "#jp-create-job-jobName"
_COMPUTE_TYPE: Final = "#jp-create-job-computeType"
_INTERVAL: Final = "#jp-create-job-createType-definition-interval"
_OPTION: Final = "li.MuiMenuItem-root"
_ADDITIONAL: Final = "#panel-header"
_ALERT: Final = ".MuiAlert-standardError"
_FORMATS: Final = ("ipynb", "html")
"""Initially, the form selects all of them."""


class CreateForm:
    """The form, open in the Jobs panel."""

    def __init__(self, page: Page) -> None:
        self._page = page
        self.root = page.locator(_PANEL)

    def expect_open(self) -> Self:
        """Wait for the complete form with its environments."""
        expect(self.root.locator(_NAME)).to_be_visible()
        expect(self.root.get_by_text("Loading")).to_have_count(0)
        return self

    def fill(
        self,
        *,
        name: str,
        compute_type: str | None = None,
        formats: Sequence[str] = ("ipynb",),
        parameters: Mapping[str, str] | None = None,
        with_folder: bool = False,
    ) -> Self:
        """Fill in the visible fields."""
        self.root.locator(_NAME).fill(name)
        if with_folder:
            self.root.locator("input[name=packageInputFolder]").check()
        if compute_type:
            self.root.locator(_COMPUTE_TYPE).click()
            self._page.locator(_OPTION).get_by_text(compute_type, exact=True).click()
        for output_format in _FORMATS:
            self.root.locator(f"#jp-create-job-outputFormat-{output_format}").set_checked(output_format in formats)
        self.fill_parameters(parameters or {})
        return self

    def fill_parameters(self, parameters: Mapping[str, str]) -> Self:
        """Add parameters. The Create button is enabled when a field loses the focus."""
        for index, (name, value) in enumerate(parameters.items()):
            self.root.locator("button[title='Add new parameter']").click()
            self.root.locator(f"input[name='parameter-{index}-name']").fill(name)
            self.root.locator(f"input[name='parameter-{index}-value']").fill(value)
            self._page.keyboard.press("Tab")
        return self

    def open_additional_options(self) -> Self:
        """Expand the section with tags and token."""
        self.root.locator(_ADDITIONAL).click()
        expect(self.root.locator("button[title='Add new tag']")).to_be_visible()
        return self

    def fill_tags(self, *tags: str) -> Self:
        """Add tags."""
        for index, tag in enumerate(tags):
            self.root.locator("button[title='Add new tag']").click()
            self.root.locator(f"input[name='tag-{index}']").fill(tag)
            self._page.keyboard.press("Tab")
        return self

    def fill_token(self, token: str) -> Self:
        """Fill in the idempotency token."""
        self.root.locator("input[name=idempotencyToken]").fill(token)
        self._page.keyboard.press("Tab")
        return self

    def schedule(self, interval: str, *, crontab: str | None = None, timezone: str | None = None) -> Self:
        """Select a schedule with an interval of the list, such as `minute` or `custom`."""
        self.root.locator("input[name=createType][value=JobDefinition]").check()
        self.root.locator(_INTERVAL).click()
        self._page.locator(f"{_OPTION}[data-value={interval}]").click()
        if crontab is not None:
            self.root.locator("input[name=schedule]").fill(crontab)
        if timezone is not None:
            self.root.locator("input[name=timezone]").fill(timezone)
            self._page.locator("li[role=option]").filter(has_text=timezone).first.click()
        self._page.keyboard.press("Tab")
        return self

    def create(self) -> Self:
        """Press Create."""
        self.root.get_by_role("button", name="Create", exact=True).click()
        return self

    def expect_created(self) -> None:
        """Wait for the message that it was created."""
        expect(self.root.get_by_text("has been created")).to_be_visible()

    @property
    def input_file(self) -> Locator:
        """The field with the path of the notebook."""
        return self.root.locator("input[name=inputFile]")

    @property
    def alert(self) -> Locator:
        """The error message of the form."""
        return self.root.locator(_ALERT)
