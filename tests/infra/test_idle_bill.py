"""docs/costs.md counts what the stack has: whatever costs while nothing runs has its row."""

import re

from tests.docs.documents import table_rows
from tests.infra.synthesized import Synthesized


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


def test_no_other_resource_is_billed_by_the_hour(stack: Synthesized) -> None:
    kinds = {resource["Type"] for resource in stack.template["Resources"].values()}
    by_the_hour = {"AWS::EC2::NatGateway", "AWS::EC2::EIP", "AWS::WAFv2::WebACL", "AWS::KMS::Key", "AWS::ECS::Service"}
    assert not kinds & by_the_hour
    assert {each["VpcEndpointType"] for each in stack.all("AWS::EC2::VPCEndpoint").values()} <= {"Gateway"}
