"""Rejected requests: their status and message, and that they leave nothing behind."""

from typing import Any

import pytest

from tests.support.notebook_names import NAMES
from tests.support.scheduler import LocalScheduler, Response, notebook

_ITSELF: dict[str, Any] = {"runtime_environment_name": "python"}


def _refused(local: LocalScheduler, response: Response, status: int, code: str, *messages: str) -> None:
    """Check the form of the response, and that nothing was stored."""
    assert (response.status, response.body["code"]) == (status, code), response.body
    assert set(response.body) == {"message", "reason", "code", "request_id"}
    assert response.body["request_id"] == "request-1"
    for text in messages:
        assert text in response.body["message"]
    assert local.items() == []
    assert local.items("marks") == []
    assert local.objects("jobs/") == []


@pytest.mark.parametrize(
    ("fields", "messages"),
    [
        ({"runtime_environment_name": "R"}, ["runtime_environment_name", "'R'", "python"]),
        ({"compute_type": "huge"}, ["compute_type", "'huge'", "small, medium"]),
        ({"output_formats": ["html", "docx"]}, ["output_formats", "'docx'", "choose from ipynb, html"]),
        ({"timeout_seconds": 10_080 * 60 + 1}, ["timeout_seconds", "604,800"]),
        ({"max_retries": 6}, ["max_retries", "5"]),
        ({"input_uri": "notebooks/report.ipynb"}, ["input_uri", "/scheduler/uploads"]),
        ({"input_uri": "upload:../bob/1"}, ["input_uri"]),
        ({"input_uri": "upload:"}, ["input_uri"]),
        ({"input_filename": "report.py"}, ["input_filename", "'report.py'"]),
        ({"input_filename": "a/report.ipynb"}, ["input_filename"]),
        ({"input_filename": "..\\report.ipynb"}, ["input_filename"]),
        ({"name": ""}, ["name"]),
        ({"name": "n" * 201}, ["name", "200"]),
        ({"name": "two\nlines"}, ["name"]),
        ({"name": "bell\x07"}, ["name"]),
        ({"idempotency_token": ""}, ["idempotency_token"]),
        ({"idempotency_token": "t" * 201}, ["idempotency_token"]),
        ({"tags": [""]}, ["tags.0"]),
        ({"tags": ["t"] * 51}, ["tags"]),
        ({"parameters": {"not a name": "1"}}, ["parameters", "'not a name'"]),
        ({"parameters": {"class": "1"}}, ["parameters", "'class'", "reserved in python"]),
        ({"parameters": {"n": "a\0b"}}, ["parameters", "'n'", "NUL"]),
        ({"parameters": {"n": "['\\ud800']"}}, ["parameters", "'n'", "surrogate"]),
        ({"parameters": {f"p{i}": "1" for i in range(201)}}, ["parameters"]),
        ({"max_retries": -1}, ["max_retries"]),
        ({"timeout_seconds": 0}, ["timeout_seconds"]),
        ({"min_retry_interval_millis": 86_400_001}, ["min_retry_interval_millis"]),
    ],
)
def test_the_error_names_a_value_that_is_not_allowed(
    local: LocalScheduler, fields: dict[str, Any], messages: list[str]
) -> None:
    _refused(local, local.post_job(**fields), 400, "invalid_request", *messages)


@pytest.mark.parametrize("name", NAMES, ids=ascii)
def test_notebooks_have_names_that_the_runner_can_store(local: LocalScheduler, name: str) -> None:
    response = local.post_job(input_filename=name)
    assert response.status == (200 if NAMES[name] is None else 400), response.body


@pytest.mark.parametrize("field", ["name", "input_uri", "input_filename", "runtime_environment_name"])
def test_a_missing_field_is_named(local: LocalScheduler, field: str) -> None:
    left_out: dict[str, Any] = {field: ...}
    _refused(local, local.post_job(**left_out), 400, "invalid_request", field)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", 5),
        ("name", None),
        ("input_uri", ["upload:1"]),
        ("input_filename", 1),
        ("runtime_environment_name", {}),
        ("runtime_environment_parameters", {"a": [1]}),
        ("runtime_environment_parameters", []),
        ("compute_type", 4),
        ("output_formats", "ipynb"),
        ("output_formats", [1]),
        ("parameters", [["n", "1"]]),
        ("parameters", {"n": None}),
        ("parameters", {"n": [1]}),
        ("tags", "monthly"),
        ("tags", [7]),
        ("idempotency_token", 7),
        ("output_filename_template", 7),
        ("package_input_folder", "yes"),
        ("timeout_seconds", "60"),
        ("timeout_seconds", 1.5),
        ("max_retries", True),
        ("retry_on_timeout", 1),
        ("min_retry_interval_millis", "1s"),
    ],
)
def test_a_field_of_the_wrong_type_is_named(local: LocalScheduler, field: str, value: Any) -> None:
    response = local.post_job(**{field: value})
    _refused(local, response, 400, "invalid_request")
    assert response.body["message"].startswith(field)
    assert str(response.body["reason"]).startswith(field)


@pytest.mark.parametrize("number", ["NaN", "Infinity", "1e200", "1e-200", "9" * 60])
def test_a_number_that_the_table_cannot_hold_is_refused(local: LocalScheduler, number: str) -> None:
    uri = local.upload(notebook())
    body = (
        f'{{"name": "x", "input_uri": "{uri}", "input_filename": "x.ipynb", "runtime_environment_name": "python",'
        f' "runtime_environment_parameters": {{"n": {number}}}}}'
    )
    _refused(local, local.api.post("/scheduler/jobs", body), 400, "invalid_request", "runtime_environment_parameters")


@pytest.mark.parametrize(
    "body", ["", "{", "[]", "null", '"text"', "1", "{'name': 1}", '{"name": "\\ud800"}', "[" * 50_000]
)
def test_a_body_that_is_not_a_json_object_is_rejected(local: LocalScheduler, body: str) -> None:
    _refused(local, local.api.post("/scheduler/jobs", body), 400, "invalid_request")


@pytest.mark.parametrize("number", ["1e400", "-1e400", "NaN"])
def test_a_parameter_that_is_not_a_finite_number_is_rejected(local: LocalScheduler, number: str) -> None:
    uri = local.upload(notebook())
    body = (
        f'{{"name": "x", "input_uri": "{uri}", "input_filename": "x.ipynb", "runtime_environment_name": "python",'
        f' "parameters": {{"n": {number}}}}}'
    )
    _refused(local, local.api.post("/scheduler/jobs", body), 400, "invalid_request", "parameters")


def test_a_body_over_the_limit_is_rejected(local: LocalScheduler) -> None:
    body = '{"name": "' + "n" * (257 * 1024) + '"}'
    _refused(local, local.api.post("/scheduler/jobs", body), 413, "too_large", "262,144")


def test_a_body_of_the_largest_size_is_stored_and_listed_completely(local: LocalScheduler) -> None:
    parameters = {f"p{i}": "x" * 1200 for i in range(200)}
    job_id = local.create(parameters=parameters)
    assert local.job(job_id)["parameters"] == parameters
    assert local.api.get("/scheduler/jobs").body["jobs"][0]["parameters"] == parameters


@pytest.mark.parametrize(
    "name", ["default", "null", "attr_name", "attribute_values", "keys", "self", "hash_key", "été"]
)
def test_any_variable_name_can_be_a_parameter(local: LocalScheduler, name: str) -> None:
    job_id = local.create(parameters={name: "1"}, runtime_environment_parameters={name: 2.5})
    described = local.job(job_id)
    assert described["parameters"] == {name: "1"}
    assert described["runtime_environment_parameters"] == {name: 2.5}


def test_environment_parameters_keep_their_types(local: LocalScheduler) -> None:
    values = {"i": 2, "f": 2.5, "t": True, "n": False, "s": "t", "zero": 0, "e": ""}
    described = local.job(local.create(runtime_environment_parameters=values))["runtime_environment_parameters"]
    assert described == values
    assert {name: type(value) for name, value in described.items()} == {n: type(v) for n, v in values.items()}


def test_parameters_that_are_numbers_become_texts_as_in_the_stock_scheduler(local: LocalScheduler) -> None:
    job_id = local.create(parameters={"n": 5, "who": True, "f": 1.5, "s": "'x'"})
    assert local.job(job_id)["parameters"] == {"n": "5", "who": "True", "f": "1.5", "s": "'x'"}


def test_unknown_fields_are_ignored_and_null_means_absent(local: LocalScheduler) -> None:
    job_id = local.create(colour="red", compute_type=None, tags=None, parameters=None, output_prefix="s3://x")
    assert local.job(job_id)["compute_type"] == "small"
    assert "colour" not in local.job(job_id)


@pytest.mark.parametrize(
    ("filename", "size", "status"),
    [
        ("data.csv", 5, 400),
        ("", 5, 400),
        ("x.ipynb", 0, 400),
        ("x.ipynb", "5", 400),
        ("x.ipynb", 20 * 2**20 + 1, 413),
        ("x.zip", 500 * 2**20 + 1, 413),
        ("x.ipynb", 20 * 2**20, 200),
        ("X.ZIP", 500 * 2**20, 200),
        ("x.ipynb", None, 200),
    ],
)
def test_an_upload_is_checked_before_it_is_sent(local: LocalScheduler, filename: str, size: Any, status: int) -> None:
    assert local.api.post("/scheduler/uploads", {"filename": filename, "size_bytes": size}).status == status


def test_an_upload_form_contains_the_limits_on_unpacked_folders(local: LocalScheduler) -> None:
    """The same numbers as in a runner's work order and in the upload form of a notebook."""
    names = ("max_bytes", "max_notebook_bytes", "max_unpacked_bytes", "max_unpacked_files")
    forms = [local.api.post("/scheduler/uploads", {"filename": each}).body for each in ("x.ipynb", "x.zip")]
    assert [tuple(form[name] for name in names) for form in forms] == [
        (20 * 2**20, None, None, None),
        (500 * 2**20, 20 * 2**20, 2048 * 2**20, 10_000),
    ]


@pytest.mark.parametrize(
    "body", [{}, {"status": "COMPLETED"}, {"status": "stopped"}, {"name": ""}, {"name": 3}, {"x": 1}]
)
def test_an_empty_or_invalid_update_is_rejected(local: LocalScheduler, body: dict[str, Any]) -> None:
    job_id = local.create()
    before = local.item(job_id)
    response = local.api.patch(f"/scheduler/jobs/{job_id}", body)
    assert (response.status, response.body["code"]) == (400, "invalid_request")
    assert local.item(job_id) == before


@pytest.mark.parametrize(
    "url",
    [
        "/scheduler/jobs/nothing-here",
        "/scheduler/jobs/nothing-here/download_files",
        "/scheduler/jobs/nothing-here/logs",
    ],
)
def test_a_missing_job_is_not_found(local: LocalScheduler, url: str) -> None:
    response = local.api.get(url)
    assert (response.status, response.body["code"]) == (404, "not_found")
    assert "nothing-here" in response.body["message"]


def test_an_id_that_cannot_be_a_key_is_not_found(local: LocalScheduler) -> None:
    for job_id in ("x" * 1025, "x" * 2049):
        assert local.api.get(f"/scheduler/jobs/{job_id}").status == 404
        assert local.api.patch(f"/scheduler/jobs/{job_id}", {"status": "STOPPED"}).status == 404
        assert local.api.delete(f"/scheduler/jobs/{job_id}").status == 404


@pytest.mark.parametrize("count", [0, 101])
def test_a_batch_must_contain_one_to_100_jobs(local: LocalScheduler, count: int) -> None:
    response = local.api.delete("/scheduler/batch/jobs?" + "&".join(f"job_id=a-{i}" for i in range(count)))
    assert (response.status, response.body["reason"]) == (400, "job_id")


def test_chalices_own_errors_have_the_apis_shape(local: LocalScheduler) -> None:
    missing = local.api.get("/scheduler/nothing")
    method = local.api.request("PUT", "/scheduler/jobs")
    media = local.api.post("/scheduler/jobs", "name=x", headers={"content-type": "application/x-www-form-urlencoded"})
    assert [each.status for each in (missing, method, media)] == [405, 405, 415]
    for each in (missing, method, media):
        assert set(each.body) == {"message", "reason", "code", "request_id"}
        assert each.body["message"]
