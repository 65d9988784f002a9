import json
import re
import uuid
from datetime import UTC, datetime
from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.config import ComputeType
from chalicelib.domain.identifiers import (
    LIVE_SHARDS,
    RunId,
    input_key,
    job_prefix,
    live_shard,
    make_owner_id,
    new_job_id,
    output_key,
    output_stem,
    upload_key,
)
from chalicelib.domain.timestamps import from_millis
from chalicelib.resources import Resources
from chalicelib.storage.task_launcher import Launcher
from tests.chalicelib.domain.builders import NOW

ANY_TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=300)
INSTANTS = st.integers(min_value=0, max_value=2**47).map(from_millis)
RANDOM = st.binary(min_size=10, max_size=10)
LONGEST_OWNER = make_owner_id("AROA" + "X" * 200, "a-very-long-name-of-a-person-in-a-very-long-company")
LATEST_ATTEMPT = 99_999
"""More launches than 20 + 10 retries, each with 6 hours of launches a minute apart, can make."""


@given(INSTANTS, RANDOM)
def test_job_ids_are_uuids_of_version_7(now: datetime, randomness: bytes) -> None:
    job_id = uuid.UUID(new_job_id(now, randomness))
    assert job_id.version == 7
    assert job_id.variant == uuid.RFC_4122
    assert from_millis(job_id.int >> 80) == now


def test_job_id_has_the_layout_of_rfc_9562_a_6() -> None:
    rand_a, rand_b = 0xCC3, 0x18C4DC0C0C07398F
    now = datetime(2022, 2, 22, 19, 22, 22, tzinfo=UTC)
    randomness = (rand_a << 64 | rand_b).to_bytes(10, "big")
    assert new_job_id(now, randomness) == "017f22e2-79b0-7cc3-98c4-dc0c0c07398f"


@given(INSTANTS, INSTANTS, RANDOM, RANDOM)
def test_job_ids_sort_by_time(one: datetime, other: datetime, first: bytes, second: bytes) -> None:
    one_id, other_id = new_job_id(one, first), new_job_id(other, second)
    assert one == other or (one < other) == (one_id < other_id)


@given(INSTANTS, RANDOM, RANDOM)
def test_randomness_is_not_lost(now: datetime, one: bytes, other: bytes) -> None:
    kept = int("0fff3fffffffffffffff", 16)
    same = int.from_bytes(one, "big") & kept == int.from_bytes(other, "big") & kept
    assert (new_job_id(now, one) == new_job_id(now, other)) == same


@given(ANY_TEXT, ANY_TEXT)
def test_owner_ids_are_safe_in_urls_and_keys(principal: str, display: str) -> None:
    assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*-[0-9a-f]{20}", make_owner_id(principal, display))


def test_owner_ids_are_readable() -> None:
    assert make_owner_id("AIDA1", "Ann.O'Neil@example.com").startswith("ann-o-neil-example-com-")
    assert make_owner_id("AIDA1", "../../%2e%2e/🙂").startswith("2e-2e-")
    assert make_owner_id("AIDA1", "安娜").startswith("user-")
    assert len(LONGEST_OWNER) <= 45


@given(ANY_TEXT, ANY_TEXT, ANY_TEXT)
def test_owners_differ_whatever_they_are_called(one: str, other: str, display: str) -> None:
    assert (make_owner_id(one, display) == make_owner_id(other, display)) == (one == other)


@given(INSTANTS, RANDOM, st.integers(min_value=0, max_value=LATEST_ATTEMPT), ANY_TEXT)
def test_run_ids_survive_formatting_and_parsing(now: datetime, randomness: bytes, attempt: int, name: str) -> None:
    run_id = RunId(make_owner_id(name, name), new_job_id(now, randomness), attempt)
    assert RunId.parse(str(run_id)) == run_id


@given(
    st.text(max_size=200) | st.lists(st.sampled_from(["a", "/", "1", "²", "-1", " ", "٣"]), max_size=12).map("".join)
)
def test_texts_that_are_not_run_ids_are_rejected(text: str) -> None:
    run_id = RunId.parse(text)
    assert run_id is None or (str(run_id).count("/") == 2 and run_id.attempt >= 0 and text.startswith(run_id.owner_id))


def test_attempt_numbers_that_are_too_large_are_rejected() -> None:
    assert RunId.parse("ann/job/" + "9" * 5000) is None
    for text in ("o" * 201 + "/j/1", "o/" + "j" * 201 + "/1", "ö/j/1", "\ud800/j/1", "a b/j/1", "a\n/j/1"):
        assert RunId.parse(text) is None, text
    for text in ("ecs-svc/1234567890", "ann/job/", "ann//1", "/job/1", "ann/job/1/2", "ann/job/²", "ann/job/-1"):
        assert RunId.parse(text) is None, text


class FakeEcs:
    """Records the requests of `RunTask`."""

    def __init__(self) -> None:
        self.request: dict[str, Any] = {}

    def run_task(self, **request: Any) -> Any:
        self.request = request
        return {"tasks": [{"taskArn": "arn"}]}


def test_ecs_accepts_the_longest_names_of_a_launch() -> None:
    names = ("CLUSTER", "TASK_FAMILY_PREFIX", "SUBNETS", "SECURITY_GROUPS", "ASSIGN_PUBLIC_IP")
    environ = {**dict.fromkeys(names, "x"), "API_URL": "https://a1b2c3d4e5.execute-api.eu-central-1.example.com/v1"}
    run_id, ecs = RunId(LONGEST_OWNER, new_job_id(NOW, b"\xff" * 10), LATEST_ATTEMPT), FakeEcs()
    Launcher(cast("Any", ecs), Resources(environ)).run(
        run_id,
        2,
        environment="python",
        compute_type=ComputeType(vcpu=16, memory_gib=120),
        on_spot=True,
        launch_code="f" * 64,
        tags={},
    )
    assert len(ecs.request["clientToken"]) <= 64
    assert re.fullmatch(r"[A-Za-z0-9/_-]{1,128}", ecs.request["startedBy"])
    assert RunId.parse(ecs.request["startedBy"]) == run_id
    assert len(json.dumps(ecs.request["overrides"])) <= 8192


def test_s3_accepts_the_longest_keys() -> None:
    run_id = RunId(LONGEST_OWNER, new_job_id(NOW, b"\xff" * 10), LATEST_ATTEMPT)
    path = "é" * 350
    keys = (
        output_key(run_id, "markdown", path),
        input_key(run_id.owner_id, run_id.job_id, packaged=True),
        upload_key(run_id.owner_id, "f" * 64),
    )
    assert max(len(key.encode()) for key in keys) <= 1024


def test_keys_of_a_job_share_its_prefix_and_no_other_jobs() -> None:
    run_id = RunId("ann-1", "job-1", 1)
    prefix = job_prefix("ann-1", "job-1")
    assert output_key(run_id, "ipynb", "a.ipynb") == "jobs/ann-1/job-1/outputs/1/ipynb/a.ipynb"
    assert input_key("ann-1", "job-1", packaged=False) == f"{prefix}input.ipynb"
    assert input_key("ann-1", "job-1", packaged=True) == f"{prefix}input.zip"
    assert not job_prefix("ann-1", "job-10").startswith(prefix)


def test_outputs_are_named_as_the_stock_scheduler_names_them() -> None:
    assert output_stem("Monthly report.v2.ipynb", NOW) == "Monthly report.v2-2026-11-23-07-05-07-PM"


@pytest.mark.parametrize("stem", ["会" * 80, "é" * 125, "x" * 249, "👩‍🔬" * 23])
def test_outputs_of_a_notebook_with_a_long_name_can_be_stored(stem: str) -> None:
    short = output_stem(f"{stem}.ipynb", NOW)
    start = short.removesuffix("-2026-11-23-07-05-07-PM")
    assert stem.startswith(start)
    assert len(short.encode()) in range(216, 221)
    assert len(f"{short}-more-files.zip".encode()) <= 255


@given(INSTANTS, RANDOM)
def test_every_job_has_one_of_the_shards(now: datetime, randomness: bytes) -> None:
    assert live_shard(new_job_id(now, randomness)) in {str(shard) for shard in range(LIVE_SHARDS)}


def test_all_shards_are_used() -> None:
    ids = (new_job_id(NOW, number.to_bytes(10, "big")) for number in range(100))
    assert len({live_shard(job_id) for job_id in ids}) == LIVE_SHARDS
