import json
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from chalicelib.config import (
    OUTPUT_FORMATS,
    ComputeType,
    Environment,
    Limits,
    Retention,
    SchedulerSettings,
    load_settings,
)
from chalicelib.errors import ConfigurationError
from chalicelib.resources import Resources

FARGATE: dict[float, list[float]] = {
    0.25: [0.5, 1, 2],
    0.5: [1, 2, 3, 4],
    1: [2, 3, 4, 5, 6, 7, 8],
    2: [4, 5, 8, 15, 16],
    4: [8, 9, 29, 30],
    8: [16, 20, 56, 60],
    16: [32, 40, 112, 120],
}
"""The smallest and largest memory [GiB] for each number of vCPUs, and some in between, as in the ECS developer guide."""

NOT_FARGATE = [(0.25, 4), (0.5, 0.5), (1, 1), (1, 9), (2, 3), (2, 17), (4, 7), (4, 31), (8, 18), (8, 64), (16, 36)]

SETTINGS: dict[str, Any] = {
    "environments": {"python": {"compute_types": ["small"]}},
    "compute_types": {"small": {"vcpu": 1, "memory_gib": 4}},
}


@pytest.mark.parametrize(("vcpu", "memory_gib"), [(cpu, each) for cpu, sizes in FARGATE.items() for each in sizes])
def test_fargate_sizes_are_accepted(vcpu: float, memory_gib: float) -> None:
    size = ComputeType(vcpu=vcpu, memory_gib=memory_gib)
    assert (int(size.cpu_units), int(size.memory_mib)) == (vcpu * 1024, memory_gib * 1024)


@pytest.mark.parametrize(("vcpu", "memory_gib"), NOT_FARGATE)
def test_the_error_for_wrong_memory_lists_the_available_sizes(vcpu: float, memory_gib: float) -> None:
    with pytest.raises(
        ValidationError, match=rf"memory_gib = {memory_gib:g} is not available with {vcpu:g} vCPU"
    ) as raised:
        ComputeType(vcpu=vcpu, memory_gib=memory_gib)
    offered = str(raised.value).split("choose one of ")[1]
    assert f"{FARGATE[vcpu][0]:g}" in offered
    assert f"{FARGATE[vcpu][-1]:g}" in offered


@pytest.mark.parametrize("vcpu", [0, 0.3, 3, 32, -1])
def test_the_error_for_wrong_vcpus_lists_the_available_numbers(vcpu: float) -> None:
    with pytest.raises(ValidationError, match=rf"vcpu = {vcpu:g} is not offered .* 0\.25, 0\.5, 1, 2, 4, 8, 16"):
        ComputeType(vcpu=vcpu, memory_gib=2)


WRONG_ENVIRONMENTS = [
    ({"output_formats": ["ipynb", "docx"]}, "output_formats contains docx"),
    ({"output_formats": []}, "output_formats"),
    ({"compute_types": []}, "compute_types"),
    ({"default_compute_type": "huge"}, "default_compute_type = 'huge'"),
    ({"task_role_arn": "arn:aws:iam::123456789012:role/data"}, "task_role_arn must list its users"),
    ({"description": "x" * 201}, "description"),
    ({"gpu": True}, "gpu"),
    ({"users": "everybody"}, "users"),
]


@pytest.mark.parametrize(("change", "message"), WRONG_ENVIRONMENTS)
def test_the_error_for_a_wrong_environment_names_its_key(change: dict[str, Any], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        Environment.model_validate({"compute_types": ["small"], **change})


@pytest.mark.parametrize("name", ["", "-x", "a b", "ä", "x" * 41, "a/b", "python\n"])
def test_names_that_aws_does_not_accept_are_rejected(name: str) -> None:
    for section in ("environments", "compute_types"):
        with pytest.raises(ValidationError, match=section):
            SchedulerSettings.model_validate({**SETTINGS, section: {name: next(iter(SETTINGS[section].values()))}})


def test_an_environment_offers_only_existing_compute_types() -> None:
    wrong = {**SETTINGS, "environments": {"python": {"compute_types": ["small", "huge", "vast"]}}}
    with pytest.raises(ValidationError, match=r"environments\.python\.compute_types contains huge, vast"):
        SchedulerSettings.model_validate(wrong)


@pytest.mark.parametrize("section", ["environments", "compute_types"])
def test_a_section_may_not_be_empty(section: str) -> None:
    with pytest.raises(ValidationError, match=section):
        SchedulerSettings.model_validate({**SETTINGS, section: {}})


@pytest.mark.parametrize("name", list(Limits.model_fields))
def test_the_error_for_a_limit_below_its_minimum_names_the_key(name: str) -> None:
    with pytest.raises(ValidationError, match=name):
        Limits.model_validate({name: -1})


def test_the_default_timeout_is_within_the_maximum() -> None:
    with pytest.raises(ValidationError, match="default_timeout_minutes is greater than max_timeout_minutes"):
        Limits(default_timeout_minutes=61, max_timeout_minutes=60)
    assert Limits(default_timeout_minutes=60, max_timeout_minutes=60).max_timeout_minutes == 60


def test_retention_may_be_for_ever_but_not_less() -> None:
    assert Retention(jobs_days=0).jobs_days == 0
    with pytest.raises(ValidationError, match="jobs_days"):
        Retention(jobs_days=-1)


def test_a_misspelled_key_is_reported() -> None:
    with pytest.raises(ValidationError, match="limit"):
        SchedulerSettings.model_validate({**SETTINGS, "limit": {}})


def test_the_first_compute_type_is_chosen_where_no_default_is_named() -> None:
    assert Environment(compute_types=("small", "large")).chosen_compute_type == "small"
    assert Environment(compute_types=("small", "large"), default_compute_type="large").chosen_compute_type == "large"


def test_default_formats_are_known() -> None:
    assert set(Environment(compute_types=("small",)).output_formats) <= set(OUTPUT_FORMATS)


def test_settings_are_loaded_from_the_bundle(tmp_path: Path) -> None:
    settings, file = SchedulerSettings.model_validate(SETTINGS), tmp_path / "settings.json"
    file.write_text(settings.model_dump_json(), encoding="utf-8")
    assert load_settings(file) == settings


@pytest.mark.parametrize("content", [None, "", "{", "[]", json.dumps({**SETTINGS, "environments": {}}), "\xff"])
def test_invalid_settings_raise_a_configuration_error(tmp_path: Path, content: str | None) -> None:
    file = tmp_path / "settings.json"
    if content is not None:
        file.write_bytes(content.encode("latin-1"))
    with pytest.raises(ConfigurationError, match=r"settings\.json cannot be used"):
        load_settings(file)


def test_the_error_for_a_missing_resource_names_its_variable() -> None:
    resources = Resources({"JOBS_TABLE": "jobs", "API_URL": "https://api/v1/", "SUBNETS": "a,b", "BUCKET": ""})
    assert (resources.jobs_table, resources.api_url, resources.subnets) == ("jobs", "https://api/v1", ["a", "b"])
    for name in ("marks_table", "bucket"):
        with pytest.raises(ConfigurationError, match=name.upper()):
            getattr(resources, name)


@pytest.mark.parametrize("name", [name for name, one in vars(Resources).items() if isinstance(one, property)])
def test_no_resource_has_a_default(name: str) -> None:
    with pytest.raises(ConfigurationError, match="is not set for this function"):
        getattr(Resources({}), name)


@pytest.mark.parametrize(("value", "assigned"), [("ENABLED", True), ("DISABLED", False)])
def test_public_addresses_are_assigned_where_the_stack_says_so(value: str, assigned: bool) -> None:
    assert Resources({"ASSIGN_PUBLIC_IP": value}).assign_public_ip is assigned
