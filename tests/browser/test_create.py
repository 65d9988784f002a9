"""Jobs of a notebook, created from the file browser and from the open notebook."""

import ast
import json
from pathlib import Path

import pytest
from playwright.sync_api import expect

from jupyter_scheduler_aws.api.job_models import Job, JobStatus
from jupyter_scheduler_aws.client import Client
from tests.browser.lab import Lab
from tests.browser.page_errors import PageErrors
from tests.browser.servers import write_notebook

pytestmark = pytest.mark.local_cloud

OF_HTML = ("frame is sandboxed and the 'allow-scripts' permission is not set", r"/ajax/libs/(mathjax|require\.js)/")
"""JupyterLab blocks scripts of untrusted HTML, and the output of nbconvert loads two from other sites."""


def job_of(client: Client, name: str) -> Job:
    """Return the only job with a name."""
    [job] = client.list_jobs(name=name)
    return job


def injected(notebook: Path) -> dict[str, object]:
    """Return the values in the cell that a run injects after the parameters."""
    cells = json.loads(notebook.read_text(encoding="utf-8"))["cells"]
    [source] = ["".join(each["source"]) for each in cells if "injected-parameters" in each["metadata"].get("tags", [])]
    assigned = [each for each in ast.parse(source).body if isinstance(each, ast.Assign)]
    return {ast.unparse(each.targets[0]): ast.literal_eval(each.value) for each in assigned}


def test_a_job_from_the_file_browser(lab: Lab, client: Client, page_errors: PageErrors) -> None:
    page_errors.expect(*OF_HTML)
    form = lab.create_job_of("hello.ipynb")
    lab.camera.take("form")
    form.fill(name="From browser", compute_type="medium", formats=("ipynb", "html"))
    form.fill_parameters({"who": "Zoë O'Hara", "n": "3"})
    form.open_additional_options().fill_tags("first", "übung")
    lab.camera.take("filled")
    form.create().expect_created()
    lab.camera.take("created")

    lab.panel.reload_until("From browser", "Completed")
    job = job_of(client, "From browser")
    assert (job.status, job.document["compute_type"]) == (JobStatus.COMPLETED, "medium")
    lab.camera.take("completed")

    detail = lab.panel.open("From browser")
    lab.camera.take("detail")
    assert detail.parameters() == {"who": "Zoë O'Hara", "n": "3"}
    for label, text in {
        "Status": "Completed",
        "Environment": "python",
        "Tag 1": "first",
        "Tag 2": "übung",
    }.items():
        expect(detail.field(label)).to_have_text(text)
    for label in ("Created at", "Start time", "End time"):
        expect(detail.field(label)).to_contain_text("20")

    detail.download()
    lab.camera.take("downloaded")
    folder = lab.server.workspace / "jobs" / f"hello-{job.job_id}"
    suffixes = sorted(path.suffix for path in folder.iterdir() if not path.name.startswith("."))
    assert suffixes == [".html", ".ipynb", ".ipynb"], "two outputs, and the notebook as it was sent"
    [executed] = folder.glob("hello-2*.ipynb")
    assert injected(executed) == {"who": "Zoë O'Hara", "n": 3}

    detail.file("HTML").click()
    expect(lab.html.get_by_text("Hello, Zoë O'Hara!")).to_be_visible()
    lab.camera.take("html")


def test_a_job_from_the_open_notebook(lab: Lab) -> None:
    lab.open_file("hello.ipynb")
    form = lab.create_job_of_open_notebook()
    expect(form.input_file).to_have_value("hello.ipynb")
    form.fill(name="From notebook")
    lab.camera.take("form")
    form.create().expect_created()
    lab.panel.reload_until("From notebook", "Completed")
    lab.camera.take("completed")


def test_a_job_with_its_folder(lab: Lab, client: Client) -> None:
    lab.open_folder("co2")
    form = lab.create_job_of("co2.ipynb")
    form.fill(name="With folder", with_folder=True, parameters={"start_year": "1990"})
    lab.camera.take("form")
    form.create().expect_created()
    lab.panel.reload_until("With folder", "Completed")
    job = job_of(client, "With folder")

    detail = lab.panel.open("With folder")
    expect(detail.field("Ran with input folder")).to_have_text("Yes")
    detail.download()
    lab.camera.take("downloaded")
    folder = lab.server.workspace / "jobs" / f"co2-{job.job_id}"
    assert (folder / "co2-by-year.csv").read_text(encoding="utf-8").splitlines()[1].startswith("1990,")
    assert (folder / "co2.ipynb").exists(), "of the input, the notebook"
    assert not list(folder.glob("co2-mauna-loa.csv")) + list(folder.glob("*.zip")), "and nothing else"
    expect(detail.field("Input file").get_by_role("link")).to_have_text("co2.ipynb")
    detail.file("Files").click()
    expect(lab.file("co2-by-year.csv")).to_be_visible()
    lab.camera.take("files")


def test_a_job_with_a_failing_notebook(lab: Lab, client: Client) -> None:
    lab.create_job_of("failing.ipynb").fill(name="Failing").create().expect_created()
    lab.panel.reload_until("Failing", "Failed")
    job = job_of(client, "Failing")
    lab.camera.take("list")
    detail = lab.panel.open("Failing")
    lab.camera.take("detail")
    expect(detail.alert).to_contain_text("ValueError")
    expect(detail.alert).to_contain_text("Row 3 holds 'n/a'")
    assert not set("\x1b\u241b") & set(detail.alert.inner_text()), "no escape codes"
    detail.download()
    lab.camera.take("downloaded")
    folder = lab.server.workspace / "jobs" / f"failing-{job.job_id}"
    assert (folder / "readings-so-far.csv").exists()
    detail.file("Notebook").click()
    expect(lab.notebook.get_by_text("is not a number").first).to_be_visible()
    lab.camera.take("executed")


def test_a_notebook_without_a_kernel_uses_the_kernel_of_the_environment(lab: Lab) -> None:
    write_notebook(lab.server.workspace / "no-kernel" / "plain.ipynb", "print(6 * 7)", kernel=False)
    lab.open_folder("no-kernel")
    lab.create_job_of("plain.ipynb").fill(name="Plain").create().expect_created()
    lab.panel.reload_until("Plain", "Completed")
    lab.camera.take("completed")


def test_a_reused_idempotency_token_is_refused(lab: Lab, page_errors: PageErrors) -> None:
    page_errors.expect(r"^response: POST .*/scheduler/jobs\?\d+ 409$", "status of 409 .* at .*/scheduler/jobs")
    lab.create_job_of("hello.ipynb").fill(name="Once").open_additional_options().fill_token(
        "only-once"
    ).create().expect_created()
    form = lab.create_job_of("failing.ipynb").fill(name="Twice").open_additional_options().fill_token("only-once")
    form.create()
    expect(form.alert).to_have_text(
        "The idempotency token 'only-once' was used for a different request. "
        "Choose another token, or send the same request again."
    )
    form.alert.scroll_into_view_if_needed()
    lab.camera.take("refused")
