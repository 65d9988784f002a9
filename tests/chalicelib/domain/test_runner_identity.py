"""Proofs and tokens: each proves only one thing, and both factors are necessary."""

import re
from dataclasses import replace
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.domain.identifiers import RunId
from chalicelib.domain.job import Job
from chalicelib.domain.runner_identity import (
    CheckIn,
    CheckInProof,
    code_proof,
    key_proof,
    open_session,
    session_token,
    verify_check_in,
)
from tests.chalicelib.domain import builders

KEY, CODE = "the runner key", "c0de" * 16
RUN = RunId("ann-1", "job-1", 1)
NEXT = RunId("ann-1", "job-1", 2)
INSTANCE, OTHER = "a" * 32, "b" * 32


def job() -> Job:
    return replace(builders.job(), owner_id="ann-1", job_id="job-1", attempt=1, launch_code=CODE)


def check_in(key: str = KEY, code: str = CODE, run_id: RunId = RUN) -> CheckIn:
    about = (run_id, 1, INSTANCE)
    return CheckIn(
        run_id=run_id,
        launch=1,
        instance_id=INSTANCE,
        key_proof=key_proof(key, *about),
        code_proof=code_proof(code, *about),
    )


def test_every_proof_and_token_is_valid_for_one_purpose() -> None:
    runs, launches, instances, factors = (RUN, NEXT), (1, 2), (INSTANCE, OTHER), (KEY, CODE)
    proofs = [key_proof(*each) for each in product(factors, runs, launches, instances)]
    tokens = [session_token(*each) for each in product(factors, runs, instances)]
    assert len({*proofs, *tokens}) == len(proofs) + len(tokens)
    assert all(re.fullmatch("[0-9a-f]{64}", each) for each in proofs)


@pytest.mark.parametrize(
    ("key", "code", "suspicious"), [(KEY, CODE, False), (KEY, "x", True), ("x", CODE, True), ("x", "x", False)]
)
def test_one_factor_alone_is_suspicious(key: str, code: str, suspicious: bool) -> None:
    found = verify_check_in(check_in(key, code), KEY, job())
    assert found == CheckInProof(key=key == KEY, code=code == CODE, is_current=True)
    assert found.is_suspicious is suspicious


@pytest.mark.parametrize(
    "record", [None, replace(job(), attempt=2), replace(job(), launch_code=None), replace(job(), launch_code="")]
)
@pytest.mark.parametrize("code", [CODE, "", KEY])
def test_a_record_without_a_launch_code_for_the_attempt_proves_nothing(record: Job | None, code: str) -> None:
    found = verify_check_in(check_in(code=code), KEY, record)
    assert not found.code
    assert not found.is_suspicious, "a late container has the right key, too"


def test_a_session_token_gives_access_to_its_run() -> None:
    token = session_token(KEY, RUN, INSTANCE)
    session = open_session(token, KEY, RUN)
    assert session is not None
    assert (session.run_id, session.instance_id) == (RUN, INSTANCE)
    assert open_session(token, KEY, NEXT) is None
    assert open_session(token, "another key", RUN) is None


@given(st.text(max_size=120) | st.from_regex(r"[0-9a-f]{32}\.[0-9a-f]{64}"))
def test_no_other_text_is_a_token(text: str) -> None:
    assert open_session(text, KEY, RUN) is None


@given(st.integers(min_value=0, max_value=96), st.characters(codec="utf-8"))
def test_a_modified_token_is_rejected(place: int, character: str) -> None:
    token = session_token(KEY, RUN, INSTANCE)
    changed = token[:place] + character + token[place + 1 :]
    assert (open_session(changed, KEY, RUN) is None) == (changed != token)
