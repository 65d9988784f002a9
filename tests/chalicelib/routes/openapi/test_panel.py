"""The recorded requests of JupyterLab's panel (JupyterLab 4.6.6, jupyter-scheduler 2.12.1) match the document."""

import json
from copy import deepcopy
from pathlib import Path
from typing import Any, Final

import pytest

from tests.support.http_api import match_resource
from tests.support.openapi import Judge

RECORDED: Final = json.loads(Path(__file__).with_name("panel_requests.json").read_text(encoding="utf-8"))
"""Every request of the recording that has a body."""

REASONS: Final = {
    "$.input_uri: 'PATH' does not match '^upload:[0-9A-Za-z]+$'": "A path on a Jupyter server; here the snapshot is uploaded first.",
    "$: 'input_filename' is a required property": "The panel leaves it to the path; an upload has no name.",
}
"""All differences in the requests of the panel, with reasons."""


def wrong(judge: Judge, request: dict[str, Any]) -> set[str]:
    """Return the violations of the document in a recorded request."""
    resource, _ = match_resource(request["path"])
    found = judge.wrong_in_request(request["method"], resource, request["body"])
    return {each.replace(repr(request["body"].get("input_uri")), "'PATH'") for each in found}


def test_the_recording_has_what_the_panel_does() -> None:
    assert {(each["method"], match_resource(each["path"])[0]) for each in RECORDED} == {
        ("POST", "/scheduler/jobs"),
        ("PATCH", "/scheduler/jobs/{job_id}"),
        ("POST", "/scheduler/job_definitions"),
        ("PATCH", "/scheduler/job_definitions/{definition_id}"),
        ("POST", "/scheduler/job_definitions/{definition_id}/jobs"),
    }


@pytest.mark.parametrize("request_sent", RECORDED, ids=lambda each: f"{each['method']} {each['path'].split('/')[2]}")
def test_a_recorded_request_matches_the_document(judge: Judge, request_sent: dict[str, Any]) -> None:
    assert wrong(judge, request_sent) - REASONS.keys() == set()


def test_no_reason_is_out_of_date(judge: Judge) -> None:
    assert set().union(*(wrong(judge, each) for each in RECORDED)) == REASONS.keys()


def test_a_field_with_another_type_is_detected(judge: Judge) -> None:
    other = deepcopy(judge.document)
    for name in ("CreateJobBody", "CreateDefinitionBody", "UpdateDefinitionBody"):
        fields = other["components"]["schemas"][name]["properties"]
        fields["output_formats"] = fields["active"] = {"type": "string"}
    stricter = Judge(other)
    found = set().union(*(wrong(stricter, each) for each in RECORDED)) - REASONS.keys()
    assert {each.partition(":")[0] for each in found} == {"$.output_formats", "$.active"}
