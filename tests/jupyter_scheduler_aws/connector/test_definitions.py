"""The operations of the panel on definitions. What an edit does to the snapshot is in `test_edits.py`."""

import json
from typing import Any

import pytest
from jupyter_scheduler.models import (
    CreateJobDefinition,
    CreateJobFromDefinition,
    ListJobDefinitionsQuery,
    UpdateJobDefinition,
)

from jupyter_scheduler_aws.connector.connection import Connection
from jupyter_scheduler_aws.connector.definitions import Definitions
from jupyter_scheduler_aws.connector.workspace import Workspace
from jupyter_scheduler_aws.errors import NotFoundError
from tests.jupyter_scheduler_aws.conftest import NOTEBOOK
from tests.jupyter_scheduler_aws.fake_api import FakeApi
from tests.jupyter_scheduler_aws.fake_definitions import REFUSED

SAME = {"schedule": "0 9 * * MON", "timezone": "Europe/Berlin"}
"""What the form of the panel sends if the user changed only the file."""

OTHER = {**SAME, "schedule": "0 10 * * MON"}


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


def test_an_edit_of_the_schedule_sends_only_the_schedule(api: FakeApi, definitions: Definitions) -> None:
    """The stock scheduler looks for the name in the root folder, and uses another notebook or fails."""
    definition_id = create(definitions, "sub/report.ipynb")
    shown = definitions.get(definition_id).input_filename
    definitions.update(definition_id, UpdateJobDefinition(**OTHER, input_uri=shown))
    [request] = api.seen("PATCH", f"/v1/scheduler/job_definitions/{definition_id}")
    assert request.document == OTHER


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


@pytest.mark.parametrize(
    "named", [{}, {"active": False}, {"input_uri": "report.ipynb"}, {"input_uri": "./report.ipynb"}]
)
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
    definitions.update(definition_id, UpdateJobDefinition(**OTHER, input_uri="./report.ipynb"))
    job_id = definitions.run(definition_id, CreateJobFromDefinition(parameters={}))
    assert api.definitions[definition_id].document["name"] == "Weekly"
    assert api.jobs[job_id].document["name"] == "Weekly"
