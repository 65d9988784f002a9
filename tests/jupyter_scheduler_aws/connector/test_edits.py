"""An edit in the panel replaces the snapshot when, and only when, a person brought a file."""

import asyncio
import json
import logging
from functools import partial
from itertools import product
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from jupyter_scheduler.models import CreateJobDefinition, ListJobDefinitionsQuery, UpdateJobDefinition
from traitlets.config import Config

from jupyter_scheduler_aws import AwsEnvironmentManager, AwsScheduler
from jupyter_scheduler_aws.connector.connection import Connection
from jupyter_scheduler_aws.connector.definitions import Definitions
from jupyter_scheduler_aws.connector.workspace import Workspace
from jupyter_scheduler_aws.errors import SnapshotError
from tests.jupyter_scheduler_aws.conftest import NOTEBOOK
from tests.jupyter_scheduler_aws.fake_api import FakeApi

SAME = {"schedule": "0 9 * * MON", "timezone": "Europe/Berlin"}
OTHER = {"schedule": "0 10 * * MON", "timezone": "Asia/Tokyo"}
"""What the form sends: always both fields, changed or not."""

# Where the notebook was, and what can be dropped: the same file, its namesake in another folder, or a file of another name.
PLACES = ["report.ipynb", "sub/report.ipynb"]
DROPPED = [*PLACES, "other/report.ipynb", "another.ipynb", "..odd/.report.ipynb"]


class Edit(NamedTuple):
    """An edit of a definition in the form."""

    place: str
    """Where the notebook of the definition was."""
    brought: str | None
    """The path of the file that was dropped on the form; None if there was none."""
    state: str
    """The dropped file, or else the notebook, when the form is saved: `same` as at the creation, `changed` or `gone`."""
    fields: dict[str, str]
    """The schedule and the zone in the form."""


EDITS = [Edit(*each) for each in product(PLACES, [None, *DROPPED], ["same", "changed", "gone"], [SAME, OTHER])]


def write(root: Path, path: str, text: str) -> None:
    file = root / path
    file.parent.mkdir(parents=True, exist_ok=True)
    cell: dict[str, Any] = {
        "cell_type": "code",
        "id": "a",
        "source": text,
        "metadata": {},
        "outputs": [],
        "execution_count": None,
    }
    file.write_text(json.dumps({**NOTEBOOK, "cells": [cell]}))


def source_of(snapshot: bytes) -> str:
    return str(json.loads(snapshot)["cells"][0]["source"])


@pytest.fixture
def definitions(connection: Connection, workspace: Workspace) -> Definitions:
    for path in (*DROPPED, "RTC:odd.ipynb"):
        write(workspace.root, path, f"old {path}")
    return Definitions(connection, workspace)


def create(definitions: Definitions, input_uri: str) -> str:
    model = CreateJobDefinition(input_uri=input_uri, runtime_environment_name="python", name="Weekly", **SAME)
    return definitions.create(model)


@pytest.mark.parametrize("edit", EDITS, ids=lambda edit: "-".join(map(str, (*edit[:3], *edit.fields.values()))))
def test_an_edit_replaces_the_snapshot_if_and_only_if_a_file_was_brought(
    api: FakeApi, definitions: Definitions, workspace: Workspace, edit: Edit
) -> None:
    definition_id = create(definitions, edit.place)
    found = api.definitions[definition_id]
    before = dict(found.document)
    touched = edit.brought or edit.place
    if edit.state == "gone":
        (workspace.root / touched).unlink()
    elif edit.state == "changed":
        write(workspace.root, touched, f"new {touched}")

    input_uri = edit.brought or definitions.get(definition_id).input_filename
    save = partial(definitions.update, definition_id, UpdateJobDefinition(**edit.fields, input_uri=input_uri))

    if edit.brought and edit.state == "gone":
        with pytest.raises(SnapshotError, match="drop the file on the form again"):
            save()
        assert (source_of(found.snapshot), found.document) == (f"old {edit.place}", before)
        return
    said = save()
    assert {**found.document, **edit.fields} == found.document
    if edit.brought is None:
        assert said.endswith("the snapshot is kept")
        assert source_of(found.snapshot) == f"old {edit.place}"
        assert len(api.uploads) == 1
        shown = edit.place
    else:
        assert said.endswith(f"the snapshot is now '{edit.brought}'")
        assert source_of(found.snapshot) == ("new" if edit.state == "changed" else "old") + f" {edit.brought}"
        assert found.document["input_filename"] == Path(edit.brought).name
        shown = edit.brought
    assert found.document["input_path"] == shown
    assert definitions.get(definition_id).input_filename == f"./{shown}", "the panel shows which file it is"


def test_a_row_of_a_list_names_the_file_as_the_details_do(definitions: Definitions) -> None:
    definition_id = create(definitions, "sub/report.ipynb")
    [row] = definitions.page(ListJobDefinitionsQuery()).job_definitions
    assert row.input_filename == definitions.get(definition_id).input_filename == "./sub/report.ipynb"


def test_the_form_of_an_earlier_snapshot_keeps_the_present_one(api: FakeApi, definitions: Definitions) -> None:
    definition_id = create(definitions, "report.ipynb")
    stale = definitions.get(definition_id).input_filename
    definitions.update(definition_id, UpdateJobDefinition(**SAME, input_uri="another.ipynb"))

    definitions.update(definition_id, UpdateJobDefinition(**OTHER, input_uri=stale))

    assert source_of(api.definitions[definition_id].snapshot) == "old another.ipynb"


def test_a_definition_of_which_no_path_is_known_is_edited(api: FakeApi, definitions: Definitions) -> None:
    """`nbjobs schedule` outside of a workspace stores no path."""
    definition_id = api.add_definition("Weekly", **SAME)
    shown = definitions.get(definition_id).input_filename
    assert shown == "./report.ipynb"
    definitions.update(definition_id, UpdateJobDefinition(**OTHER, input_uri=shown))
    assert api.uploads == {}


@pytest.mark.parametrize(
    ("dropped", "path"), [("RTC:sub/report.ipynb", "sub/report.ipynb"), ("RTC:odd.ipynb", "RTC:odd.ipynb")]
)
def test_a_file_dropped_from_the_drive_of_jupyter_collaboration_is_uploaded(
    api: FakeApi, definitions: Definitions, dropped: str, path: str
) -> None:
    definition_id = create(definitions, "report.ipynb")
    definitions.update(definition_id, UpdateJobDefinition(**SAME, input_uri=dropped))
    assert api.definitions[definition_id].document["input_path"] == path


@pytest.mark.parametrize(
    ("input_uri", "says"),
    [("./report.ipynb", "the snapshot is kept"), ("sub/report.ipynb", "the snapshot is now 'sub/report.ipynb'")],
)
def test_the_server_log_says_what_an_edit_did(
    api: FakeApi, tmp_path: Path, caplog: pytest.LogCaptureFixture, input_uri: str, says: str
) -> None:
    write(tmp_path, "sub/report.ipynb", "1")
    scheduler = AwsScheduler(
        root_dir=str(tmp_path),
        environments_manager=AwsEnvironmentManager(),
        config=Config({"AwsScheduler": {"api_url": api.url}}),
    )
    scheduler.log.setLevel(logging.INFO)
    scheduler.log.propagate = True
    definition_id = api.add_definition("Weekly", **SAME)

    with caplog.at_level(logging.INFO):
        edit = UpdateJobDefinition(**SAME, input_uri=input_uri)
        asyncio.run(scheduler.update_job_definition_async(definition_id, edit))

    scheduler.connection.close()
    assert f"Edited job definition '{definition_id}': {says}" in caplog.messages
