"""JupyterLab in a browser, outside of the Jobs panel."""

from typing import Final

from playwright.sync_api import FrameLocator, Locator, Page, expect

from tests.browser.form import CreateForm
from tests.browser.panel import JobsPanel
from tests.browser.screenshots import Camera
from tests.support.jupyter_server import JupyterServer

__all__ = ["Lab"]

_SPLASH: Final = "#jupyterlab-splash"
_DIALOG: Final = ".jp-Dialog"
_MENU_ITEM: Final = ".lm-Menu-item"
_BROWSER: Final = "#filebrowser"
_ITEM: Final = ".jp-DirListing-item"
_REFRESH: Final = f"{_BROWSER} [data-command='filebrowser:refresh']"
_CRUMBS: Final = f"{_BROWSER} .jp-BreadCrumbs"
_NEW_LAUNCHER: Final = "button[data-command='launcher:create'], .jp-ToolbarButtonComponent[title^='New Launcher']"
_JOBS_CARD: Final = ".jp-LauncherCard[title='Jobs']"
_CREATE_FROM_NOTEBOOK: Final = "[data-command='scheduling:create-from-notebook']"
_TAB: Final = "#jp-main-dock-panel .lm-TabBar-tab"
_CLOSE: Final = ".lm-TabBar-tabCloseIcon"
_NOTEBOOK: Final = ".jp-NotebookPanel"
_HTML: Final = ".jp-HTMLViewer iframe"
_START_MS: Final = 60_000
"""Timeout for JupyterLab, which loads megabytes of scripts."""


class Lab:
    """A page with JupyterLab."""

    def __init__(self, page: Page, server: JupyterServer, camera: Camera) -> None:
        self.page = page
        self.server = server
        self.camera = camera
        self.panel = JobsPanel(page)

    def open(self, path: str = "/lab?reset") -> None:
        """Open JupyterLab, and wait until it is ready."""
        separator = "&" if "?" in path else "?"
        self.page.goto(f"{self.server.url}{path}{separator}token={self.server.token}")
        self.expect_ready()

    def expect_ready(self) -> None:
        """Wait until JupyterLab has started and shows files, and no dialog."""
        expect(self.page.locator(f"{_BROWSER} {_ITEM}").first).to_be_visible(timeout=_START_MS)
        expect(self.page.locator(_SPLASH)).to_have_count(0, timeout=_START_MS)
        expect(self.page.locator(_DIALOG)).to_have_count(0)

    def file(self, name: str) -> Locator:
        """Return a file or folder in the file browser."""
        return self.page.locator(f"{_BROWSER} {_ITEM}").filter(
            has=self.page.locator(".jp-DirListing-itemText").get_by_text(name, exact=True)
        )

    def open_file(self, name: str) -> None:
        """Open a file of the file browser."""
        self.file(name).dblclick()

    def refresh_files(self) -> None:
        """Refresh the file browser."""
        self.page.locator(_REFRESH).click()

    def open_folder(self, name: str) -> None:
        """Open a folder of the file browser, even one that it does not show yet."""
        if not self.file(name).count():
            self.refresh_files()
        self.file(name).dblclick()
        expect(self.page.locator(_CRUMBS)).to_contain_text(name)

    def choose_create_job(self, name: str) -> None:
        """Choose "Create Job" in the context menu of a notebook."""
        self.file(name).click(button="right")
        self.page.locator(_MENU_ITEM).filter(has_text="Create Job").click()

    def create_job_of(self, name: str) -> CreateForm:
        """Choose "Create Job" in the context menu of a notebook, and wait for the complete form."""
        self.choose_create_job(name)
        return CreateForm(self.page).expect_open()

    def create_job_of_open_notebook(self) -> CreateForm:
        """Press the button in the toolbar of the open notebook."""
        self.page.locator(_CREATE_FROM_NOTEBOOK).locator("visible=true").click()
        return CreateForm(self.page).expect_open()

    def open_jobs(self) -> JobsPanel:
        """Open the Jobs panel with the launcher's card."""
        card = self.page.locator(_JOBS_CARD).locator("visible=true")
        if not card.count():
            self.page.locator(_NEW_LAUNCHER).first.click()
        card.click()
        return self.panel

    def choose_theme(self, name: str) -> None:
        """Choose a theme in the menu."""
        self.page.get_by_role("menuitem", name="Settings").click()
        self.page.locator(_MENU_ITEM).filter(has_text="Theme").first.click()
        self.page.locator(_MENU_ITEM).get_by_text(name, exact=True).click()
        expect(self.page.locator(f"body[data-jp-theme-name='{name}']")).to_have_count(1)

    def show_tab(self, title: str) -> None:
        """Activate an open tab."""
        self.page.locator(_TAB).filter(has_text=title).click()

    def close_tab(self, title: str) -> None:
        """Close an open tab."""
        self.page.locator(_TAB).filter(has_text=title).locator(_CLOSE).click()

    @property
    def notebook(self) -> Locator:
        """The notebook in the active tab."""
        return self.page.locator(_NOTEBOOK).locator("visible=true")

    @property
    def html(self) -> FrameLocator:
        """The open HTML file."""
        return self.page.frame_locator(_HTML)
