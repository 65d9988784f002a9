"""The panel and the server log show sanitized text; data that the panel sends back stays exact."""

import json
import logging
from pathlib import Path
from typing import Any

import pytest

from jupyter_scheduler_aws.connector.error_messages import panel_message
from jupyter_scheduler_aws.connector.panel_models import read_definition, read_job, read_jobs
from jupyter_scheduler_aws.connector.workspace import Workspace
from jupyter_scheduler_aws.errors import DownloadError
from jupyter_scheduler_aws.sanitize import sanitize_line, sanitize_text

TEXTS = [
    text["text"]
    for text in json.loads(Path(__file__).parents[2].joinpath("data", "texts.json").read_text(encoding="utf-8"))
]


@pytest.mark.parametrize("text", TEXTS, ids=ascii)
def test_rows_are_sanitized(job_document: dict[str, Any], definition_document: dict[str, Any], text: str) -> None:
    changed = {
        "name": f"n{text}",
        "tags": [text],
        "status_message": f"a{text}",
        "parameters": {"p": text},
        "input_filename": text,
    }

    job = read_job({**job_document, **changed})
    problem = {"title": text, "message": text}
    definition = read_definition({**definition_document, **changed, "problems": [problem]}, whole=True)

    assert (job.name, job.tags, job.status_message) == (
        sanitize_line(f"n{text}"),
        [sanitize_line(text)],
        sanitize_text(f"a{text}"),
    )
    assert (job.parameters, job.input_filename) == ({"p": text}, text)
    assert definition.name == sanitize_line(definition.name)
    assert definition.tags == [sanitize_line(text)]


@pytest.mark.parametrize("text", TEXTS, ids=ascii)
def test_errors_and_the_server_log_are_sanitized(
    job_document: dict[str, Any], text: str, caplog: pytest.LogCaptureFixture
) -> None:
    assert panel_message(DownloadError(f"a{text}")) == sanitize_text(f"a{text}").translate({ord("%"): "\uff05"})
    with caplog.at_level(logging.WARNING):
        read_jobs([{**job_document, "status": text}, {text: text}])

    assert len(caplog.messages) > 1
    assert all(message == sanitize_text(message) for message in caplog.messages)


def test_the_folder_of_a_job_has_a_sanitized_name(tmp_path: Path) -> None:
    workspace = Workspace(root=tmp_path, output_directory="jobs")

    assert workspace.job_folder("a\u202eb\u009b31m.ipynb", "1") == tmp_path / "jobs" / "ab-1"
