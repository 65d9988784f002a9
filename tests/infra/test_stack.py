"""The stack as a whole."""

import json
import re

from tests.infra.synthesized import Synthesized, flat


def test_every_finding_of_cdk_nag_is_acknowledged(stack: Synthesized, operators: Synthesized) -> None:
    assert stack.findings == []
    assert operators.findings == []


def test_every_acknowledgment_is_a_sentence(stack: Synthesized) -> None:
    metadata = json.loads((stack.folder / "Scheduler.metadata.json").read_text())
    acknowledged = [
        each["data"]
        for entries in metadata.values()
        for each in entries
        if each["type"] == "aws:cdk:acknowledged-rules"
    ]
    reasons = [reason for data in acknowledged for finding, reason in data.items() if "AwsSolutions-" in finding]
    assert len(reasons) > 20
    assert all(len(reason.split()) >= 4 and reason.endswith(".") for reason in reasons)


def test_the_stack_has_the_documented_outputs(stack: Synthesized) -> None:
    outputs = stack.template["Outputs"]
    assert set(outputs) == {
        "ApiUrl",
        "Region",
        "BucketName",
        "ClusterName",
        "UserPolicyArn",
        "RunnerLogGroup",
        "EventBusName",
    }
    api = stack.id_of("AWS::ApiGateway::RestApi", "Api")
    url = flat(outputs["ApiUrl"]["Value"])
    assert url == f"https://<{api}>.execute-api.<AWS::Region>.<AWS::URLSuffix>/v1"
    assert flat(stack.function("Dispatch")["Environment"]["Variables"]["API_URL"]) == url


def test_the_stack_has_no_custom_resources_of_cdk(stack: Synthesized, operators: Synthesized) -> None:
    for found in (stack, operators):
        kinds = {resource["Type"] for resource in found.template["Resources"].values()}
        assert not [kind for kind in kinds if kind.startswith(("Custom::", "AWS::CloudFormation::CustomResource"))]
        assert len(found.all("AWS::Lambda::Function")) == 8


def test_the_stack_fits_any_account_and_region(stack: Synthesized) -> None:
    text = json.dumps(stack.template)
    assert not re.search(r"\b\d{12}\b", text)
    assert not re.search(r"\b(us|eu|ap)-[a-z]+-\d\b", text)


def test_every_log_group_has_a_retention(stack: Synthesized) -> None:
    groups = stack.all("AWS::Logs::LogGroup")
    assert len(groups) == 8 + 1 + 2
    assert all(group["RetentionInDays"] == 30 for group in groups.values())


def test_the_operator_chooses_the_name(operators: Synthesized) -> None:
    manifest = json.loads((operators.folder / "manifest.json").read_text())
    assert manifest["artifacts"]["Scheduler"]["properties"]["stackName"] == "theirs"


def test_retained_resources_are_deleted_by_a_failed_first_deployment(stack: Synthesized) -> None:
    """CloudFormation User Guide, DeletionPolicy: RetainExceptOnCreate deletes what the operation that is rolled back has made."""
    resources = stack.template["Resources"].values()
    policies = {(each.get("DeletionPolicy"), each.get("UpdateReplacePolicy")) for each in resources}
    assert policies == {(None, None), ("Delete", "Delete"), ("RetainExceptOnCreate", "Retain")}


def test_partition_and_url_suffix_come_from_the_region(stack: Synthesized, first: Synthesized) -> None:
    for found in (stack, first):
        text = json.dumps(found.template)
        assert "arn:aws:" not in text
        # What is left are principals of services, which are named alike in every partition.
        assert not re.findall(r"\.amazonaws\.com(?!\")", text)
    (container,) = first.one("AWS::ECS::TaskDefinition")["ContainerDefinitions"]
    assert flat(container["Image"]) == "123456789012.dkr.ecr.cn-north-1.<AWS::URLSuffix>/team/runner:7"
    repository = "arn:<AWS::Partition>:ecr:cn-north-1:123456789012:repository/team/runner"
    policy = first.one("AWS::IAM::Policy", "RunnersExecutionRole")
    assert repository in {flat(each["Resource"]) for each in policy["PolicyDocument"]["Statement"]}
