"""docs/costs.md counts what the stack has: whatever costs while nothing runs has its row."""

import json
import re

from tests.docs.documents import ROOT, table_rows
from tests.infra.synthesized import Synthesized, flat


def rows(start: str) -> list[list[str]]:
    return [row for row in table_rows("docs/costs.md") if row[0].startswith(start)]


def test_every_queue_that_lambda_polls_is_billed(stack: Synthesized) -> None:
    queues = {f"<{name}.Arn>" for name in stack.all("AWS::SQS::Queue")}
    sources = (each["EventSourceArn"]["Fn::GetAtt"] for each in stack.all("AWS::Lambda::EventSourceMapping").values())
    polled = [f"<{name}.{attribute}>" for name, attribute in sources if f"<{name}.{attribute}>" in queues]
    assert len(polled) == len(rows("SQS: Lambda polls"))


def test_every_alarm_and_every_secret_is_billed(stack: Synthesized) -> None:
    (alarms,), (secrets,) = rows("CloudWatch: the alarms"), rows("Secrets Manager")
    assert re.findall(r"\d+", alarms[1]) == [str(len(stack.all("AWS::CloudWatch::Alarm")))]
    assert re.findall(r"\d+", secrets[1]) == [str(len(stack.all("AWS::SecretsManager::Secret")))]


def test_the_dashboard_is_billed_as_one_of_those_that_are_free(stack: Synthesized) -> None:
    (dashboard,) = rows("CloudWatch: the dashboard")
    (body,) = (flat(each["DashboardBody"]) for each in stack.all("AWS::CloudWatch::Dashboard").values())
    shown = sum(len(each["properties"].get("metrics", [])) for each in json.loads(body)["widgets"])
    assert re.findall(r"\d+", dashboard[1]) == ["1", str(shown)]
    assert "first three" in dashboard[2]


def test_alarms_for_somebody_stay_within_the_ten_that_are_free(stack: Synthesized, operators: Synthesized) -> None:
    fewer, more = (len(found.all("AWS::CloudWatch::Alarm")) for found in (stack, operators))
    assert fewer < more <= 10
    text = (ROOT / "docs/costs.md").read_text(encoding="utf-8")
    assert f"{more - fewer} more alarms" in text


def test_no_alarm_costs_more_than_one_metric(operators: Synthesized) -> None:
    assert all("MetricName" in alarm for alarm in operators.all("AWS::CloudWatch::Alarm").values())


def test_no_other_resource_is_billed_by_the_hour(stack: Synthesized) -> None:
    kinds = {resource["Type"] for resource in stack.template["Resources"].values()}
    by_the_hour = {"AWS::EC2::NatGateway", "AWS::EC2::EIP", "AWS::WAFv2::WebACL", "AWS::KMS::Key", "AWS::ECS::Service"}
    assert not kinds & by_the_hour
    assert {each["VpcEndpointType"] for each in stack.all("AWS::EC2::VPCEndpoint").values()} <= {"Gateway"}
