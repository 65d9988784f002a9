"""Containers: sized by each launch, without a way in, in whose ever network."""

import json
from pathlib import Path

import pytest

from tests.infra.synthesized import ROOT, Synthesized, as_list, flat, synthesize

DOCKER_DEFAULT = {
    *("AUDIT_WRITE", "CHOWN", "DAC_OVERRIDE", "FOWNER", "FSETID", "KILL", "MKNOD", "NET_BIND_SERVICE", "NET_RAW"),
    *("SETFCAP", "SETGID", "SETPCAP", "SETUID", "SYS_CHROOT"),
}
"""What a container has that nothing is dropped from (Docker documentation, Runtime privilege and Linux capabilities)."""


def test_a_launch_chooses_the_size_of_the_task(stack: Synthesized) -> None:
    definition = stack.one("AWS::ECS::TaskDefinition")
    assert definition["Family"] == "jupyter-scheduler-python"
    assert (definition["Cpu"], definition["Memory"]) == ("1024", "4096")
    assert definition["NetworkMode"] == "awsvpc"
    assert definition["RuntimePlatform"] == {"CpuArchitecture": "X86_64", "OperatingSystemFamily": "LINUX"}
    assert "EphemeralStorage" not in definition
    (container,) = definition["ContainerDefinitions"]
    assert container["Name"] == "runner"
    assert not {"Memory", "MemoryReservation", "Cpu"} & set(container)
    assert container["StopTimeout"] == 120


def test_only_ecs_injects_the_runner_key(stack: Synthesized, operators: Synthesized) -> None:
    """`DescribeTasks`, task events and the task definition show where the key is, not the key."""
    for found in (stack, operators):
        secret = found.id_of("AWS::SecretsManager::Secret", "RunnerKey")
        assert len(found.all("AWS::SecretsManager::Secret")) == 1, "each costs 40 cents a month"
        for definition in found.all("AWS::ECS::TaskDefinition").values():
            (container,) = definition["ContainerDefinitions"]
            ((handed_out,),) = (container["Secrets"],)
            assert (handed_out["Name"], flat(handed_out["ValueFrom"])) == ("RUNNER_KEY", f"<{secret}.Id>")
        readers = {
            flat(role)
            for policy in found.all("AWS::IAM::Policy").values()
            for statement in policy["PolicyDocument"]["Statement"]
            if any("secretsmanager" in action for action in as_list(statement["Action"]))
            if f"<{secret}.Id>" in map(flat, as_list(statement["Resource"]))
            for role in policy["Roles"]
        }
        assert readers == {
            f"<{found.id_of('AWS::IAM::Role', 'RunnersExecutionRole')}>",
            f"<{found.id_of('AWS::IAM::Role', 'FunctionsApiRole')}>",
        }


def test_a_container_has_no_unnecessary_privileges(stack: Synthesized, operators: Synthesized) -> None:
    for definition in [stack.one("AWS::ECS::TaskDefinition"), *operators.all("AWS::ECS::TaskDefinition").values()]:
        (container,) = definition["ContainerDefinitions"]
        assert container["User"] == "0:0", "the container's init; it runs the notebook as a user without rights"
        assert container["ReadonlyRootFilesystem"] is True
        assert not container.get("Privileged")
        linux = container["LinuxParameters"]
        assert linux["InitProcessEnabled"] is False
        assert set(linux["Capabilities"]) == {"Drop"}
        assert DOCKER_DEFAULT - set(linux["Capabilities"]["Drop"]) == {"CHOWN", "KILL", "SETGID", "SETUID"}


def test_home_and_temporary_folders_are_writable(stack: Synthesized) -> None:
    definition = stack.one("AWS::ECS::TaskDefinition")
    (container,) = definition["ContainerDefinitions"]
    mounts = {each["ContainerPath"]: each["SourceVolume"] for each in container["MountPoints"] if not each["ReadOnly"]}
    assert mounts == {"/home": "home", "/tmp": "tmp"}
    # Without a host, ECS makes a bind mount on the task's own storage.
    assert definition["Volumes"] == [{"Name": "home"}, {"Name": "tmp"}]


def test_volumes_and_user_of_the_image_match_the_task_definition(stack: Synthesized) -> None:
    lines = (ROOT / "runner_container/Dockerfile").read_text().splitlines()
    (volumes,) = [json.loads(line.removeprefix("VOLUME ")) for line in lines if line.startswith("VOLUME ")]
    (container,) = stack.one("AWS::ECS::TaskDefinition")["ContainerDefinitions"]
    assert volumes == [each["ContainerPath"] for each in container["MountPoints"]]
    assert f"USER {container['User']}" in lines
    for uid in (10001, 10002):
        assert any(f"--uid {uid} " in line for line in lines)


def test_the_operator_chooses_the_processor(stack: Synthesized, operators: Synthesized) -> None:
    assert stack.one("AWS::ECS::TaskDefinition")["RuntimePlatform"]["CpuArchitecture"] == "X86_64"
    platforms = [each["RuntimePlatform"] for each in operators.all("AWS::ECS::TaskDefinition").values()]
    assert platforms == [{"CpuArchitecture": "ARM64", "OperatingSystemFamily": "LINUX"}] * 2


@pytest.mark.parametrize(("architecture", "platform"), [("x86_64", "linux/amd64"), ("arm64", "linux/arm64")])
def test_the_image_is_built_for_the_processor(tmp_path: Path, architecture: str, platform: str) -> None:
    settings = tmp_path / "scheduler.toml"
    text = (ROOT / "scheduler.toml").read_text()
    settings.write_text(f'{text}\n[runners]\narchitecture = "{architecture}"\n')
    built = synthesize(tmp_path / "cdk.out", {"settings": str(settings)})
    (asset,) = json.loads((built.folder / "Scheduler.assets.json").read_text())["dockerImages"].values()
    assert asset["source"]["platform"] == platform


def test_log_streams_have_the_names_that_the_service_reads(stack: Synthesized) -> None:
    (container,) = stack.one("AWS::ECS::TaskDefinition")["ContainerDefinitions"]
    options = container["LogConfiguration"]["Options"]
    assert options["awslogs-stream-prefix"] == "runner"
    assert options["awslogs-group"] == stack.function("Api")["Environment"]["Variables"]["RUNNER_LOG_GROUP"]


def test_logging_never_blocks_a_notebook(stack: Synthesized) -> None:
    (container,) = stack.one("AWS::ECS::TaskDefinition")["ContainerDefinitions"]
    options = container["LogConfiguration"]["Options"]
    assert options["mode"] == "non-blocking"
    assert options["max-buffer-size"] == f"{25 * 1024 * 1024}b"


def test_zones_are_the_first_two_unless_the_operator_chooses(stack: Synthesized, first: Synthesized) -> None:
    assert [each["AvailabilityZone"] for each in stack.all("AWS::EC2::Subnet").values()] == [
        {"Fn::Select": [number, {"Fn::GetAZs": ""}]} for number in (0, 1)
    ]
    zones = [each["AvailabilityZone"] for each in first.all("AWS::EC2::Subnet").values()]
    assert zones == ["cn-north-1a", "cn-north-1b"]


def test_the_image_is_built_if_an_environment_names_none(stack: Synthesized, operators: Synthesized) -> None:
    (container,) = stack.one("AWS::ECS::TaskDefinition")["ContainerDefinitions"]
    assert ".dkr.ecr." in str(container["Image"])
    images = {
        flat(each["ContainerDefinitions"][0]["Image"]) for each in operators.all("AWS::ECS::TaskDefinition").values()
    }
    assert images == {
        "123456789012.dkr.ecr.eu-central-1.<AWS::URLSuffix>/team/runner:7",
        "public.ecr.aws/team/runner:7",
    }


def test_the_build_context_contains_only_what_the_dockerfile_uses(stack: Synthesized) -> None:
    (asset,) = json.loads((stack.folder / "Scheduler.assets.json").read_text())["dockerImages"].values()
    assert asset["source"]["dockerFile"] == "runner_container/Dockerfile"
    folder = stack.folder / asset["source"]["directory"]
    found = {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}
    assert {"runner_container/Dockerfile", "requirements/runner.txt", "runner_container/runner/__main__.py"} <= found
    rest = {path for path in found if not path.startswith(("runner_container/runner/", "runner_container/image/"))}
    assert rest == {"runner_container/Dockerfile", "requirements/runner.txt", "requirements/uv.txt"}
    assert not [path for path in found if "__pycache__" in path]


def test_a_task_has_the_role_of_its_environment_or_none(stack: Synthesized, operators: Synthesized) -> None:
    """Credentials of a role without policies still count where a bucket or key is open to the account."""
    definitions = operators.all("AWS::ECS::TaskDefinition").values()
    roles = {each["Family"]: each.get("TaskRoleArn") for each in definitions}
    assert roles == {"theirs-python": "arn:aws:iam::123456789012:role/data", "theirs-plain": None}
    assert "TaskRoleArn" not in stack.one("AWS::ECS::TaskDefinition")
    for found in (stack, operators):
        assert [name for name in found.all("AWS::IAM::Role") if name.startswith("Runners")] == [
            found.id_of("AWS::IAM::Role", "RunnersExecutionRole")
        ]


def test_the_cluster_offers_on_demand_and_spot(stack: Synthesized) -> None:
    assert stack.one("AWS::ECS::Cluster")["CapacityProviders"] == ["FARGATE", "FARGATE_SPOT"]


def test_the_stacks_own_network_is_free_and_allows_no_inbound_traffic(stack: Synthesized) -> None:
    assert not stack.all("AWS::EC2::NatGateway")
    assert len(stack.all("AWS::EC2::Subnet")) == 2
    assert [each["VpcEndpointType"] for each in stack.all("AWS::EC2::VPCEndpoint").values()] == ["Gateway"]
    assert "SecurityGroupIngress" not in stack.one("AWS::EC2::SecurityGroup")
    variables = stack.function("Dispatch")["Environment"]["Variables"]
    assert variables["ASSIGN_PUBLIC_IP"] == "ENABLED"
    assert flat(variables["SUBNETS"]).count(",") == 1


def test_egress_allows_everything_or_only_https(stack: Synthesized, first: Synthesized) -> None:
    def let_out(found: Synthesized) -> list[tuple[str, str, int | None, int | None]]:
        group = found.one("AWS::EC2::SecurityGroup")
        assert "SecurityGroupIngress" not in group
        return [
            (each.get("CidrIp") or each["CidrIpv6"], each["IpProtocol"], each.get("FromPort"), each.get("ToPort"))
            for each in group["SecurityGroupEgress"]
        ]

    assert let_out(stack) == [("0.0.0.0/0", "-1", None, None)]
    assert let_out(first) == [("0.0.0.0/0", "tcp", 443, 443), ("::/0", "tcp", 443, 443)]


def test_an_operators_network_is_not_changed(operators: Synthesized) -> None:
    assert not operators.all("AWS::EC2::VPC")
    assert not operators.all("AWS::EC2::SecurityGroup")
    variables = operators.function("Dispatch")["Environment"]["Variables"]
    assert variables["SUBNETS"] == "subnet-01,subnet-02"
    assert variables["SECURITY_GROUPS"] == "sg-01"
    assert variables["ASSIGN_PUBLIC_IP"] == "DISABLED"


def test_the_operator_chooses_disk_and_container_insights(operators: Synthesized) -> None:
    disks = [each["EphemeralStorage"] for each in operators.all("AWS::ECS::TaskDefinition").values()]
    assert disks == [{"SizeInGiB": 50}] * 2
    settings = operators.one("AWS::ECS::Cluster")["ClusterSettings"]
    assert settings == [{"Name": "containerInsights", "Value": "enabled"}]
