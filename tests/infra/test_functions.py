"""The functions: their handlers exist, they know what they need, and something calls each of them."""

import importlib
import json
from typing import Any

import pytest
from botocore.session import Session

from chalicelib.factory import Factory
from chalicelib.resources import Resources
from infra.settings import read_settings
from tests.infra.synthesized import ROOT, Synthesized, flat

VARIABLES = {
    "Api": "JOBS_TABLE DEFINITIONS_TABLE MARKS_TABLE OWNERS_TABLE BUCKET WAKE_UP_QUEUE_URL RUNNER_KEY_ARN RUNNER_LOG_GROUP"
    " SCHEDULE_GROUP SCHEDULER_ROLE_ARN TICK_QUEUE_ARN TICK_DEAD_LETTER_QUEUE_ARN CLEANUP_QUEUE_URL",
    "Dispatch": "JOBS_TABLE MARKS_TABLE OWNERS_TABLE WAKE_UP_QUEUE_URL CLUSTER TASK_FAMILY_PREFIX SUBNETS SECURITY_GROUPS"
    " ASSIGN_PUBLIC_IP API_URL",
    "TaskEvents": "JOBS_TABLE MARKS_TABLE BUCKET WAKE_UP_QUEUE_URL",
    "Ticks": "JOBS_TABLE DEFINITIONS_TABLE MARKS_TABLE OWNERS_TABLE BUCKET WAKE_UP_QUEUE_URL SCHEDULE_GROUP SCHEDULER_ROLE_ARN TICK_QUEUE_ARN"
    " TICK_DEAD_LETTER_QUEUE_ARN",
    "Changes": "JOBS_TABLE DEFINITIONS_TABLE MARKS_TABLE NOTIFICATIONS_TABLE EVENT_BUS",
    "Notifications": "JOBS_TABLE DEFINITIONS_TABLE MARKS_TABLE NOTIFICATIONS_TABLE",
    "Sweep": "JOBS_TABLE DEFINITIONS_TABLE MARKS_TABLE NOTIFICATIONS_TABLE BUCKET WAKE_UP_QUEUE_URL TICK_QUEUE_URL CLUSTER",
    "Cleanup": "JOBS_TABLE DEFINITIONS_TABLE MARKS_TABLE BUCKET CLUSTER RUNNER_LOG_GROUP WAKE_UP_QUEUE_URL CLEANUP_QUEUE_URL SCHEDULE_GROUP",
}

SERVICES = {
    "Api": "jobs definitions definition_runs take_over owners uploads outputs runs",
    "Dispatch": "dispatch",
    "TaskEvents": "task_events",
    "Ticks": "ticks missed_ticks schedule_sync late_definitions",
    "Changes": "changes",
    "Notifications": "notifications",
    "Sweep": "sweep definition_sweep notification_sweep",
    "Cleanup": "cleanup definition_cleanup",
}
"""What of the factory each entry point asks for."""

COMMON = {"POWERTOOLS_SERVICE_NAME", "POWERTOOLS_METRICS_NAMESPACE", "LOG_LEVEL"}


@pytest.mark.parametrize("name", VARIABLES)
def test_a_function_has_exactly_the_variables_that_it_uses(name: str, stack: Synthesized) -> None:
    assert set(stack.function(name)["Environment"]["Variables"]) == set(VARIABLES[name].split()) | COMMON


def test_every_variable_of_the_service_is_set_for_a_function(stack: Synthesized) -> None:
    given = {key for name in VARIABLES for key in stack.function(name)["Environment"]["Variables"]}
    resources = Resources(dict.fromkeys([*given, "AWS_REGION"], "x"))
    for name, member in vars(Resources).items():
        if isinstance(member, property):
            assert getattr(resources, name) is not None


@pytest.mark.parametrize("name", SERVICES)
def test_the_variables_of_a_function_are_sufficient_for_its_services(name: str, stack: Synthesized) -> None:
    given = dict.fromkeys(stack.function(name)["Environment"]["Variables"], "x")
    session = Session()
    session.set_config_variable("region", "eu-central-1")
    factory = Factory(
        settings=read_settings(ROOT / "scheduler.toml").service_part,
        resources=Resources(given | {"AWS_REGION": "eu-central-1"}),
        session=session,
    )
    for service in SERVICES[name].split():
        assert getattr(factory, service)


@pytest.mark.parametrize("name", VARIABLES)
def test_the_handler_exists(name: str, stack: Synthesized) -> None:
    module, _, attribute = stack.function(name)["Handler"].rpartition(".")
    assert callable(getattr(importlib.import_module(module), attribute))


@pytest.mark.parametrize("name", VARIABLES)
def test_functions_share_a_bundle_and_have_their_own_log_groups(name: str, stack: Synthesized) -> None:
    function = stack.function(name)
    assert (function["Runtime"], function["Architectures"]) == ("python3.13", ["arm64"])
    assert function["Code"]["S3Key"] == stack.function("Api")["Code"]["S3Key"]
    group = stack.all("AWS::Logs::LogGroup")[function["LoggingConfig"]["LogGroup"]["Ref"]]
    assert group["RetentionInDays"] == 30


def test_all_functions_except_the_sweep_are_traced(stack: Synthesized) -> None:
    traced = {name for name in VARIABLES if stack.function(name).get("TracingConfig") == {"Mode": "Active"}}
    assert set(VARIABLES) - traced == {"Sweep"}


def test_the_operator_chooses_runtime_and_retention(operators: Synthesized) -> None:
    function = operators.function("Api")
    assert (function["Runtime"], function["Architectures"]) == ("python3.12", ["x86_64"])
    assert {each["RetentionInDays"] for each in operators.all("AWS::Logs::LogGroup").values()} == {7}


def sources(stack: Synthesized, name: str) -> list[dict[str, Any]]:
    function = stack.id_of("AWS::Lambda::Function", f"Functions{name}Function")
    return [
        each
        for each in stack.all("AWS::Lambda::EventSourceMapping").values()
        if each["FunctionName"] == {"Ref": function}
    ]


def test_dispatch_receives_wake_ups_from_a_fifo_queue(stack: Synthesized) -> None:
    (source,) = sources(stack, "Dispatch")
    queue_id = stack.id_of("AWS::SQS::Queue", "QueuesWakeUp")
    assert flat(source["EventSourceArn"]) == f"<{queue_id}.Arn>"
    assert source["BatchSize"] == 10
    queue = stack.all("AWS::SQS::Queue")[queue_id]
    assert queue["FifoQueue"] is True
    # Two different wake-ups with equal texts must both arrive.
    assert "ContentBasedDeduplication" not in queue


def test_the_visibility_timeout_exceeds_the_timeout_of_the_function(stack: Synthesized) -> None:
    queues = stack.all("AWS::SQS::Queue")
    for name in VARIABLES:
        for source in sources(stack, name):
            queue_id = source["EventSourceArn"]["Fn::GetAtt"][0]
            if queue_id in queues:
                # A FIFO queue gives a group to one function at a time; elsewhere a batch may wait for a free one.
                patience = 1 if queues[queue_id].get("FifoQueue") else 6
                assert queues[queue_id]["VisibilityTimeout"] >= patience * stack.function(name)["Timeout"]


def test_ticks_are_processed_one_by_one_with_limited_concurrency(stack: Synthesized) -> None:
    (source,) = sources(stack, "Ticks")
    assert flat(source["EventSourceArn"]) == f"<{stack.id_of('AWS::SQS::Queue', 'QueuesTick')}.Arn>"
    assert source["FunctionResponseTypes"] == ["ReportBatchItemFailures"]
    assert source["BatchSize"] == 1
    assert source["ScalingConfig"] == {"MaximumConcurrency": 5}


def test_background_work_leaves_concurrency_for_the_api_in_a_new_account(stack: Synthesized) -> None:
    """A new account has 10 concurrent executions; queues that are not FIFO would take them all."""
    queues = stack.all("AWS::SQS::Queue")
    taken = 0
    for name in VARIABLES:
        for source in sources(stack, name):
            queue_id = source["EventSourceArn"]["Fn::GetAtt"][0]
            if queue_id in queues:
                taken += 1 if queues[queue_id].get("FifoQueue") else source["ScalingConfig"]["MaximumConcurrency"]
    assert taken <= 8


def loops(triggered_by: dict[str, set[str]]) -> set[str]:
    """Find the functions that a chain of messages can lead back to, given what each one's messages trigger."""
    found = set()
    for start, first_reached in triggered_by.items():
        reached: set[str] = set()
        ahead = first_reached
        while ahead:
            reached |= ahead
            ahead = {after for each in ahead for after in triggered_by[each]} - reached
        if start in reached:
            found.add(start)
    return found


def test_loops_are_found_at_any_length() -> None:
    assert loops({"a": {"a"}, "b": {"a"}, "c": {"d"}, "d": {"e"}, "e": {"c", "b"}}) == {"a", "c", "d", "e"}


def test_only_functions_that_trigger_themselves_allow_recursion(stack: Synthesized) -> None:
    """Lambda stops a chain after 16 invocations unless the function allows it; one that needs no leave has none."""
    triggers: dict[str, set[str]] = {}
    for name in VARIABLES:
        for source in sources(stack, name):
            triggers.setdefault(flat(source["EventSourceArn"]), set()).add(name)
    sent = {
        name: {resource for action, resource, _ in stack.may(name) if action == "sqs:SendMessage"} for name in VARIABLES
    }
    recursive = loops({name: {each for queue in sent[name] for each in triggers.get(queue, ())} for name in VARIABLES})
    assert {name for name in VARIABLES if stack.function(name)["RecursiveLoop"] == "Allow"} == recursive
    assert {"Dispatch", "Cleanup"} <= recursive


def streams(stack: Synthesized, table: str, function: str = "Cleanup") -> list[dict[str, Any]]:
    arn = f"<{stack.id_of('AWS::DynamoDB::Table', table)}.StreamArn>"
    return [each for each in sources(stack, function) if flat(each["EventSourceArn"]) == arn]


def patterns(stream: dict[str, Any]) -> list[Any]:
    return [json.loads(each["Pattern"]) for each in stream["FilterCriteria"]["Filters"]]


def test_cleanup_receives_deleted_jobs(stack: Synthesized) -> None:
    (stream,) = streams(stack, "TablesJobs")
    assert patterns(stream) == [{"eventName": ["REMOVE"]}]


def test_cleanup_receives_deleted_and_changed_definitions(stack: Synthesized) -> None:
    (stream,) = streams(stack, "TablesDefinitions")
    assert patterns(stream) == [{"eventName": ["REMOVE", "MODIFY"]}]


@pytest.mark.parametrize("table", ["TablesJobs", "TablesDefinitions"])
def test_a_record_that_fails_does_not_block_others(table: str, stack: Synthesized) -> None:
    (stream,) = streams(stack, table)
    assert stream["FunctionResponseTypes"] == ["ReportBatchItemFailures"]
    assert stream["BisectBatchOnFunctionError"] is True
    assert stream["MaximumRetryAttempts"] == 5
    dead = stack.id_of("AWS::SQS::Queue", "QueuesDeadEvents")
    assert flat(stream["DestinationConfig"]["OnFailure"]["Destination"]) == f"<{dead}.Arn>"


@pytest.mark.parametrize("table", ["TablesJobs", "TablesDefinitions"])
def test_every_change_is_delivered_for_as_long_as_the_stream_keeps_it(table: str, stack: Synthesized) -> None:
    (stream,) = streams(stack, table, "Changes")
    assert "FilterCriteria" not in stream
    assert stream.get("MaximumRetryAttempts", -1) == -1
    assert stream.get("MaximumRecordAgeInSeconds", -1) == -1
    assert stream["FunctionResponseTypes"] == ["ReportBatchItemFailures"]
    assert stream["StartingPosition"] == "TRIM_HORIZON"


@pytest.mark.parametrize("table", ["TablesJobs", "TablesDefinitions"])
def test_a_stream_has_at_most_two_readers(table: str, stack: Synthesized) -> None:
    """More are throttled (DynamoDB Developer Guide, "Reading and processing a stream")."""
    assert sum(len(streams(stack, table, name)) for name in VARIABLES) == 2


def test_second_cleanups_arrive_after_upload_urls_have_expired(stack: Synthesized) -> None:
    (later,) = [each for each in sources(stack, "Cleanup") if "FilterCriteria" not in each]
    assert later["FunctionResponseTypes"] == ["ReportBatchItemFailures"]
    queue = stack.all("AWS::SQS::Queue")[later["EventSourceArn"]["Fn::GetAtt"][0]]
    assert queue["DelaySeconds"] == 900


def test_task_events_come_from_the_stacks_cluster_and_failures_become_dead_letters(stack: Synthesized) -> None:
    rule = stack.one("AWS::Events::Rule", "TriggersTaskEvents")
    cluster = stack.id_of("AWS::ECS::Cluster", "Runners")
    assert rule["EventPattern"] == {
        "source": ["aws.ecs"],
        "detail-type": ["ECS Task State Change"],
        "detail": {"clusterArn": [{"Fn::GetAtt": [cluster, "Arn"]}]},
    }
    dead = f"<{stack.id_of('AWS::SQS::Queue', 'QueuesDeadEvents')}.Arn>"
    (target,) = rule["Targets"]
    assert flat(target["DeadLetterConfig"]["Arn"]) == dead
    retries = stack.one("AWS::Lambda::EventInvokeConfig", "TriggersTaskEvents")
    assert flat(retries["DestinationConfig"]["OnFailure"]["Destination"]) == dead


def test_the_sweep_runs_every_minute(stack: Synthesized) -> None:
    rule = stack.one("AWS::Events::Rule", "TriggersEveryMinute")
    assert rule["ScheduleExpression"] == "rate(1 minute)"
    (target,) = rule["Targets"]
    assert stack.id_of("AWS::Lambda::Function", "FunctionsSweep") in flat(target["Arn"])


def test_a_sweep_that_crashes_or_cannot_be_called_leaves_a_dead_letter(stack: Synthesized) -> None:
    dead = f"<{stack.id_of('AWS::SQS::Queue', 'QueuesDeadEvents')}.Arn>"
    (target,) = stack.one("AWS::Events::Rule", "TriggersEveryMinute")["Targets"]
    assert flat(target["DeadLetterConfig"]["Arn"]) == dead
    retries = stack.one("AWS::Lambda::EventInvokeConfig", "TriggersSweep")
    assert retries["MaximumRetryAttempts"] == 0
    assert flat(retries["DestinationConfig"]["OnFailure"]["Destination"]) == dead


def test_every_queue_except_wake_ups_has_a_dead_letter_queue_with_an_alarm(stack: Synthesized) -> None:
    queues = stack.all("AWS::SQS::Queue")
    dead = {name for name in queues if name.startswith("QueuesDead")}
    for name in set(queues) - dead - {stack.id_of("AWS::SQS::Queue", "QueuesWakeUp")}:
        assert queues[name]["RedrivePolicy"]["deadLetterTargetArn"]["Fn::GetAtt"][0] in dead
    alarms = stack.all("AWS::CloudWatch::Alarm").values()
    depths = [each for each in alarms if each["MetricName"] == "ApproximateNumberOfMessagesVisible"]
    assert {(each["Threshold"], each["EvaluationPeriods"]) for each in depths} == {(0, 1)}
    assert sorted(each["Dimensions"][0]["Value"]["Fn::GetAtt"][0] for each in depths) == sorted(dead)


def test_launches_wait_70_seconds_after_a_crash(stack: Synthesized) -> None:
    """The message group is blocked for the visibility timeout: docs/operation.md says for how long."""
    queue = stack.one("AWS::SQS::Queue", "QueuesWakeUp")
    assert queue["VisibilityTimeout"] == 70


def test_queues_require_tls(stack: Synthesized) -> None:
    refused = {
        queue["Ref"]
        for policy in stack.all("AWS::SQS::QueuePolicy").values()
        for statement in policy["PolicyDocument"]["Statement"]
        if statement.get("Condition") == {"Bool": {"aws:SecureTransport": "false"}} and statement["Effect"] == "Deny"
        for queue in policy["Queues"]
    }
    assert refused == set(stack.all("AWS::SQS::Queue"))
