"""Each function may do what its role needs, and nothing else; `docs/permissions.md` lists all of it."""

import json
from typing import Any

import pytest

from tests.infra.synthesized import Synthesized, as_list, flat

FUNCTIONS = ("Api", "Dispatch", "TaskEvents", "Ticks", "Changes", "Notifications", "Sweep", "Cleanup")

WITHOUT_RESOURCE = {"xray:PutTraceSegments", "xray:PutTelemetryRecords", "dynamodb:ListStreams", "ecs:ListTasks"}
"""Actions that AWS does not let a policy limit to a resource (for ListStreams, CDK grants so; ListTasks is limited by the cluster)."""


@pytest.mark.parametrize("name", FUNCTIONS)
def test_no_action_is_a_pattern_and_no_statement_allows_all_resources(name: str, stack: Synthesized) -> None:
    for action, resource, _ in stack.may(name):
        assert "*" not in action
        assert resource != "*" or action in WITHOUT_RESOURCE


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_role_has_no_managed_policy_and_belongs_to_one_function(name: str, stack: Synthesized) -> None:
    role_id = stack.id_of("AWS::IAM::Role", f"Functions{name}Role")
    role = stack.all("AWS::IAM::Role")[role_id]
    assert "ManagedPolicyArns" not in role
    users = [each for each in stack.all("AWS::Lambda::Function").values() if flat(each["Role"]) == f"<{role_id}.Arn>"]
    assert len(users) == 1


@pytest.mark.parametrize("name", ["Dispatch", "TaskEvents", "Sweep", "Cleanup"])
def test_task_permissions_are_limited_to_the_stacks_cluster(name: str, stack: Synthesized) -> None:
    cluster = stack.id_of("AWS::ECS::Cluster", "Runners")
    ours = json.dumps({"ArnEquals": {"ecs:cluster": {"Fn::GetAtt": [cluster, "Arn"]}}})
    for action, resource, condition in stack.may(name):
        if action in {"ecs:StopTask", "ecs:DescribeTasks", "ecs:ListTasks", "ecs:RunTask"}:
            assert condition == ours
        if action in {"ecs:StopTask", "ecs:DescribeTasks", "ecs:TagResource"}:
            assert resource.endswith(f":task/<{cluster}>/*")


def test_dispatch_may_run_only_the_stacks_task_definitions(stack: Synthesized, operators: Synthesized) -> None:
    def families(found: Synthesized) -> set[str]:
        return {resource.rpartition("/")[2] for action, resource, _ in found.may("Dispatch") if action == "ecs:RunTask"}

    assert families(stack) == {"jupyter-scheduler-python:*"}
    assert families(operators) == {"theirs-python:*", "theirs-plain:*"}


def test_dispatch_may_tag_tasks_only_when_it_launches_them(stack: Synthesized) -> None:
    (condition,) = {condition for action, _, condition in stack.may("Dispatch") if action == "ecs:TagResource"}
    assert json.loads(condition) == {"StringEquals": {"ecs:CreateAction": "RunTask"}}


def passed(found: Synthesized, name: str) -> dict[str, Any]:
    """Roles that a function may pass, each with its condition."""
    return {
        resource: json.loads(condition) for action, resource, condition in found.may(name) if action == "iam:PassRole"
    }


def test_dispatch_may_pass_the_roles_of_runners_only_to_tasks(stack: Synthesized, operators: Synthesized) -> None:
    to_tasks = {"StringEquals": {"iam:PassedToService": "ecs-tasks.amazonaws.com"}}
    own = {f"<{stack.id_of('AWS::IAM::Role', 'RunnersExecutionRole')}.Arn>": to_tasks}
    assert passed(stack, "Dispatch") == own
    assert passed(operators, "Dispatch") == own | {"arn:aws:iam::123456789012:role/data": to_tasks}


def test_object_permissions_are_limited_to_prefixes(stack: Synthesized) -> None:
    bucket = f"<{stack.id_of('AWS::S3::Bucket', 'Storage')}.Arn>"

    def reached(name: str, of: str = "s3:") -> set[str]:
        return {resource.removeprefix(bucket) for action, resource, _ in stack.may(name) if action.startswith(of)}

    assert reached("Api") == {"", "/uploads/*", "/definitions/*", "/jobs/*"}
    assert reached("Cleanup") == {"", "/uploads/*", "/definitions/*", "/jobs/*"}
    assert reached("Ticks", "s3:GetObject") == {"/definitions/*"}
    assert reached("Ticks", "s3:PutObject") == reached("Ticks", "s3:DeleteObject") == {"/jobs/*"}
    assert not reached("Dispatch")
    for name in ("TaskEvents", "Sweep"):
        assert reached(name, "s3:GetObject") == {"/jobs/*/results/*"}
        assert reached(name) - reached(name, "s3:GetObject") == {""}


@pytest.mark.parametrize("name", ["Api", "Ticks"])
def test_functions_that_read_objects_may_detect_missing_ones(name: str, stack: Synthesized) -> None:
    bucket = f"<{stack.id_of('AWS::S3::Bucket', 'Storage')}.Arn>"
    assert ("s3:ListBucket", bucket, "") in stack.may(name)


def test_a_function_may_send_only_to_the_queues_that_it_uses(stack: Synthesized) -> None:
    def sends(name: str) -> set[str]:
        names = (resource for action, resource, _ in stack.may(name) if action == "sqs:SendMessage")
        return {each.removeprefix("<Queues")[: -len("12345678.Arn>")] for each in names}

    assert {name: sends(name) for name in FUNCTIONS} == {
        "Api": {"WakeUp", "Cleanup"},
        "Dispatch": {"WakeUp"},
        "TaskEvents": {"WakeUp", "DeadEvents"},
        "Ticks": {"WakeUp"},
        "Changes": {"DeadEvents"},
        "Notifications": {"DeadEvents"},
        "Sweep": {"WakeUp", "Tick", "DeadEvents"},
        "Cleanup": {"WakeUp", "Cleanup", "DeadEvents"},
    }


@pytest.mark.parametrize(
    ("name", "prefix", "indexes"),
    [("Sweep", "TablesDefinitions", {"due", "unsynced", "late"}), ("Cleanup", "TablesJobs", {"by_definition"})],
)
def test_query_permissions_are_limited_to_the_indexes_that_are_used(
    name: str, prefix: str, indexes: set[str], stack: Synthesized
) -> None:
    table = f"<{stack.id_of('AWS::DynamoDB::Table', prefix)}.Arn>"
    read = {resource for action, resource, _ in stack.may(name) if action == "dynamodb:Query" and table in resource}
    assert read == {f"{table}/index/{index}" for index in indexes}


def test_ticks_may_write_to_three_tables_and_delete_no_record(stack: Synthesized) -> None:
    writes = {
        (action.removeprefix("dynamodb:"), resource.removeprefix("<Tables")[: -len("12345678.Arn>")])
        for action, resource, _ in stack.may("Ticks")
        if action.startswith("dynamodb:") and action not in {"dynamodb:GetItem", "dynamodb:BatchGetItem"}
    }
    counts = {each for each in writes if each[0] == "Query"}
    assert writes - counts == {("PutItem", "Jobs"), ("PutItem", "Marks"), ("UpdateItem", "Definitions")}
    assert {resource for action, resource, _ in stack.may("Ticks") if action == "dynamodb:Query"} == {
        f"<{stack.id_of('AWS::DynamoDB::Table', 'TablesJobs')}.Arn>/index/waiting"
    }


@pytest.mark.parametrize("name", ["Api", "Ticks", "Cleanup"])
def test_schedule_permissions_are_limited_to_the_stacks_group(name: str, stack: Synthesized) -> None:
    group = stack.one("AWS::Scheduler::ScheduleGroup")["Name"]
    ours = f"arn:<AWS::Partition>:scheduler:<AWS::Region>:<AWS::AccountId>:schedule/{group}/*"
    assert {resource for action, resource, _ in stack.may(name) if action.startswith("scheduler:")} == {ours}


@pytest.mark.parametrize("name", ["Api", "Ticks"])
def test_the_schedulers_role_may_be_passed_only_to_the_scheduler(name: str, stack: Synthesized) -> None:
    role = stack.id_of("AWS::IAM::Role", "SchedulesRole")
    to_scheduler = {"StringEquals": {"iam:PassedToService": "scheduler.amazonaws.com"}}
    assert passed(stack, name) == {f"<{role}.Arn>": to_scheduler}


def test_the_scheduler_may_act_only_for_the_stacks_group_and_only_send_ticks(stack: Synthesized) -> None:
    (trust,) = stack.one("AWS::IAM::Role", "SchedulesRole")["AssumeRolePolicyDocument"]["Statement"]
    group = stack.id_of("AWS::Scheduler::ScheduleGroup", "Schedules")
    assert trust["Principal"] == {"Service": "scheduler.amazonaws.com"}
    assert trust["Condition"] == {
        "StringEquals": {
            "aws:SourceAccount": {"Ref": "AWS::AccountId"},
            "aws:SourceArn": {"Fn::GetAtt": [group, "Arn"]},
        }
    }
    (statement,) = stack.one("AWS::IAM::Policy", "SchedulesRole")["PolicyDocument"]["Statement"]
    queues = (stack.id_of("AWS::SQS::Queue", name) for name in ("QueuesTick", "QueuesDeadTicks"))
    assert statement["Action"] == "sqs:SendMessage"
    assert {flat(each) for each in statement["Resource"]} == {f"<{queue}.Arn>" for queue in queues}


def test_cleanup_may_list_only_its_prefixes(stack: Synthesized) -> None:
    (condition,) = {condition for action, _, condition in stack.may("Cleanup") if action == "s3:ListBucket"}
    assert json.loads(condition) == {"StringLike": {"s3:prefix": ["definitions/*", "jobs/*"]}}


def test_an_operators_task_role_is_not_changed(operators: Synthesized) -> None:
    roles = {flat(role) for policy in operators.all("AWS::IAM::Policy").values() for role in policy["Roles"]}
    assert all(role.startswith("<") for role in roles)


def test_ecs_may_pull_from_the_repositories_of_the_environments(operators: Synthesized) -> None:
    policy = operators.one("AWS::IAM::Policy", "RunnersExecutionRole")
    pulled = {
        flat(resource)
        for statement in policy["PolicyDocument"]["Statement"]
        if "ecr:BatchGetImage" in as_list(statement["Action"])
        for resource in as_list(statement["Resource"])
    }
    assert pulled == {"arn:<AWS::Partition>:ecr:eu-central-1:123456789012:repository/team/runner"}


def test_users_may_call_only_the_scheduler_routes(stack: Synthesized) -> None:
    policy = stack.one("AWS::IAM::ManagedPolicy")
    (statement,) = policy["PolicyDocument"]["Statement"]
    assert (statement["Effect"], statement["Action"]) == ("Allow", "execute-api:Invoke")
    api = stack.id_of("AWS::ApiGateway::RestApi", "Api")
    arn = f"arn:<AWS::Partition>:execute-api:<AWS::Region>:<AWS::AccountId>:<{api}>/v1/*/scheduler/*"
    assert flat(statement["Resource"]) == arn


def test_the_api_function_has_one_permission_for_the_whole_api(stack: Synthesized) -> None:
    api = stack.id_of("AWS::ApiGateway::RestApi", "Api")
    granted = [
        each
        for each in stack.all("AWS::Lambda::Permission").values()
        if each["Principal"] == "apigateway.amazonaws.com"
    ]
    assert len(granted) == 1
    assert f"<{api}>/" in flat(granted[0]["SourceArn"])


def test_policies_stay_below_the_size_limit(stack: Synthesized, operators: Synthesized) -> None:
    for found in (stack, operators):
        for policy in found.all("AWS::IAM::Policy").values():
            assert len(flat(json.dumps(policy["PolicyDocument"]))) < 10_240


def test_notifications_use_the_operators_channels_and_nothing_else(operators: Synthesized, stack: Synthesized) -> None:
    def channels(found: Synthesized) -> set[tuple[str, str, str]]:
        services = ("secretsmanager:", "ses:", "sns:")
        return {each for each in found.may("Notifications") if each[0].startswith(services)}

    sender = '{"StringEquals": {"ses:FromAddress": "jobs@example.org"}}'
    identity = "arn:<AWS::Partition>:ses:<AWS::Region>:<AWS::AccountId>:identity"
    assert channels(operators) == {
        (
            "secretsmanager:GetSecretValue",
            "arn:aws:secretsmanager:eu-central-1:123456789012:secret:chat-AbCdEf",
            "",
        ),
        ("ses:SendEmail", f"{identity}/jobs@example.org", sender),
        ("ses:SendEmail", f"{identity}/example.org", sender),
        ("sns:Publish", "arn:aws:sns:eu-central-1:123456789012:pager", ""),
    }
    assert channels(stack) == set()
