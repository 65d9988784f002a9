import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any, Final

import pytest
from playwright.sync_api import Browser, BrowserContext, expect, sync_playwright

from jupyter_scheduler_aws.client import Client
from tests.browser.camera import SCREENSHOTS, Camera
from tests.browser.chromium import find_chromium
from tests.browser.executable import ChromiumError
from tests.browser.lab import Lab
from tests.browser.listening import Complaints
from tests.browser.servers import lab_server
from tests.support.deployed import Deployed, deployed
from tests.support.jupyter_server import JupyterServer
from tests.support.owners import Owner, new_owner

__all__ = ["deployed"]

_CHROMIUM: Final = (
    *("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-sync"),
    *("--no-first-run", "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"),
)
"""Nothing but this machine is reached."""

_CONTEXT: Final[dict[str, Any]] = {
    "viewport": {"width": 1280, "height": 800},
    "locale": "en-US",
    "timezone_id": "Europe/Berlin",
    "color_scheme": "light",
}

_PATIENCE_MS: Final = 30_000
"""For whatever should come at once, on a machine that is busy."""


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """The machine's Chromium, or the packaged one; Playwright brings none."""
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
    """Whoever uses this worker's JupyterLab."""
    with new_owner(deployed) as owner:
        yield owner


@pytest.fixture(scope="session")
def client(owner: Owner) -> Iterator[Client]:
    """The same person's Python client."""
    with owner.client() as client:
        yield client


@pytest.fixture(scope="session")
def server(owner: Owner, tmp_path_factory: pytest.TempPathFactory) -> Iterator[JupyterServer]:
    """This worker's JupyterLab."""
    with lab_server(tmp_path_factory.mktemp("lab"), owner.environment) as server:
        yield server


Visit = Callable[..., AbstractContextManager[Lab]]
"""Takes a server, and what is to be other than usual of the browser's context."""


@pytest.fixture
def complaints() -> Iterator[Complaints]:
    """What the test's pages complain of: nothing, or what the test says that it expects."""
    complaints = Complaints()
    yield complaints
    assert not complaints.unexpected, "\n".join(complaints.unexpected)


@pytest.fixture
def visit(browser: Browser, complaints: Complaints, request: pytest.FixtureRequest) -> Visit:
    """Opens JupyterLab of a server in a page of its own, until the block ends."""
    name = request.node.name.removeprefix("test_")
    shutil.rmtree(SCREENSHOTS / name, ignore_errors=True)
    return lambda server, **options: _visit(browser.new_context(**_CONTEXT | options), server, complaints, name)


@pytest.fixture
def lab(visit: Visit, server: JupyterServer) -> Iterator[Lab]:
    """This worker's JupyterLab, in a page of the test's own."""
    with visit(server) as lab:
        yield lab


@contextmanager
def _visit(context: BrowserContext, server: JupyterServer, complaints: Complaints, name: str) -> Iterator[Lab]:
    context.set_default_timeout(_PATIENCE_MS)
    page = context.new_page()
    complaints.listen(page)
    lab = Lab(page, server, Camera(page, name))
    try:
        lab.open()
        yield lab
    finally:
        lab.camera.take("end")  # what a test that failed saw last
        context.close()
