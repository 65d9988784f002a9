"""Edits in the panel, which always send the name of the notebook, whether the user changed it or not."""

import json
from typing import Any

import pytest
from jupyter_scheduler.models import (
    CreateJobDefinition,
    CreateJobFromDefinition,
    ListJobDefinitionsQuery,
    UpdateJobDefinition,
)

from jupyter_scheduler_aws.api.definition_models import Definition
from jupyter_scheduler_aws.connector.connection import Connection
from jupyter_scheduler_aws.connector.definitions import Definitions, has_new_notebook
from jupyter_scheduler_aws.connector.workspace import Workspace
from jupyter_scheduler_aws.errors import NotFoundError, SnapshotError
from tests.jupyter_scheduler_aws.conftest import NOTEBOOK
from tests.jupyter_scheduler_aws.fake_api import FakeApi
from tests.jupyter_scheduler_aws.fake_definitions import REFUSED

SAME = {"schedule": "0 9 * * MON", "timezone": "Europe/Berlin"}
"""What the form of the panel sends if the user changed only the file."""

OTHER = {**SAME, "schedule": "0 10 * * MON"}


def definition(document: dict[str, Any], input_path: str) -> Definition:
    return Definition.from_document({**document, "input_path": input_path})


@pytest.mark.parametrize(
    ("input_path", "input_uri", "changes", "expected"),
    [
        ("report.ipynb", "report.ipynb", SAME, True),
        ("report.ipynb", "report.ipynb", OTHER, False),
        ("sub/report.ipynb", "report.ipynb", SAME, False),
        ("sub/report.ipynb", "report.ipynb", OTHER, False),
        ("sub/report.ipynb", "sub/report.ipynb", SAME, True),
        ("sub/report.ipynb", "sub/report.ipynb", OTHER, True),
        ("sub/report.ipynb", "other/report.ipynb", SAME, True),
        ("report.ipynb", "another.ipynb", SAME, True),
        ("report.ipynb", "another.ipynb", OTHER, True),
    ],
)
def test_the_notebook_is_uploaded_again_if_a_file_was_dropped_on_the_form(
    definition_document: dict[str, Any], input_path: str, input_uri: str, changes: dict[str, Any], expected: bool
) -> None:
    assert has_new_notebook(definition(definition_document, input_path), input_uri, changes) is expected


@pytest.fixture
def definitions(connection: Connection, workspace: Workspace) -> Definitions:
    for name in ("report.ipynb", "sub/report.ipynb"):
        path = workspace.root / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(json.dumps(NOTEBOOK))
    return Definitions(connection, workspace)


def create(definitions: Definitions, input_uri: str) -> str:
    model = CreateJobDefinition(input_uri=input_uri, runtime_environment_name="python", name="Weekly", **SAME)
    return definitions.create(model)


def test_an_edit_of_the_schedule_keeps_a_notebook_in_a_subfolder(api: FakeApi, definitions: Definitions) -> None:
    """The stock scheduler looks for the name in the root folder, and uses another notebook or fails."""
    definition_id = create(definitions, "sub/report.ipynb")
    before = len(api.uploads)

    definitions.update(definition_id, UpdateJobDefinition(**OTHER, input_uri="report.ipynb"))

    assert len(api.uploads) == before
    [request] = api.seen("PATCH", f"/v1/scheduler/job_definitions/{definition_id}")
    assert request.document == OTHER


def test_an_edit_of_the_schedule_works_without_the_notebook(
    api: FakeApi, definitions: Definitions, workspace: Workspace
) -> None:
    definition_id = create(definitions, "sub/report.ipynb")
    for path in list(workspace.root.rglob("*.ipynb")):
        path.unlink()
    definitions.update(definition_id, UpdateJobDefinition(**OTHER, input_uri="report.ipynb"))
    assert api.definitions[definition_id].document["schedule"] == OTHER["schedule"]


def test_a_file_dropped_on_the_form_is_uploaded(api: FakeApi, definitions: Definitions) -> None:
    definition_id = create(definitions, "report.ipynb")

    definitions.update(definition_id, UpdateJobDefinition(**SAME, input_uri="sub/report.ipynb"))

    [request] = api.seen("PATCH", f"/v1/scheduler/job_definitions/{definition_id}")
    sent = request.document
    assert sent["input_uri"].startswith("upload:")
    assert (sent["input_filename"], sent["input_path"]) == ("report.ipynb", "sub/report.ipynb")


def test_a_dropped_file_that_does_not_exist_is_an_error_and_changes_nothing(
    api: FakeApi, definitions: Definitions
) -> None:
    definition_id = create(definitions, "report.ipynb")
    with pytest.raises(SnapshotError):
        definitions.update(definition_id, UpdateJobDefinition(**OTHER, input_uri="gone/report.ipynb"))
    assert api.seen("PATCH", ".*") == []


@pytest.mark.parametrize("active", [False, True])
def test_pause_and_resume_send_only_the_active_field(api: FakeApi, definitions: Definitions, active: bool) -> None:
    definition_id = create(definitions, "report.ipynb")
    definitions.update(definition_id, UpdateJobDefinition(active=active))
    [request] = api.seen("PATCH", ".*")
    assert request.document == {"active": active}


@pytest.mark.parametrize("named", [{}, {"name": None, "schedule": None, "active": None}, {"url": "/x"}])
def test_an_empty_edit_changes_nothing(api: FakeApi, definitions: Definitions, named: dict[str, Any]) -> None:
    definition_id = create(definitions, "report.ipynb")
    before = dict(api.definitions[definition_id].document)
    definitions.update(definition_id, UpdateJobDefinition(**named))
    assert api.definitions[definition_id].document == before


@pytest.mark.parametrize("named", [{}, {"active": False}, {"input_uri": "report.ipynb"}])
def test_an_edit_of_an_unknown_definition_is_refused(definitions: Definitions, named: dict[str, Any]) -> None:
    with pytest.raises(NotFoundError):
        definitions.update("no-such-id", UpdateJobDefinition(**named))


def test_the_details_of_a_failing_definition_contain_the_whole_message(api: FakeApi, definitions: Definitions) -> None:
    definition_id = api.add_definition("Weekly", **SAME, problems=[REFUSED])
    assert REFUSED["message"] in definitions.get(definition_id).name
    [row] = definitions.page(ListJobDefinitionsQuery()).job_definitions
    assert row.name == "Weekly (\N{WARNING SIGN} Schedule not written)"


def test_editing_or_running_a_failing_definition_keeps_its_name(api: FakeApi, definitions: Definitions) -> None:
    definition_id = api.add_definition("Weekly", **SAME, problems=[REFUSED])
    definitions.update(definition_id, UpdateJobDefinition(**OTHER, input_uri="report.ipynb"))
    job_id = definitions.run(definition_id, CreateJobFromDefinition(parameters={}))
    assert api.definitions[definition_id].document["name"] == "Weekly"
    assert api.jobs[job_id].document["name"] == "Weekly"
