"""The tags of tasks are what ECS accepts, and the same for every launch of a job."""

import re
from dataclasses import replace
from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.domain.job import JobStatus
from chalicelib.domain.task_tags import task_tags
from tests.chalicelib.domain.builders import NOW, job, spec

OWNER: Final = "jupyter-scheduler:owner"
ROLE: Final = "arn:aws:iam::123456789012:role/"


def owner_tag(*principals: str) -> str:
    return task_tags(job(spec=spec(owner_principals=principals)))[OWNER]


@pytest.mark.parametrize(
    ("arn", "tag"),
    [
        ("arn:aws:iam::123456789012:user/anna", "anna"),
        ("arn:aws:iam::123456789012:user/team/anna", "anna"),
        ("arn:aws:sts::123456789012:assumed-role/AWSReservedSSO_x/anna@example.org", "anna@example.org"),
        (f"{ROLE}nightly=reports+eu.1", "nightly=reports+eu.1"),
        (f"{ROLE}a,b", "a-b"),
        (f"{ROLE}jürgen", "j-rgen"),
        (f"{ROLE}AWS:anna", "aws-anna"),
        (f"{ROLE}{'x' * 300}", "x" * 256),
    ],
)
def test_the_owner_is_readable_and_fits_into_a_tag(arn: str, tag: str) -> None:
    assert owner_tag(arn, "AIDAEXAMPLE") == tag


@pytest.mark.parametrize("principals", [(), (f"{ROLE}",), (f"{ROLE} ",)])
def test_an_owner_without_a_readable_name_is_named_by_id(principals: tuple[str, ...]) -> None:
    assert owner_tag(*principals) == "ann-1"


@given(st.text())
def test_every_value_is_allowed(text: str) -> None:
    values = task_tags(job(spec=spec(owner_principals=(f"{ROLE}{text}",)))).values()
    assert all(re.fullmatch(r"(?!(?i:aws:))[a-zA-Z0-9+\-=._:/@ ]{1,256}", value) for value in values)


def test_tags_do_not_change_while_the_job_does() -> None:
    first = job(job_definition_id="daily", spec=spec(owner_principals=(f"{ROLE}r",)))
    later = replace(first, status=JobStatus.QUEUED, attempt=3, launch=2, name="Other", update_time=NOW, on_spot=True)
    assert task_tags(later) == task_tags(first)
