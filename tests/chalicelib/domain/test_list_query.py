import base64
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.domain.job import JobStatus
from chalicelib.domain.list_query import INDEXES, SORTABLE_JOBS, JobQuery, PageToken, SortField, parse_sort, plan_list
from chalicelib.errors import InvalidRequestError
from tests.chalicelib.domain.builders import JOB_ID, NOW

SORTS = ["create_time", "name", "input_filename", "status"]
KEYS = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=100)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
PLANS = [
    plan_list(query)
    for query in (
        *(JobQuery(sort=SortField(name, ascending=up)) for name in SORTS for up in (True, False)),
        JobQuery(status=JobStatus.FAILED),
        JobQuery(job_definition_id="d"),
        JobQuery(name="Rep", sort=SortField("name", ascending=True)),
    )
]


def encoded(value: Any) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("name", SortField("name", ascending=True)),
        ("asc(name)", SortField("name", ascending=True)),
        ("desc(create_time)", SortField("create_time", ascending=False)),
        ("DESC(status)", SortField("status", ascending=False)),
        (" desc( input_filename ) ", SortField("input_filename", ascending=False)),
    ],
)
def test_a_sort_field_is_parsed(text: str, expected: SortField) -> None:
    assert parse_sort([text], SORTABLE_JOBS) == expected


def test_the_newest_jobs_come_first_by_default() -> None:
    assert parse_sort([], SORTABLE_JOBS) == SortField("create_time", ascending=False)


def test_only_the_first_sort_field_counts_but_all_must_be_valid() -> None:
    assert parse_sort(["asc(name)", "desc(status)"], SORTABLE_JOBS).name == "name"
    with pytest.raises(InvalidRequestError, match=r"sort_by: 'desc\(size\)' cannot be sorted by"):
        parse_sort(["asc(name)", "desc(size)"], SORTABLE_JOBS)


@given(st.text(max_size=40) | st.sampled_from(["", "()", "asc", "asc()", "up(name)", "job_definition_id", "asc(a)(b)"]))
def test_an_unsortable_field_is_reported(text: str) -> None:
    try:
        field = parse_sort([text], SORTABLE_JOBS)
    except InvalidRequestError as error:
        raised = error
    else:
        assert field.name in SORTS
        return
    assert raised.reason == "sort_by"
    assert all(name in raised.message for name in SORTS)


@pytest.mark.parametrize("ascending", [True, False])
@pytest.mark.parametrize("name", SORTS)
def test_a_plain_list_needs_no_filter(name: str, ascending: bool) -> None:
    plan = plan_list(JobQuery(sort=SortField(name, ascending=ascending)))
    assert (plan.index, plan.ascending, plan.prefix, plan.filters) == (INDEXES[name], ascending, None, frozenset())


def test_the_newest_jobs_are_read_from_the_table_itself() -> None:
    assert plan_list(JobQuery()).index.name is None


@pytest.mark.parametrize("sort", ["create_time", "status"])
def test_a_status_is_served_by_its_index(sort: str) -> None:
    plan = plan_list(JobQuery(status=JobStatus.FAILED, sort=SortField(sort, ascending=False)))
    assert (plan.index.name, plan.prefix, plan.filters) == ("by_status", "FAILED#", frozenset())


def test_the_jobs_of_a_definition_are_served_by_its_index() -> None:
    plan = plan_list(JobQuery(job_definition_id="d", status=JobStatus.FAILED))
    assert (plan.index.name, plan.prefix, plan.filters) == ("by_definition", None, frozenset({"status"}))


def test_a_name_is_served_by_its_index_when_sorted_by_name() -> None:
    plan = plan_list(JobQuery(name="Rep", sort=SortField("name", ascending=True)))
    assert (plan.index.name, plan.prefix, plan.filters) == ("by_name", "Rep", frozenset())
    assert plan_list(JobQuery(name="Rep")).filters == {"name"}


QUERIES = st.builds(
    JobQuery,
    status=st.sampled_from([None, *JobStatus]),
    name=st.none() | st.text(min_size=1),
    tags=st.lists(st.text(min_size=1)).map(tuple),
    start_time=st.sampled_from([None, NOW]),
    job_definition_id=st.none() | st.text(min_size=1),
    sort=st.builds(SortField, name=st.sampled_from(SORTS), ascending=st.booleans()),
)


@given(QUERIES)
def test_no_filter_is_forgotten_and_the_order_is_the_one_asked_for(query: JobQuery) -> None:
    plan = plan_list(query)
    requested = {name for name in ("status", "name", "tags", "start_time", "job_definition_id") if getattr(query, name)}
    served = {"by_definition": "job_definition_id", "by_status": "status", "by_name": "name"}.get(plan.index.name or "")
    by_index = {served} if served and (plan.prefix or served == "job_definition_id") else set()
    assert plan.filters == requested - by_index
    assert plan.ascending == query.sort.ascending
    # An index's rows of one status, or of one definition, are in the order of creation.
    assert plan.index == INDEXES[query.sort.name] or (query.sort.name == "create_time" and by_index)


@given(st.sampled_from(PLANS), KEYS, KEYS, st.integers(0, 10**9))
def test_a_page_token_survives_encoding_and_decoding(plan: Any, range_key: str, job_id: str, seen: int) -> None:
    token = PageToken(plan.index.name, (plan.prefix or "") + range_key, job_id, seen)
    text = token.encode()
    assert PageToken.decode(text, plan) == token
    assert text.isascii()
    assert not set(text) & set("+/=&?#% ")


def refused(text: str, plan: Any) -> str:
    with pytest.raises(InvalidRequestError) as raised:
        PageToken.decode(text, plan)
    assert raised.value.reason == "next_token"
    return raised.value.message


def test_a_token_of_another_list_is_rejected() -> None:
    table, by_name, by_status = PLANS[0], plan_list(JobQuery(sort=SortField("name", ascending=True))), PLANS[8]
    token = PageToken("by_name", "Report#1", JOB_ID, 10).encode()
    assert PageToken.decode(token, by_name).seen == 10
    assert "another order or filter" in refused(token, table)
    stopped = PageToken("by_status", f"STOPPED#{JOB_ID}", JOB_ID, 10).encode()
    assert "another order or filter" in refused(stopped, by_status)


WRONG = [
    *("", "x", "!!!!", "ä", "A" * 5, "=", "\x00", "bnVsbA"),
    encoded(None),
    encoded([]),
    encoded([None, "key", "id"]),
    encoded([None, "key", "id", "7"]),
    encoded([None, "key", "id", -1]),
    encoded([None, "", "id", 0]),
    encoded([None, "key", "", 0]),
    encoded([None, "k" * 1025, "id", 0]),
    encoded([None, "key", "\ud800", 0]),
    encoded([None, ["key"], {"id": 1}, 0]),
    encoded({"a": 1, "b": 2, "c": 3, "d": 4}),
    base64.urlsafe_b64encode(b"[" * 6000).decode(),
    base64.urlsafe_b64encode(b'[null,"a","b",' + b"9" * 5000 + b"]").decode(),
    base64.urlsafe_b64encode(b'\xff\xfe[null,"a","b",1]').decode(),
]


@pytest.mark.parametrize("text", WRONG, ids=range(len(WRONG)))
def test_a_malformed_token_is_rejected(text: str) -> None:
    assert "not a token of this API" in refused(text, PLANS[0])


@given(st.sampled_from(PLANS), st.text() | st.binary().map(lambda raw: base64.urlsafe_b64encode(raw).decode()))
def test_random_text_is_rejected(plan: Any, text: str) -> None:
    decode_or_refuse(text, plan)


@given(st.sampled_from(PLANS), st.lists(JSON, min_size=3, max_size=5) | JSON)
def test_forged_page_tokens_are_rejected(plan: Any, value: Any) -> None:
    decode_or_refuse(encoded(value), plan)


def decode_or_refuse(text: str, plan: Any) -> None:
    try:
        token = PageToken.decode(text, plan)
    except InvalidRequestError:
        return
    assert token.index == plan.index.name
    assert token.seen >= 0
    assert 0 < len(token.range_key.encode()) <= 1024
    assert 0 < len(token.item_id.encode()) <= 1024


def test_a_token_names_no_owner() -> None:
    token = PageToken(None, JOB_ID, JOB_ID, 1000).encode()
    assert json.loads(base64.urlsafe_b64decode(token + "=" * (-len(token) % 4))) == [None, JOB_ID, JOB_ID, 1000]
