"""Permissions in the running emulator, over HTTP."""

import json
import secrets
from collections.abc import Callable, Mapping
from typing import Any, Final

import boto3
import httpx
import pytest
from botocore.exceptions import ClientError

from local_cloud.access_keys import administrator_key
from local_cloud.paths import ACCOUNT_ID, REGION, RUNNER_IMAGE, LocalPaths
from local_cloud.permission_record import Evaluation, read_record

Client = Callable[[str], Any]
Allow = Callable[..., Client]

ROLE: Final = f"arn:aws:iam::{ACCOUNT_ID}:role"
CLUSTER: Final = f"arn:aws:ecs:{REGION}:{ACCOUNT_ID}:cluster"
FAMILIES: Final = f"arn:aws:ecs:{REGION}:{ACCOUNT_ID}:task-definition"


def trust(principal: Mapping[str, str]) -> str:
    statement = {"Effect": "Allow", "Principal": principal, "Action": "sts:AssumeRole"}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


@pytest.fixture(scope="module")
def allow(client: Client, paths: LocalPaths) -> Allow:
    """Return a function that creates a role with statements, and returns clients with a session of it."""

    def allow(*statements: Mapping[str, Any]) -> Client:
        name = f"role-{secrets.token_hex(4)}"
        client("iam").create_role(RoleName=name, AssumeRolePolicyDocument=trust({"AWS": ACCOUNT_ID}))
        policy = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", **statement} for statement in statements]}
        client("iam").put_role_policy(RoleName=name, PolicyName="only", PolicyDocument=json.dumps(policy))
        session = client("sts").assume_role(RoleArn=f"{ROLE}/{name}", RoleSessionName="test")["Credentials"]
        keys = (session["AccessKeyId"], session["SecretAccessKey"], session["SessionToken"])
        return lambda service: boto3.client(service, REGION, None, True, None, paths.endpoint_url, *keys)  # type: ignore[call-overload]

    return allow


@pytest.fixture(scope="module", autouse=True)
def _ecs(client: Client) -> None:
    """Create two clusters and two families; the second revision of one has a role."""
    for name in ("task", "other"):
        client("iam").create_role(RoleName=name, AssumeRolePolicyDocument=trust({"Service": "ecs-tasks.amazonaws.com"}))
    for name in ("ours", "theirs"):
        client("ecs").create_cluster(clusterName=name)
    container = {"name": "runner", "image": RUNNER_IMAGE}
    for family, role in (("notebooks", {}), ("notebooks", {"taskRoleArn": f"{ROLE}/task"}), ("others", {})):
        client("ecs").register_task_definition(family=family, containerDefinitions=[container], **role)


def refusal(call: Callable[..., Any], **arguments: Any) -> str:
    with pytest.raises(ClientError) as refused:
        call(**arguments)
    assert "AccessDenied" in refused.value.response["Error"]["Code"], refused.value
    return refused.value.response["Error"]["Message"]


def launches(allow: Allow, *more: Mapping[str, Any]) -> Any:
    launch = {
        "Action": "ecs:RunTask",
        "Resource": f"{FAMILIES}/notebooks:*",
        "Condition": {"ArnEquals": {"ecs:cluster": f"{CLUSTER}/ours"}},
    }
    return allow(launch, *more)("ecs")


PASS: Final = {
    "Action": "iam:PassRole",
    "Resource": f"{ROLE}/task",
    "Condition": {"StringEquals": {"iam:PassedToService": "ecs-tasks.amazonaws.com"}},
}


def test_a_family_starts_its_newest_revision(allow: Allow) -> None:
    started = launches(allow, PASS).run_task(cluster="ours", taskDefinition="notebooks")
    assert started["tasks"][0]["taskDefinitionArn"].endswith("notebooks:2")


@pytest.mark.parametrize(("cluster", "family"), [("theirs", "notebooks"), ("ours", "others")])
def test_another_cluster_or_family_is_refused(allow: Allow, cluster: str, family: str) -> None:
    message = refusal(launches(allow, PASS).run_task, cluster=cluster, taskDefinition=family)
    assert "ecs:RunTask" in message


def test_a_role_is_passed_only_with_permission(allow: Allow) -> None:
    ecs = launches(allow)
    assert "iam:PassRole" in refusal(ecs.run_task, cluster="ours", taskDefinition="notebooks")
    assert ecs.run_task(cluster="ours", taskDefinition="notebooks:1")["tasks"], "this revision has no role"
    overrides = {"taskRoleArn": f"{ROLE}/other"}
    ecs = launches(allow, PASS)
    message = refusal(ecs.run_task, cluster="ours", taskDefinition="notebooks", overrides=overrides)
    assert "iam:PassRole" in message


def test_tags_of_a_launch_need_the_permission_to_tag(allow: Allow) -> None:
    tagged = {"cluster": "ours", "taskDefinition": "notebooks", "propagateTags": "TASK_DEFINITION"}
    assert "ecs:TagResource" in refusal(launches(allow, PASS).run_task, **tagged)
    tag = {
        "Action": "ecs:TagResource",
        "Resource": f"arn:aws:ecs:{REGION}:{ACCOUNT_ID}:task/ours/*",
        "Condition": {"StringEquals": {"ecs:CreateAction": "RunTask"}},
    }
    assert launches(allow, PASS, tag).run_task(**tagged)["tasks"]


def test_access_to_tasks_of_another_cluster_is_denied(allow: Allow, client: Client) -> None:
    statement = {
        "Action": ["ecs:StopTask", "ecs:DescribeTasks"],
        "Resource": f"arn:aws:ecs:{REGION}:{ACCOUNT_ID}:task/ours/*",
        "Condition": {"ArnEquals": {"ecs:cluster": f"{CLUSTER}/ours"}},
    }
    ecs = allow(statement)("ecs")
    for cluster in ("ours", "theirs"):
        task = client("ecs").run_task(cluster=cluster, taskDefinition="others")["tasks"][0]["taskArn"]
        if cluster == "ours":
            assert ecs.describe_tasks(cluster=cluster, tasks=[task])["tasks"]
            ecs.stop_task(cluster=cluster, task=task)
        else:
            assert "ecs:DescribeTasks" in refusal(ecs.describe_tasks, cluster=cluster, tasks=[task])
            assert "ecs:StopTask" in refusal(ecs.stop_task, cluster=cluster, task=task)


def test_access_to_schedules_of_another_group_is_denied(allow: Allow, client: Client) -> None:
    for group in ("ours", "theirs"):
        client("scheduler").create_schedule_group(Name=group)
    schedules = f"arn:aws:scheduler:{REGION}:{ACCOUNT_ID}:schedule/ours/*"
    write = {"Action": ["scheduler:CreateSchedule", "scheduler:DeleteSchedule"], "Resource": schedules}
    passes = {"Action": "iam:PassRole", "Resource": f"{ROLE}/task"}
    schedule = {
        "Name": "s",
        "ScheduleExpression": "rate(1 day)",
        "FlexibleTimeWindow": {"Mode": "OFF"},
        "Target": {"Arn": f"arn:aws:sqs:{REGION}:{ACCOUNT_ID}:ticks", "RoleArn": f"{ROLE}/task"},
    }
    scheduler = allow(write, passes)("scheduler")
    scheduler.create_schedule(GroupName="ours", **schedule)
    scheduler.delete_schedule(GroupName="ours", Name="s")
    elsewhere: list[dict[str, str]] = [{"GroupName": "theirs"}, {}]
    for other in elsewhere:
        assert "scheduler:CreateSchedule" in refusal(scheduler.create_schedule, **other, **schedule)
    assert "scheduler:DeleteSchedule" in refusal(scheduler.delete_schedule, GroupName="theirs", Name="s")
    without = allow(write)("scheduler")
    assert "iam:PassRole" in refusal(without.create_schedule, GroupName="ours", **schedule)


def test_a_batch_of_messages_needs_the_permission_for_one_message(allow: Allow, client: Client) -> None:
    url = client("sqs").create_queue(QueueName="batches")["QueueUrl"]
    queue = f"arn:aws:sqs:{REGION}:{ACCOUNT_ID}:batches"
    entries = [{"Id": "1", "MessageBody": "x"}]
    sender = allow({"Action": "sqs:SendMessage", "Resource": queue})("sqs")
    assert sender.send_message_batch(QueueUrl=url, Entries=entries)["Successful"]
    reader = allow({"Action": "sqs:ReceiveMessage", "Resource": queue})("sqs")
    assert "sqs:sendmessage" in refusal(reader.send_message_batch, QueueUrl=url, Entries=entries).lower()


def test_only_permitted_log_streams_can_be_read(allow: Allow, client: Client) -> None:
    logs = client("logs")
    logs.create_log_group(logGroupName="/g")
    for stream in ("runner/a", "other/a"):
        logs.create_log_stream(logGroupName="/g", logStreamName=stream)
    streams = f"arn:aws:logs:{REGION}:{ACCOUNT_ID}:log-group:/g:log-stream:runner/*"
    reader = allow({"Action": "logs:GetLogEvents", "Resource": streams})("logs")
    assert reader.get_log_events(logGroupName="/g", logStreamName="runner/a")["events"] == []
    assert "logs:GetLogEvents" in refusal(reader.get_log_events, logGroupName="/g", logStreamName="other/a")


@pytest.mark.parametrize(
    ("key_id", "secret"),
    [(None, "wrong"), (ACCOUNT_ID, "test"), ("test", "test"), ("AKIA0000000000000000", "x")],
    ids=["root with another secret", "account number", "test", "unknown"],
)
def test_only_the_root_key_has_root_permissions(paths: LocalPaths, key_id: str | None, secret: str) -> None:
    key_id = key_id or administrator_key(paths.administrator_key).key_id
    for service, call in (("dynamodb", "list_tables"), ("s3", "list_buckets"), ("ecs", "list_clusters")):
        client: Any = boto3.client(  # type: ignore[call-overload]
            service,
            region_name=REGION,
            endpoint_url=paths.endpoint_url,
            aws_access_key_id=key_id,
            aws_secret_access_key=secret,
        )
        with pytest.raises(ClientError) as refused:
            getattr(client, call)()
        assert refused.value.response["ResponseMetadata"]["HTTPStatusCode"] in (400, 403), service


def test_an_unsigned_request_is_refused(paths: LocalPaths, client: Client) -> None:
    client("s3").create_bucket(Bucket="private")
    client("s3").put_object(Bucket="private", Key="a", Body=b"secret")
    target = {"X-Amz-Target": "AmazonEC2ContainerServiceV20141113.ListClusters"}
    response = httpx.post(paths.endpoint_url, headers=target, json={}, timeout=30)
    assert response.status_code in (400, 403), response.text
    assert "ours" not in response.text
    assert httpx.get(f"{paths.endpoint_url}/private/a", timeout=30).status_code == 403
    assert httpx.put(f"{paths.endpoint_url}/private/b", content=b"x", timeout=30).status_code == 403


def test_loopback_counts_as_tls(client: Client) -> None:
    """A bucket with a policy for TLS only, like that of `cdk bootstrap`, accepts objects."""
    s3 = client("s3")
    s3.create_bucket(Bucket="tls-only")
    deny = {
        "Effect": "Deny",
        "Principal": "*",
        "Action": "s3:*",
        "Resource": ["arn:aws:s3:::tls-only", "arn:aws:s3:::tls-only/*"],
        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
    }
    s3.put_bucket_policy(Bucket="tls-only", Policy=json.dumps({"Version": "2012-10-17", "Statement": [deny]}))
    s3.put_object(Bucket="tls-only", Key="a", Body=b"x")
    assert s3.get_object(Bucket="tls-only", Key="a")["Body"].read() == b"x"


def test_evaluations_are_recorded(allow: Allow, paths: LocalPaths, daemon: Any) -> None:
    bucket = {"Action": "s3:PutObject", "Resource": "arn:aws:s3:::recorded/ours/*"}
    writer = allow(bucket)
    s3 = writer("s3")
    principal = writer("sts").get_caller_identity()["Arn"].split("/")[1]
    allow({"Action": "s3:CreateBucket", "Resource": "*"})("s3").create_bucket(Bucket="recorded")
    for key in ("ours/1", "ours/2"):
        s3.put_object(Bucket="recorded", Key=key)
    refusal(s3.put_object, Bucket="recorded", Key="theirs/1")
    daemon.stop()
    daemon.start()
    recorded = [evaluation for evaluation in read_record(paths.permission_record) if evaluation.principal == principal]
    common = {"principal": principal, "action": "s3:PutObject"}
    assert recorded == [
        Evaluation(resource="arn:aws:s3:::recorded/ours/*", allowed=True, count=2, **common),
        Evaluation(resource="arn:aws:s3:::recorded/theirs/*", allowed=False, count=1, **common),
    ]
