from dataclasses import fields, replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.config import Limits
from chalicelib.domain.job_request import JobRequest, choose_compute_type, fingerprint, resolve_spec, upload_id_of
from chalicelib.errors import InvalidRequestError, NotAllowedError
from tests.chalicelib.domain.builders import NOW, caller, settings

PLAIN = JobRequest(
    name="Report", input_uri="upload:abc123", input_filename="report.ipynb", runtime_environment_name="python"
)

CHANGES: dict[str, Any] = {
    "name": "Other",
    "input_filename": "other.ipynb",
    "runtime_environment_name": "r",
    "compute_type": "small",
    "output_formats": ("html",),
    "parameters": {"a": "1"},
    "runtime_environment_parameters": {"a": 1},
    "tags": ("x",),
    "notify": ("end:team",),
    "output_filename_template": "{{x}}",
    "package_input_folder": True,
    "timeout": timedelta(hours=1),
    "max_retries": 1,
    "retry_on_timeout": True,
    "min_retry_interval": timedelta(seconds=1),
    "scheduled_time": NOW,
}
"""Another value for every field that a request with the same idempotency token must repeat."""


def test_defaults_are_filled_in() -> None:
    spec = resolve_spec(PLAIN, settings(), caller())
    assert (spec.compute_type, spec.output_formats) == ("small", ("ipynb",))
    assert spec.timeout == timedelta(minutes=Limits().default_timeout_minutes)
    assert spec.owner_principals == caller().principal.names


def test_requested_fields_are_kept() -> None:
    requested = {**CHANGES, "runtime_environment_name": "python", "input_path": "a/report.ipynb"}
    spec = resolve_spec(replace(PLAIN, idempotency_token="t", **requested), settings(), caller())
    kept = {field.name for field in fields(spec)} & requested.keys()
    assert {name: getattr(spec, name) for name in kept} == {name: requested[name] for name in kept}
    assert requested.keys() - kept == {"name", "input_filename", "scheduled_time"}
    assert spec.idempotency_token == "t"


@pytest.mark.parametrize(
    ("change", "field", "message"),
    [
        ({"runtime_environment_name": "r"}, "runtime_environment_name", "choose one of python"),
        ({"runtime_environment_name": ""}, "runtime_environment_name", "choose one of python"),
        ({"compute_type": "large"}, "compute_type", "choose one of small"),
        ({"output_formats": ("ipynb", "pdf")}, "output_formats", "'pdf' not offered"),
        ({"timeout": timedelta(days=8)}, "timeout_seconds", "at most 604,800 are allowed"),
        ({"notify": ("nobody",)}, "notify", "choose one of team"),
        ({"max_retries": 6}, "max_retries", "at most 5 are allowed"),
    ],
)
def test_requests_that_the_settings_do_not_allow_are_rejected(change: dict[str, Any], field: str, message: str) -> None:
    with pytest.raises(InvalidRequestError, match=message) as raised:
        resolve_spec(replace(PLAIN, **change), settings(), caller())
    assert raised.value.reason == field
    assert raised.value.message.startswith(f"{field}: ")


def test_limits_themselves_are_allowed() -> None:
    limits = Limits()
    most = timedelta(minutes=limits.max_timeout_minutes)
    spec = resolve_spec(replace(PLAIN, timeout=most, max_retries=limits.max_retries), settings(), caller())
    assert (spec.timeout, spec.max_retries) == (most, limits.max_retries)


def test_formats_are_unique_and_in_the_requested_order() -> None:
    spec = resolve_spec(replace(PLAIN, output_formats=("html", "ipynb", "html")), settings(), caller())
    assert spec.output_formats == ("html", "ipynb")


def test_an_environment_with_users_is_offered_to_its_users() -> None:
    role = "arn:aws:iam::123456789012:role/Analysts"
    closed = settings(users=(role,))
    member = caller(also=(role,))
    assert resolve_spec(PLAIN, closed, member).owner_principals == member.principal.names
    with pytest.raises(
        NotAllowedError, match=r"You \(arn:aws:iam::123456789012:user/ann\) may not use the environment 'python'"
    ):
        resolve_spec(PLAIN, closed, caller())


def test_an_environment_with_users_is_not_offered_to_others() -> None:
    with pytest.raises(InvalidRequestError) as raised:
        resolve_spec(
            replace(PLAIN, runtime_environment_name="r"),
            settings(users=("arn:aws:iam::123456789012:user/eve",)),
            caller(),
        )
    assert "python" not in raised.value.message


def test_no_compute_type_and_an_empty_one_are_the_default() -> None:
    environment = settings(compute_types=("small", "large"), default_compute_type="large").environments["python"]
    assert [choose_compute_type(name, environment) for name in (None, "", "small")] == ["large", "large", "small"]


def test_an_input_uri_names_an_upload() -> None:
    assert upload_id_of("upload:0123abcDEF") == "0123abcDEF"


@pytest.mark.parametrize(
    "uri",
    ["", "report.ipynb", "upload:", "upload", "abc", "upload:../x", "upload:a/b", "upload:ä", "upload:²", "s3://b/k"],
)
def test_other_input_uris_are_rejected(uri: str) -> None:
    with pytest.raises(InvalidRequestError, match="input_uri: it must be upload:<id>"):
        upload_id_of(uri)


@given(st.text(max_size=50))
def test_no_upload_id_leaves_its_folder(text: str) -> None:
    for uri in (text, f"upload:{text}"):
        try:
            upload_id = upload_id_of(uri)
        except InvalidRequestError:
            continue
        assert upload_id.isalnum()
        assert upload_id.isascii()


def test_every_field_is_accounted_for() -> None:
    assert CHANGES.keys() | {"input_uri", "input_path", "idempotency_token"} == {
        field.name for field in fields(JobRequest)
    }


@pytest.mark.parametrize("field", CHANGES)
def test_a_request_for_something_else_has_another_fingerprint(field: str) -> None:
    assert fingerprint(replace(PLAIN, **{field: CHANGES[field]}), "etag") != fingerprint(PLAIN, "etag")


def test_other_bytes_have_another_fingerprint() -> None:
    assert fingerprint(PLAIN, "other") != fingerprint(PLAIN, "etag")


def test_the_same_bytes_uploaded_again_have_the_same_fingerprint() -> None:
    again = replace(PLAIN, input_uri="upload:def456", input_path="a/report.ipynb", idempotency_token="t")
    assert fingerprint(again, "etag") == fingerprint(PLAIN, "etag")


def test_the_order_of_parameters_does_not_change_the_fingerprint() -> None:
    one, other = replace(PLAIN, parameters={"a": "1", "b": "2"}), replace(PLAIN, parameters={"b": "2", "a": "1"})
    assert fingerprint(one, "etag") == fingerprint(other, "etag")


@given(st.dictionaries(st.text(), st.text()), st.dictionaries(st.text(), st.text()))
def test_different_parameters_have_different_fingerprints(one: dict[str, str], other: dict[str, str]) -> None:
    made = [fingerprint(replace(PLAIN, parameters=each), "etag") for each in (one, other)]
    assert (made[0] == made[1]) == (one == other)
