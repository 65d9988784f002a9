"""A mistake in the settings is one line that names the key."""

from pathlib import Path

import pytest

from infra.context import Context
from infra.log_groups import RETENTION
from infra.settings import LOG_RETENTION_DAYS, SettingsError, read_settings
from tests.infra.synthesized import ROOT, run_app

GOOD = """
[environments.python]
compute_types = ["small"]
[compute_types.small]
vcpu = 1
memory_gib = 4
"""

MISTAKES = {
    "not TOML": ("[environments", "is not TOML: Expected ']' at the end of a table declaration"),
    "nothing": ("", "environments: is missing"),
    "no compute type": (
        GOOD.replace('["small"]', "[]"),
        "environments.python.compute_types: Tuple should have at least 1 item after validation, not 0",
    ),
    "unknown compute type": (
        GOOD.replace('["small"]', '["small", "huge"]'),
        "environments.python.compute_types contains huge, which [compute_types] does not define",
    ),
    "unknown format": (
        GOOD.replace("[compute_types.small]", 'output_formats = ["docx"]\n[compute_types.small]'),
        "environments.python: output_formats contains docx; choose from ipynb, html, markdown, script, pdf",
    ),
    "role for everybody": (
        GOOD.replace(
            "[compute_types.small]", 'task_role_arn = "arn:aws:iam::123456789012:role/r"\n[compute_types.small]'
        ),
        "environments.python: an environment with a task_role_arn must list its users",
    ),
    "name": (
        GOOD.replace("environments.python", 'environments."my python"'),
        "environments.my python: String should match",
    ),
    "vcpu": (GOOD.replace("vcpu = 1", "vcpu = 3"), "compute_types.small: vcpu = 3 is not offered by Fargate"),
    "memory": (
        GOOD.replace("memory_gib = 4", "memory_gib = 9"),
        "compute_types.small: memory_gib = 9 is not available with 1 vCPU",
    ),
    "wrong type": (
        GOOD.replace("vcpu = 1", 'vcpu = "one"'),
        "compute_types.small.vcpu: Input should be a valid number",
    ),
    "misspelt key": (
        GOOD + "[limits]\nmax_running = 5",
        "limits.max_running: there is no such setting; docs/settings.md lists them all",
    ),
    "misspelt section": (GOOD + "[limit]\nmax_running_jobs = 5", "limit: there is no such setting"),
    "mail address": (GOOD + '[alarms]\nemails = ["ops"]', "alarms.emails.0: String should match"),
    "topic": (GOOD + '[alarms]\ntopic_arn = "operators"', "alarms.topic_arn: String should match"),
    "mail addresses and topic": (
        GOOD + '[alarms]\nemails = ["a@b.org"]\ntopic_arn = "arn:aws:sns:eu-west-1:123456789012:ops"',
        "alarms: subscribe the emails to the topic of topic_arn yourself",
    ),
    "waiting time": (
        GOOD + "[alarms]\nmax_waiting_minutes = 0",
        "alarms.max_waiting_minutes: Input should be greater than or equal to 5",
    ),
    "price": (GOOD + "[prices]\nvcpu_hour = -1", "prices.vcpu_hour: Input should be greater than or equal to 0"),
    "currency": (GOOD + '[prices]\ncurrency = "dollars"', "prices.currency: String should match"),
    "log retention": (
        GOOD + "[retention]\nlogs_days = 31",
        "retention.logs_days = 31 is not a retention period of CloudWatch",
    ),
    "network by half": (GOOD + '[network]\nvpc_id = "vpc-1"', "network: subnet_ids is missing"),
    "network without VPC": (GOOD + '[network]\nsubnet_ids = ["subnet-1"]', "network: vpc_id is missing"),
    "zones of an operator's VPC": (
        GOOD + '[network]\nvpc_id = "vpc-1"\nsubnet_ids = ["subnet-1"]\navailability_zones = ["us-west-1a"]',
        "network: availability_zones applies to the stack's own VPC: in yours, subnet_ids choose the zones",
    ),
    "egress of an operator's security group": (
        GOOD
        + '[network]\nvpc_id = "vpc-1"\nsubnet_ids = ["subnet-1"]\nsecurity_group_ids = ["sg-1"]\negress = "https"',
        "network: egress applies to the stack's own security group: your security_group_ids define what they allow",
    ),
    "unknown egress": (GOOD + '[network]\negress = "ssh"', "network.egress: Input should be 'all' or 'https'"),
    "a zone twice": (
        GOOD + '[network]\navailability_zones = ["us-west-1a", "us-west-1a"]',
        "network.availability_zones: us-west-1a is listed twice",
    ),
    "an account as a number": (
        GOOD + "[api]\naccounts = [210987654321]",
        'api.accounts.0: write the account id in quotes: "210987654321"',
    ),
    "an account as an ARN": (
        GOOD + '[api]\naccounts = ["arn:aws:iam::210987654321:root"]',
        "api.accounts.0: String should match pattern",
    ),
    "an account twice": (
        GOOD + '[api]\naccounts = ["210987654321", "210987654321"]',
        "api.accounts: 210987654321 is listed twice",
    ),
    "VPC id": (GOOD + '[network]\nvpc_id = "mine"', "network.vpc_id: String should match pattern '^vpc-"),
    "stack name": (GOOD + '[stack]\nname = "1st"', "stack.name: String should match pattern"),
    "Python": (GOOD + '[functions]\npython = "3.8"', "functions.python: Input should be '3.12', '3.13' or '3.14'"),
    "disk": (
        GOOD + "[runners]\nephemeral_storage_gib = 500",
        "runners.ephemeral_storage_gib: Input should be less than or equal to 200",
    ),
}


@pytest.mark.parametrize(("text", "message"), MISTAKES.values(), ids=MISTAKES)
def test_a_mistake_is_reported_in_one_line_with_the_key(text: str, message: str, tmp_path: Path) -> None:
    path = tmp_path / "scheduler.toml"
    path.write_text(text)
    with pytest.raises(SettingsError) as raised:
        read_settings(path)
    first = str(raised.value).splitlines()[0]
    assert first.startswith(f"scheduler.toml: {message}")


def test_each_mistake_has_its_own_line(tmp_path: Path) -> None:
    path = tmp_path / "scheduler.toml"
    path.write_text(GOOD + "[limits]\nmax_running_jobs = 0\nmax_retries = 99")
    with pytest.raises(SettingsError) as raised:
        read_settings(path)
    keys = [line.split(": ")[1] for line in str(raised.value).splitlines()]
    assert keys == ["limits.max_running_jobs", "limits.max_retries"]


def test_a_missing_file_is_reported(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"^none.toml: cannot be read: No such file or directory: .*none.toml$"):
        read_settings(tmp_path / "none.toml")


def test_the_service_gets_only_its_own_settings() -> None:
    settings = read_settings(ROOT / "scheduler.toml")
    part = settings.service_part.model_dump()
    assert "network" not in part
    assert part["environments"] == settings.model_dump()["environments"]


def test_cdk_supports_every_allowed_log_retention() -> None:
    assert tuple(RETENTION) == LOG_RETENTION_DAYS


def test_the_command_line_prints_the_error_without_a_traceback(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text(GOOD.replace("vcpu = 1", "vcpu = 3"))
    done = run_app(tmp_path / "cdk.out", {"settings": str(path)})
    assert done.returncode == 1
    assert "mine.toml: compute_types.small: vcpu = 3 is not offered by Fargate" in done.stderr
    assert "Traceback" not in done.stderr


def test_the_context_adds_an_admin(tmp_path: Path) -> None:
    ann, bob = "arn:aws:iam::123456789012:user/ann", "arn:aws:iam::123456789012:user/bob"
    path = tmp_path / "mine.toml"
    path.write_text(f'{GOOD}\n[ownership]\nadmins = ["{ann}"]\n')
    for admin, admins in ((bob, (ann, bob)), (ann, (ann,))):
        settings = Context({"settings": str(path), "admin": admin}).settings()
        assert settings.service_part.ownership.admins == admins


@pytest.mark.parametrize(
    ("context", "message"),
    [
        ({"bundle_target": "mine"}, "-c bundle_target=mine: choose one of declared, local"),
        ({"retain_data": "maybe"}, "-c retain_data=maybe: Input should be a valid boolean"),
        ({"protect_tables": "maybe"}, "-c protect_tables=maybe: choose true or false"),
        ({"admin": "*"}, "-c admin=*: "),
        ({"stack_name": "my_stack"}, "-c stack_name=my_stack: String should match pattern"),
    ],
)
def test_an_invalid_context_value_is_reported_in_one_line(
    context: dict[str, str], message: str, tmp_path: Path
) -> None:
    done = run_app(tmp_path / "cdk.out", context)
    assert done.returncode == 1
    assert message in done.stderr
    assert "Traceback" not in done.stderr
