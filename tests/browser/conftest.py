import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any, Final

import pytest
from playwright.sync_api import Browser, BrowserContext, expect, sync_playwright

from jupyter_scheduler_aws.client import Client
from tests.browser.chromium import find_chromium
from tests.browser.chromium_executable import ChromiumError
from tests.browser.lab import Lab
from tests.browser.page_errors import PageErrors
from tests.browser.screenshots import SCREENSHOTS, Camera
from tests.browser.servers import lab_server
from tests.support.deployed import Deployed, deployed
from tests.support.jupyter_server import JupyterServer
from tests.support.owners import Owner, new_owner

__all__ = ["deployed"]

_CHROMIUM: Final = (
    *("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-sync"),
    *("--no-first-run", "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"),
)
"""The browser may reach only this machine."""

_CONTEXT: Final[dict[str, Any]] = {
    "viewport": {"width": 1280, "height": 800},
    "locale": "en-US",
    "timezone_id": "Europe/Berlin",
    "color_scheme": "light",
}

_PATIENCE_MS: Final = 30_000
"""Timeout for what appears immediately, on a busy machine."""


def pytest_itemcollected(item: pytest.Item) -> None:
    """Mark the tests that use the browser. Playwright's event loop occupies the thread, so they need a process of their own."""
    if "browser" in getattr(item, "fixturenames", ()):
        item.add_marker("browser")


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """The installed Chromium, or the packaged one. Playwright has none."""
    try:
        chromium = find_chromium(os.environ)
    except ChromiumError as error:
        pytest.fail(str(error), pytrace=False)
    expect.set_options(timeout=_PATIENCE_MS)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=chromium.path, args=list(_CHROMIUM), env={**os.environ, **chromium.environment}
        )
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def owner(deployed: Deployed) -> Iterator[Owner]:
    """The user of this worker's JupyterLab."""
    with new_owner(deployed) as owner:
        yield owner


@pytest.fixture(scope="session")
def client(owner: Owner) -> Iterator[Client]:
    """The Python client of the same user."""
    with owner.client() as client:
        yield client


@pytest.fixture(scope="session")
def server(owner: Owner, tmp_path_factory: pytest.TempPathFactory) -> Iterator[JupyterServer]:
    """This worker's JupyterLab."""
    with lab_server(tmp_path_factory.mktemp("lab"), owner.environment) as server:
        yield server


Visit = Callable[..., AbstractContextManager[Lab]]
"""Takes a server, and options of the browser context."""


@pytest.fixture
def page_errors() -> Iterator[PageErrors]:
    """The errors of the test's pages. The test fails if there are any that it does not expect."""
    page_errors = PageErrors()
    yield page_errors
    assert not page_errors.unexpected, "\n".join(page_errors.unexpected)


@pytest.fixture
def visit(browser: Browser, page_errors: PageErrors, request: pytest.FixtureRequest) -> Visit:
    """Opens JupyterLab of a server in a new page until the block ends."""
    name = request.node.name.removeprefix("test_")
    shutil.rmtree(SCREENSHOTS / name, ignore_errors=True)
    return lambda server, **options: _visit(browser.new_context(**_CONTEXT | options), server, page_errors, name)


@pytest.fixture
def lab(visit: Visit, server: JupyterServer) -> Iterator[Lab]:
    """This worker's JupyterLab, in a new page for the test."""
    with visit(server) as lab:
        yield lab


@contextmanager
def _visit(context: BrowserContext, server: JupyterServer, page_errors: PageErrors, name: str) -> Iterator[Lab]:
    context.set_default_timeout(_PATIENCE_MS)
    page = context.new_page()
    page_errors.listen(page)
    lab = Lab(page, server, Camera(page, name))
    try:
        lab.open()
        yield lab
    finally:
        lab.camera.take("end")  # what a test that failed saw last
        context.close()
