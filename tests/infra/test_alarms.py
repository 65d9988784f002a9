"""Every kind of background work has an alarm, and docs/operation.md says which, where else it shows, and what to do."""

import pytest

from chalicelib.domain.background_work import BackgroundWork
from tests.docs.documents import table_rows
from tests.infra.synthesized import Synthesized, as_list, flat

SYMPTOMS = {"WaitingJobs", "ApiErrors", "DispatchErrors", "Throttles"}
"""Alarms that exist only if somebody is notified."""


def alarms(stack: Synthesized) -> dict[str, dict[str, object]]:
    """Give the stack's alarms by the name that their description begins with."""
    found = stack.all("AWS::CloudWatch::Alarm").values()
    return {str(each["AlarmDescription"]).partition(":")[0]: each for each in found}


def documented() -> dict[str, list[str]]:
    """Read the rows about background work."""
    rows = [row for row in table_rows("docs/operation.md") if row[0].startswith("`") and "`:" in row[0]]
    return {row[0].split("`")[1]: row for row in rows}


def named(cell: str) -> set[str]:
    return set(cell.split("`")[1::2])


def test_all_background_work_and_nothing_else_is_documented() -> None:
    assert documented().keys() == {work.value for work in BackgroundWork}


@pytest.mark.parametrize("work", BackgroundWork)
def test_background_work_is_documented_with_place_metric_alarm_and_advice(
    work: BackgroundWork, stack: Synthesized
) -> None:
    _, place, metric, alarm, what_to_do = documented()[work]
    assert place
    assert what_to_do
    assert "BackgroundFailures" in named(metric)
    assert named(alarm) >= {"BackgroundFailures"}
    assert named(alarm) <= alarms(stack).keys()


def test_every_alarm_belongs_to_background_work_or_is_explained(operators: Synthesized) -> None:
    of_duties = set().union(*(named(row[3]) for row in documented().values()))
    explained = {row[0].strip("`") for row in table_rows("docs/operation.md") if row[0].strip("`") in alarms(operators)}
    assert of_duties | explained == alarms(operators).keys()
    assert explained >= SYMPTOMS | {"BackgroundFailures", "RefusedCheckIns"}


def test_every_dead_letter_queue_is_documented(stack: Synthesized) -> None:
    explained = {row[0].strip("`") for row in table_rows("docs/operation.md") if row[0].startswith("`Dead")}
    assert explained == alarms(stack).keys() - {"BackgroundFailures", "RefusedCheckIns"}


def test_background_work_that_keeps_failing_raises_an_alarm(stack: Synthesized) -> None:
    """What is tried again every five minutes fails in at least three of six periods; what passes in one does not."""
    alarm = alarms(stack)["BackgroundFailures"]
    assert (alarm["Namespace"], alarm["MetricName"]) == ("JupyterScheduler", "BackgroundFailures")
    assert alarm["Dimensions"] == [{"Name": "service", "Value": "background"}]
    assert (alarm["Period"], alarm["DatapointsToAlarm"], alarm["EvaluationPeriods"]) == (300, 3, 6)
    assert (alarm["Threshold"], alarm["ComparisonOperator"]) == (0, "GreaterThanThreshold")
    assert alarm["TreatMissingData"] == "notBreaching"
    assert alarm["Statistic"] == "Sum"


def test_a_leaked_proof_raises_an_alarm_immediately(stack: Synthesized) -> None:
    """The service counts it in the api function, whose name is the metric's dimension."""
    alarm = alarms(stack)["RefusedCheckIns"]
    service = stack.function("Api")["Environment"]["Variables"]["POWERTOOLS_SERVICE_NAME"]
    assert (alarm["Namespace"], alarm["MetricName"]) == ("JupyterScheduler", "RefusedCheckIns")
    assert alarm["Dimensions"] == [{"Name": "service", "Value": service}]
    assert (alarm["Period"], alarm["DatapointsToAlarm"], alarm["EvaluationPeriods"]) == (300, 1, 1)
    assert (alarm["Threshold"], alarm["ComparisonOperator"]) == (0, "GreaterThanThreshold")
    assert (alarm["Statistic"], alarm["TreatMissingData"]) == ("Sum", "notBreaching")


def test_alarms_on_symptoms_exist_if_somebody_is_notified(
    stack: Synthesized, operators: Synthesized, first: Synthesized
) -> None:
    """Each costs as much as the others; nobody would hear them."""
    assert not alarms(stack).keys() & SYMPTOMS
    assert alarms(operators).keys() == alarms(first).keys() == alarms(stack).keys() | SYMPTOMS


def test_a_job_that_waits_for_longer_than_the_operator_chose_raises_an_alarm(
    operators: Synthesized, first: Synthesized
) -> None:
    for found, seconds in ((operators, 1800), (first, 3600)):
        alarm = alarms(found)["WaitingJobs"]
        assert (alarm["Namespace"], alarm["MetricName"]) == ("JupyterScheduler", "OldestWaitingSeconds")
        assert alarm["Dimensions"] == [{"Name": "service", "Value": "background"}]
        assert (alarm["Statistic"], alarm["Threshold"]) == ("Maximum", seconds)
        assert alarm["ComparisonOperator"] == "GreaterThanThreshold"
        assert (alarm["Period"], alarm["DatapointsToAlarm"], alarm["EvaluationPeriods"]) == (300, 1, 1)


def test_requests_that_keep_failing_raise_an_alarm(operators: Synthesized) -> None:
    """The average of `5XXError` is the share of requests (API Gateway Developer Guide, "Amazon API Gateway metrics")."""
    alarm = alarms(operators)["ApiErrors"]
    stage = operators.id_of("AWS::ApiGateway::Stage", "Api")
    assert (alarm["Namespace"], alarm["MetricName"], alarm["Statistic"]) == ("AWS/ApiGateway", "5XXError", "Average")
    assert {each["Name"]: flat(each["Value"]) for each in as_list(alarm["Dimensions"])} == {
        "ApiName": operators.one("AWS::ApiGateway::RestApi")["Name"],
        "Stage": f"<{stage}>",
    }
    assert (alarm["Threshold"], alarm["DatapointsToAlarm"], alarm["EvaluationPeriods"]) == (0.01, 3, 6)


def test_functions_that_keep_failing_without_a_dead_letter_raise_an_alarm(operators: Synthesized) -> None:
    """The dispatch function consumes its wake-ups; all functions of an account share its concurrent executions."""
    crashes, throttles = alarms(operators)["DispatchErrors"], alarms(operators)["Throttles"]
    function = operators.id_of("AWS::Lambda::Function", "FunctionsDispatchFunction")
    assert (crashes["Namespace"], crashes["MetricName"]) == ("AWS/Lambda", "Errors")
    assert crashes["Dimensions"] == [{"Name": "FunctionName", "Value": {"Ref": function}}]
    assert (throttles["Namespace"], throttles["MetricName"]) == ("AWS/Lambda", "Throttles")
    assert not throttles.get("Dimensions")
    for alarm in (crashes, throttles):
        assert (alarm["Statistic"], alarm["Threshold"]) == ("Sum", 0)
        assert (alarm["DatapointsToAlarm"], alarm["EvaluationPeriods"]) == (3, 6)


def test_every_function_but_dispatch_leaves_dead_letters_or_fails_requests(stack: Synthesized) -> None:
    """If this fails, a function that crashes may raise no alarm."""
    configured = (each["FunctionName"]["Ref"] for each in stack.all("AWS::Lambda::EventInvokeConfig").values())
    mappings = stack.all("AWS::Lambda::EventSourceMapping").values()
    queues = stack.all("AWS::SQS::Queue")
    with_dead_letters = {
        each["FunctionName"]["Ref"]
        for each in mappings
        if "DestinationConfig" in each or "RedrivePolicy" in queues.get(each["EventSourceArn"]["Fn::GetAtt"][0], {})
    }
    uncovered = stack.all("AWS::Lambda::Function").keys() - with_dead_letters - set(configured)
    assert uncovered == {
        stack.id_of("AWS::Lambda::Function", f"Functions{name}Function") for name in ("Api", "Dispatch")
    }


def test_unproven_requests_raise_no_alarm(stack: Synthesized) -> None:
    assert "UnprovenRequests" not in {alarm["MetricName"] for alarm in alarms(stack).values()}


def test_by_default_alarms_notify_nobody(stack: Synthesized) -> None:
    assert stack.all("AWS::SNS::Topic") == {}
    assert all("AlarmActions" not in alarm for alarm in alarms(stack).values())


def test_every_alarm_and_its_end_go_to_the_operators_mail_addresses(operators: Synthesized) -> None:
    (topic,) = operators.all("AWS::SNS::Topic")
    for alarm in alarms(operators).values():
        assert alarm["AlarmActions"] == alarm["OKActions"] == [{"Ref": topic}]
    subscriptions = operators.all("AWS::SNS::Subscription").values()
    assert sorted((each["Protocol"], each["Endpoint"]) for each in subscriptions) == [
        ("email", "night@example.org"),
        ("email", "ops@example.org"),
    ]


def test_only_alarms_of_the_account_may_publish(operators: Synthesized) -> None:
    (policy,) = operators.all("AWS::SNS::TopicPolicy").values()
    allowed = [each for each in policy["PolicyDocument"]["Statement"] if each["Effect"] == "Allow"]
    assert [(each["Action"], each["Principal"]) for each in allowed] == [
        ("sns:Publish", {"Service": "cloudwatch.amazonaws.com"})
    ]
    assert allowed[0]["Condition"] == {"StringEquals": {"aws:SourceAccount": {"Ref": "AWS::AccountId"}}}


def test_an_existing_topic_is_used(first: Synthesized) -> None:
    assert first.all("AWS::SNS::Topic") == {}
    for alarm in alarms(first).values():
        assert alarm["AlarmActions"] == ["arn:aws-cn:sns:cn-north-1:123456789012:operators"]
