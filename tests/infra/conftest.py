"""Three stacks, synthesized once: as it comes, one thrown away later in an operator's network, and a first deployment in Beijing."""

import pytest

from tests.infra.synthesized import Synthesized, synthesize

OPERATORS = """
[environments.python]
image = "123456789012.dkr.ecr.eu-central-1.amazonaws.com/team/runner:7"
compute_types = ["small"]
task_role_arn = "arn:aws:iam::123456789012:role/data"
users = ["arn:aws:iam::123456789012:role/analysts"]

[environments.plain]
image = "public.ecr.aws/team/runner:7"
compute_types = ["small"]

[compute_types.small]
vcpu = 1
memory_gib = 4

[limits]
max_running_jobs = 1500

[retention]
jobs_days = 0
logs_days = 7

[network]
vpc_id = "vpc-0123"
subnet_ids = ["subnet-01", "subnet-02"]
security_group_ids = ["sg-01"]
assign_public_ip = false

[api]
account_log_role = false
cors_origins = ["https://lab.example"]
accounts = ["210987654321", "012345678901"]

[functions]
python = "3.12"
architecture = "x86_64"

[alarms]
emails = ["ops@example.org", "night@example.org"]
max_waiting_minutes = 30

[channels.chat]
kind = "webhook"
secret_arn = "arn:aws:secretsmanager:eu-central-1:123456789012:secret:chat-AbCdEf"
format = "slack"

[channels.mail]
kind = "email"
sender = "jobs@example.org"
allowed_recipients = ["@example.org"]

[channels.pager]
kind = "topic"
topic_arn = "arn:aws:sns:eu-central-1:123456789012:pager"

[runners]
architecture = "arm64"
ephemeral_storage_gib = 50
container_insights = true
"""


FIRST = """
[environments.python]
image = "123456789012.dkr.ecr.cn-north-1.amazonaws.com.cn/team/runner:7"
compute_types = ["small"]

[compute_types.small]
vcpu = 1
memory_gib = 4

[alarms]
topic_arn = "arn:aws-cn:sns:cn-north-1:123456789012:operators"
dashboard = false

[network]
availability_zones = ["cn-north-1a", "cn-north-1b"]
egress = "https"
"""


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Synthesized:
    """The stack as it comes."""
    return synthesize(tmp_path_factory.mktemp("default") / "cdk.out", {})


@pytest.fixture(scope="session")
def operators(tmp_path_factory: pytest.TempPathFactory) -> Synthesized:
    """A stack to throw away, with an operator's network, images and roles."""
    folder = tmp_path_factory.mktemp("operators")
    settings = folder / "scheduler.toml"
    settings.write_text(OPERATORS)
    context = {"settings": str(settings), "stack_name": "theirs", "retain_data": "false"}
    return synthesize(folder / "cdk.out", context)


@pytest.fixture(scope="session")
def first(tmp_path_factory: pytest.TempPathFactory) -> Synthesized:
    """A stack that is deployed for the first time, in Beijing, where not every zone has Fargate."""
    folder = tmp_path_factory.mktemp("first")
    settings = folder / "scheduler.toml"
    settings.write_text(FIRST)
    return synthesize(folder / "cdk.out", {"settings": str(settings), "protect_tables": "false"})
