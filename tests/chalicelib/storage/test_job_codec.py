"""Jobs and their index keys in the table."""

from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from chalicelib.domain.identifiers import LIVE_SHARDS, new_job_id
from chalicelib.domain.job import Job, JobSpec, JobStatus, Phase, PhaseCode
from chalicelib.domain.outcome import OUTCOMES, make_outcome
from chalicelib.storage.items import JobItem
from chalicelib.storage.job_codec import deadline_key, job_attributes, text_key, to_job, waiting_key

_texts = st.text(st.characters(codec="utf-8", categories=("L", "N", "P", "S", "Zs")), min_size=1, max_size=20)
_times = st.datetimes(datetime(2020, 1, 1), datetime(2100, 1, 1)).map(  # noqa: DTZ001 - its zone is put on below
    lambda time: time.replace(microsecond=time.microsecond // 1000 * 1000, tzinfo=UTC)
)
_seconds = _times.map(lambda time: time.replace(microsecond=0))
_values: Any = st.one_of(_texts, st.booleans(), st.integers(-(10**37), 10**37), st.floats(1e-100, 1e37))
_specs = st.builds(
    JobSpec,
    runtime_environment_name=_texts,
    compute_type=_texts,
    output_formats=st.lists(_texts).map(tuple),
    timeout=st.integers(1, 10**6).map(lambda n: timedelta(seconds=n)),
    parameters=st.dictionaries(_texts, _texts | st.just(""), max_size=4),
    runtime_environment_parameters=st.dictionaries(_texts, _values, max_size=4),
    tags=st.lists(_texts).map(tuple),
    output_filename_template=st.none() | _texts,
    idempotency_token=st.none() | _texts,
    package_input_folder=st.booleans(),
    max_retries=st.integers(0, 5),
    retry_on_timeout=st.booleans(),
    min_retry_interval=st.integers(0, 10**8).map(lambda n: timedelta(milliseconds=n)),
    owner_principals=st.lists(_texts).map(tuple),
    input_path=st.none() | _texts,
)
_ids = st.builds(new_job_id, _times, st.binary(min_size=10, max_size=10))
_jobs = st.builds(
    Job,
    owner_id=_texts,
    job_id=_ids,
    name=_texts,
    input_filename=_texts,
    status=st.sampled_from(JobStatus),
    spec=_specs,
    create_time=_times,
    update_time=_times,
    phase=st.none() | st.builds(Phase, st.sampled_from(PhaseCode), st.text(), st.none() | st.integers(1, 99)),
    outcome=st.none() | st.builds(make_outcome, st.sampled_from(sorted(OUTCOMES)), _texts),
    start_time=st.none() | _times,
    not_before=st.none() | _times,
    deadline=st.none() | _times,
    expires_at=st.none() | _seconds,
    job_definition_id=st.none() | _texts,
    attempt=st.integers(0, 400),
)


@given(_jobs)
def test_a_stored_job_is_read_back_unchanged(job: Job) -> None:
    item = JobItem(**{name: value for name, value in job_attributes(job).items() if value is not None})
    stored = JobItem.from_raw_data(item.serialize())
    assert to_job(stored) == job


@given(_jobs)
def test_only_waiting_and_live_jobs_have_keys_of_the_sparse_indexes(job: Job) -> None:
    attributes = job_attributes(job)
    is_live = job.deadline is not None
    is_waiting = job.status is JobStatus.CREATED and job.not_before is not None and not is_live
    assert (attributes["waiting"] is not None, attributes["waiting_key"] is not None) == (is_waiting, is_waiting)
    assert (attributes["live_shard"] is not None, attributes["deadline_key"] is not None) == (is_live, is_live)
    if is_live:
        assert 0 <= int(attributes["live_shard"]) < LIVE_SHARDS


@given(_texts, _texts, _ids, _ids)
def test_text_keys_sort_by_name_and_then_by_id(one: str, other: str, first: str, second: str) -> None:
    keys = sorted([text_key(one, first), text_key(other, second)])
    expected = sorted([(one, first), (other, second)])
    assert keys == [text_key(*each) for each in expected]


@given(st.integers(0, 10**14), st.integers(0, 10**14))
def test_keys_with_times_sort_by_time(one: int, other: int) -> None:
    assert (deadline_key(one, "o", "j") < deadline_key(other, "o", "j")) == (one < other)
    assert (waiting_key("o", "d", one, "j") < waiting_key("o", "d", other, "j")) == (one < other)
