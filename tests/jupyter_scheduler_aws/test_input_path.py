"""The input path is read if the service knows it, and is otherwise None."""

from pathlib import Path

from jupyter_scheduler_aws import Client
from tests.jupyter_scheduler_aws.fake_api import FakeApi


def test_input_path_of_a_job(api: FakeApi, client: Client, notebook: Path) -> None:
    assert client.get_job(api.add_job(input_path="reports/report.ipynb")).input_path == "reports/report.ipynb"
    assert client.get_job(client.submit(notebook)).input_path is None
    assert "input_path" not in api.seen("POST", "/v1/scheduler/jobs")[0].document


def test_input_path_of_a_definition(api: FakeApi, client: Client, notebook: Path) -> None:
    definition_id = api.add_definition(input_path="reports/report.ipynb")
    assert client.get_definition(definition_id).input_path == "reports/report.ipynb"
    client.update_definition(definition_id, notebook=notebook)
    assert "input_path" not in api.seen("PATCH", ".*")[0].document
    assert client.get_definition(client.schedule(notebook, cron="@daily")).input_path is None
    assert "input_path" not in api.seen("POST", "/v1/scheduler/job_definitions")[0].document
