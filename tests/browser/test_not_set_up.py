"""If something is not set up, JupyterLab starts anyway, and the panel explains what to do."""

import re
import socket
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Visit
from tests.browser.form import CreateForm
from tests.browser.page_errors import PageErrors
from tests.browser.servers import lab_server
from tests.support.deployed import Deployed
from tests.support.jupyter_server import JupyterServer
from tests.support.owners import Owner, new_user

pytestmark = pytest.mark.local_cloud

URL: Final = "JUPYTER_SCHEDULER_AWS_URL"
Environment = dict[str, str]
Change = Callable[[Environment], Environment]


def without_url(environment: Environment) -> Environment:
    return {name: value for name, value in environment.items() if name != URL}


def without_credentials(environment: Environment) -> Environment:
    return {name: value for name, value in environment.items() if not name.startswith(("AWS_ACCESS", "AWS_SECRET"))}


def with_another_secret(environment: Environment) -> Environment:
    return environment | {"AWS_SECRET_ACCESS_KEY": "not the secret"}


def with_nobody_there(environment: Environment) -> Environment:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return environment | {URL: f"http://127.0.0.1:{probe.getsockname()[1]}/v1"}


def with_another_stage(environment: Environment) -> Environment:
    return environment | {URL: f"{environment[URL]}-other"}


CASES: Final[Mapping[Change, str]] = {
    without_url: r"Set JUPYTER_SCHEDULER_AWS_URL to the stack's output ApiUrl",
    without_credentials: r"There are no AWS credentials. Log in .*c\.AwsScheduler\.profile",
    with_another_secret: r"The secret key is not the one of this access key: check AWS_PROFILE",
    with_nobody_there: r"is out of reach: .*Check JUPYTER_SCHEDULER_AWS_URL, the network and proxy settings",
    with_another_stage: r"compare JUPYTER_SCHEDULER_AWS_URL with the stack's output ApiUrl",
}


@pytest.mark.parametrize("change", CASES, ids=lambda each: each.__name__)
def test_the_panel_explains_what_to_do(
    visit: Visit,
    owner: Owner,
    page_errors: PageErrors,
    tmp_path: Path,
    change: Change,
) -> None:
    says = re.compile(CASES[change])
    with lab_server(tmp_path, change(owner.environment)) as server:
        assert_says(says, server, visit, page_errors)


def test_the_panel_explains_a_missing_policy(
    visit: Visit, deployed: Deployed, page_errors: PageErrors, tmp_path: Path
) -> None:
    says = re.compile(r"Ask the operator for the policy that the stack's output UserPolicyArn names")
    with new_user(deployed) as key, lab_server(tmp_path, deployed.environment_of(key)) as server:
        assert_says(says, server, visit, page_errors)


def assert_says(says: re.Pattern[str], server: JupyterServer, visit: Visit, page_errors: PageErrors) -> None:
    """Check the lists and the form, and that files still open."""
    page_errors.expect(r"/scheduler/\w+\?\S* 500$", r"status of 500 .* at \S*/scheduler/", f"^page: .*{says.pattern}")
    with visit(server) as lab:
        lab.camera.take("start")
        panel = lab.open_jobs()
        expect(panel.alert).to_have_text(says)
        lab.camera.take("jobs")
        panel.show_definitions()
        expect(panel.alert).to_have_text(says)
        lab.choose_create_job("hello.ipynb")
        form = CreateForm(lab.page).expect_open()
        expect(form.root.get_by_text(says)).to_be_visible()
        lab.camera.take("reason")
        form.create()
        expect(form.alert).to_have_text(says)
        lab.camera.take("form")
        lab.open_file("README.md")
        expect(lab.page.get_by_text("the smallest notebook with a parameter").first).to_be_visible()
        lab.camera.take("file")
