"""Containers: sized by each launch, without a way in, in whose ever network."""

import json

from tests.infra.synthesized import Synthesized, flat


def test_a_task_definition_leaves_the_size_to_the_launch(stack: Synthesized) -> None:
    definition = stack.one("AWS::ECS::TaskDefinition")
    assert definition["Family"] == "jupyter-scheduler-python"
    assert (definition["Cpu"], definition["Memory"]) == ("1024", "4096")
    assert definition["NetworkMode"] == "awsvpc"
    assert definition["RuntimePlatform"] == {"CpuArchitecture": "X86_64", "OperatingSystemFamily": "LINUX"}
    assert "EphemeralStorage" not in definition
    (container,) = definition["ContainerDefinitions"]
    assert container["Name"] == "runner"
    assert not {"Memory", "MemoryReservation", "Cpu", "Environment", "Secrets"} & set(container)
    assert container["StopTimeout"] == 120
    assert container["LinuxParameters"]["InitProcessEnabled"] is True


def test_log_streams_are_named_as_the_service_looks_for_them(stack: Synthesized) -> None:
    (container,) = stack.one("AWS::ECS::TaskDefinition")["ContainerDefinitions"]
    options = container["LogConfiguration"]["Options"]
    assert options["awslogs-stream-prefix"] == "runner"
    assert options["awslogs-group"] == stack.function("Api")["Environment"]["Variables"]["RUNNER_LOG_GROUP"]


def test_a_notebook_never_waits_for_the_log(stack: Synthesized) -> None:
    (container,) = stack.one("AWS::ECS::TaskDefinition")["ContainerDefinitions"]
    options = container["LogConfiguration"]["Options"]
    assert options["mode"] == "non-blocking"
    assert options["max-buffer-size"] == f"{25 * 1024 * 1024}b"


def test_zones_are_the_first_two_or_those_that_the_operator_names(stack: Synthesized, first: Synthesized) -> None:
    assert [each["AvailabilityZone"] for each in stack.all("AWS::EC2::Subnet").values()] == [
        {"Fn::Select": [number, {"Fn::GetAZs": ""}]} for number in (0, 1)
    ]
    zones = [each["AvailabilityZone"] for each in first.all("AWS::EC2::Subnet").values()]
    assert zones == ["cn-north-1a", "cn-north-1b"]


def test_the_image_is_built_where_none_is_named(stack: Synthesized, operators: Synthesized) -> None:
    (container,) = stack.one("AWS::ECS::TaskDefinition")["ContainerDefinitions"]
    assert ".dkr.ecr." in str(container["Image"])
    images = {
        flat(each["ContainerDefinitions"][0]["Image"]) for each in operators.all("AWS::ECS::TaskDefinition").values()
    }
    assert images == {
        "123456789012.dkr.ecr.eu-central-1.<AWS::URLSuffix>/team/runner:7",
        "public.ecr.aws/team/runner:7",
    }


def test_the_image_s_context_is_just_what_its_dockerfile_takes(stack: Synthesized) -> None:
    (asset,) = json.loads((stack.folder / "Scheduler.assets.json").read_text())["dockerImages"].values()
    assert asset["source"]["dockerFile"] == "runner_container/Dockerfile"
    folder = stack.folder / asset["source"]["directory"]
    found = {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}
    assert {"runner_container/Dockerfile", "requirements/runner.txt", "runner_container/runner/__main__.py"} <= found
    rest = {path for path in found if not path.startswith("runner_container/runner/")}
    assert rest == {"runner_container/Dockerfile", "requirements/runner.txt"}
    assert not [path for path in found if "__pycache__" in path]


def test_an_environment_s_own_role_is_the_task_s(operators: Synthesized) -> None:
    roles = {each["Family"]: flat(each["TaskRoleArn"]) for each in operators.all("AWS::ECS::TaskDefinition").values()}
    empty = operators.id_of("AWS::IAM::Role", "RunnersTaskRole")
    assert roles == {"theirs-python": "arn:aws:iam::123456789012:role/data", "theirs-plain": f"<{empty}.Arn>"}


def test_on_demand_and_spot_are_both_offered(stack: Synthesized) -> None:
    assert stack.one("AWS::ECS::Cluster")["CapacityProviders"] == ["FARGATE", "FARGATE_SPOT"]


def test_the_stack_s_own_network_costs_nothing_and_lets_nothing_in(stack: Synthesized) -> None:
    assert not stack.all("AWS::EC2::NatGateway")
    assert len(stack.all("AWS::EC2::Subnet")) == 2
    assert [each["VpcEndpointType"] for each in stack.all("AWS::EC2::VPCEndpoint").values()] == ["Gateway"]
    assert "SecurityGroupIngress" not in stack.one("AWS::EC2::SecurityGroup")
    variables = stack.function("Dispatch")["Environment"]["Variables"]
    assert variables["ASSIGN_PUBLIC_IP"] == "ENABLED"
    assert flat(variables["SUBNETS"]).count(",") == 1


def test_an_operator_s_network_is_taken_as_it_is(operators: Synthesized) -> None:
    assert not operators.all("AWS::EC2::VPC")
    assert not operators.all("AWS::EC2::SecurityGroup")
    variables = operators.function("Dispatch")["Environment"]["Variables"]
    assert variables["SUBNETS"] == "subnet-01,subnet-02"
    assert variables["SECURITY_GROUPS"] == "sg-01"
    assert variables["ASSIGN_PUBLIC_IP"] == "DISABLED"


def test_the_operator_chooses_disk_and_insights(operators: Synthesized) -> None:
    disks = [each["EphemeralStorage"] for each in operators.all("AWS::ECS::TaskDefinition").values()]
    assert disks == [{"SizeInGiB": 50}] * 2
    settings = operators.one("AWS::ECS::Cluster")["ClusterSettings"]
    assert settings == [{"Name": "containerInsights", "Value": "enabled"}]
