"""Real messages of ECS about containers that do not start, each with its source: AWS, or a public report."""

from typing import NamedTuple

__all__ = ["FAILED_STARTS", "REFUSED", "EcsMessage"]

_STOPPED = 'Amazon ECS developer guide, "Stopped tasks error messages" and its pages'
_PULL = 'Amazon ECS developer guide, "CannotPullContainer task errors"'
_START = 'Amazon ECS developer guide, "Troubleshooting TaskFailedToStart errors"'
_EVENTS = 'Amazon ECS developer guide, "Service event messages"'
_REASONS = 'Amazon ECS developer guide, "API failure reasons"'
_API = "Amazon ECS API reference, RunTask and common errors"
_MET = "public reports of ECS users, found by the text"


class EcsMessage(NamedTuple):
    text: str
    expected: str
    source: str
    names: str = ""
    """What the explanation must contain besides the message of AWS."""


_RESOURCES = "ResourceInitializationError: unable to pull secrets or registry auth: "

FAILED_STARTS = (
    EcsMessage(
        "Capacity is unavailable at this time. Please try again later or in a different availability zone",
        "no_capacity",
        _EVENTS,
        "no capacity",
    ),
    EcsMessage("You've reached the limit on the number of vCPUs you can run concurrently", "quota", _EVENTS, "quota"),
    EcsMessage("You've reached the limit on the number of tasks you can run concurrently", "quota", _EVENTS, "quota"),
    EcsMessage("Timeout waiting for network interface provisioning to complete.", "network_problem", _MET),
    EcsMessage("Timeout waiting for EphemeralStorage provisioning to complete.", "never_started", _MET),
    EcsMessage(
        "Unexpected EC2 error while attempting to Create Network Interface with public IP assignment enabled in subnet "
        "'subnet-1'",
        "no_capacity",
        _START,
        "no free addresses",
    ),
    EcsMessage(
        "Unexpected EC2 error while attempting to Create Network Interface in subnet 'subnet-1': "
        "InsufficientFreeAddressesInSubnet",
        "no_capacity",
        _MET,
        "no free addresses",
    ),
    EcsMessage(
        "Unexpected EC2 error while attempting to Create Network Interface in subnet 's': NetworkInterfaceLimitExceeded",
        "quota",
        "Amazon EC2 API reference, error codes",
    ),
    EcsMessage(
        "Unexpected EC2 error while attempting to tag the network interface: TagPolicyViolation",
        "network_problem",
        _MET,
    ),
    EcsMessage("InternalError: An unexpected error occurred", "never_started", _START),
    EcsMessage("TaskFailedToStart: RESOURCE:CPU", "no_capacity", _REASONS),
    EcsMessage(
        "ECS was unable to assume the role 'arn:aws:iam::111122223333:role/data' that was provided for this task. Please "
        "verify that the role being passed has the proper trust relationship and permissions and that your IAM user has "
        "permissions to pass this role.",
        "permission_problem",
        _EVENTS,
        "ecs-tasks.amazonaws.com",
    ),
    EcsMessage(
        _RESOURCES + "execution resource retrieval failed: unable to retrieve ecr registry auth: service call has been "
        "retried 3 time(s): RequestError: send request failed caused by: Post ecr: dial tcp 10.0.0.1:443: i/o timeout",
        "network_problem",
        _MET,
    ),
    EcsMessage(
        _RESOURCES + "The task cannot pull registry auth from Amazon ECR: There is a connection issue between the task "
        "and Amazon ECR. Check your task network configuration.",
        "network_problem",
        _STOPPED,
        "cannot reach AWS",
    ),
    EcsMessage(
        _RESOURCES
        + "execution resource retrieval failed: unable to retrieve secret from asm: AccessDeniedException: User: "
        "arn:aws:sts::111122223333:assumed-role/execution/x is not authorized to perform: secretsmanager:GetSecretValue on "
        "resource: arn:aws:secretsmanager:us-east-1:111122223333:secret:s",
        "permission_problem",
        _MET,
    ),
    EcsMessage(
        _RESOURCES + "unable to retrieve secret from asm: There is a connection issue between the task and AWS Secrets "
        "Manager",
        "network_problem",
        _MET,
    ),
    EcsMessage(
        "ResourceNotFoundException: The task can't retrieve the secret with ARN 'arn:x' from AWS Secrets Manager. Check "
        "whether the secret exists in the specified Region. Fetching secret data from AWS Secrets Manager in region "
        "us-east-1: secret arn:x: ResourceNotFoundException: Secrets Manager can't find the specified secret.",
        "configuration_problem",
        _STOPPED,
        "secret",
    ),
    EcsMessage(
        "ResourceInitializationError: unable to retrieve secret from asm: retrieved secret from Secrets Manager did not "
        "contain json key connectionString",
        "configuration_problem",
        _MET,
        "secret",
    ),
    EcsMessage(
        "ResourceInitializationError: failed to validate logger args: create stream has been retried 1 times: failed to "
        "create Cloudwatch log stream: ResourceNotFoundException: The specified log group does not exist.",
        "configuration_problem",
        _MET,
        "log group is missing",
    ),
    EcsMessage(
        "ResourceInitializationError: failed to validate logger args: The task cannot find the Amazon CloudWatch log group "
        "defined in the task definition. There is a connection issue between the task and Amazon CloudWatch. Check your "
        "network configuration. : signal: killed",
        "network_problem",
        _STOPPED,
        "cannot reach AWS",
    ),
    EcsMessage(
        "ResourceInitializationError: failed to validate logger args: : signal: killed", "network_problem", _MET
    ),
    EcsMessage(
        "ResourceInitializationError: failed to validate logger args: AccessDeniedException: User: x is not authorized to "
        "perform: logs:CreateLogStream on resource: arn:aws:logs:us-east-1:111122223333:log-group:g:log-stream:s",
        "permission_problem",
        _MET,
    ),
    EcsMessage(
        "CannotPullContainerError: pull image manifest has been retried 5 time(s): failed to resolve ref r/runner:1: r/runner:1: "
        "not found",
        "image_problem",
        _PULL,
    ),
    EcsMessage(
        "CannotPullContainerError: pull image manifest has been retried 7 time(s): image Manifest does not contain "
        "descriptor matching platform 'linux/amd64'",
        "image_problem",
        _MET,
        "different processor",
    ),
    EcsMessage("exec /opt/venv/bin/python: exec format error", "image_problem", _MET, "different processor"),
    EcsMessage(
        "CannotPullContainerError: ref pull has been retried 1 time(s): failed to extract layer sha256:9f45: write "
        "/var/lib/containerd/x: no space left on device: unknown",
        "image_problem",
        _PULL,
        "ephemeral_storage_gib",
    ),
    EcsMessage(
        "CannotPullContainerError: write /var/lib/docker/tmp/GetImageBlob111111111: no space left on device",
        "image_problem",
        _PULL,
        "ephemeral_storage_gib",
    ),
    EcsMessage(
        "CannotPullContainerError: ref pull has been retried 5 time(s): failed to copy: httpReadSeeker: failed open: "
        "dial tcp 10.0.0.1:443: i/o timeout",
        "network_problem",
        _PULL,
    ),
    EcsMessage(
        "CannotPullContainerError: API error (500): Get https://111122223333.dkr.ecr.us-east-1.amazonaws.com/v2/: net/http: "
        "request canceled while waiting for connection",
        "network_problem",
        _PULL,
    ),
    EcsMessage("CannotPullContainerError: context canceled", "network_problem", _PULL),
    EcsMessage(
        "CannotPullContainerError: The task can't pull the image. Check that the role has the permissions to pull images "
        "from the registry.",
        "image_problem",
        _PULL,
    ),
    EcsMessage(
        "CannotPullContainerError: The task can't pull the image. Check your network configuration",
        "network_problem",
        _PULL,
    ),
    EcsMessage("CannotPullContainerError: pull access denied", "image_problem", _PULL),
    EcsMessage(
        "CannotPullContainerError: ERROR: toomanyrequests: Too Many Requests.",
        "never_started",
        _PULL,
        "registry limits",
    ),
    EcsMessage(
        "CannotPullContainerError: You have reached your pull rate limit. You may increase the limit by authenticating",
        "never_started",
        _PULL,
        "registry limits",
    ),
    EcsMessage(
        "ContainerRuntimeTimeoutError: Could not transition to running; timed out after waiting 1m: <reason>",
        "never_started",
        _STOPPED,
    ),
    EcsMessage(
        'CannotStartContainerError: OCI runtime create failed: exec: "runner": executable file not found in $PATH',
        "image_problem",
        _MET,
        "lacks the runner",
    ),
    EcsMessage("CannotStartContainerError: failed to get container status: <reason>", "never_started", _STOPPED),
    EcsMessage("Task failed to start", "never_started", "the emulator of the local cloud"),
    EcsMessage("", "never_started", "ECS may leave a reason out"),
)


_FAMILY = "arn:aws:ecs:us-east-1:111122223333:task-definition/stack-python:7"

REFUSED = (
    (
        "AccessDeniedException",
        f"User: x is not authorized to perform: ecs:RunTask on resource: {_FAMILY}",
        "permission_problem",
    ),
    (
        "AccessDeniedException",
        "User: x is not authorized to perform: iam:PassRole on resource: arn:aws:iam::111122223333:role/capacity",
        "permission_problem",
    ),
    (
        "ClientException",
        "ECS was unable to assume the role 'arn:aws:iam::111122223333:role/x' that was provided for this task.",
        "permission_problem",
    ),
    (
        "InvalidParameterException",
        "Unable to assume the service linked role. Please verify that the ECS service linked role exists.",
        "permission_problem",
    ),
    ("ThrottlingException", "Rate exceeded", "throttled"),
    ("ThrottlingException", "Too many concurrent attempts to create a new task", "throttled"),
    ("ThrottlingException", "You've reached the limit on the number of vCPUs you can run concurrently", "quota"),
    ("ClientException", "You've reached the limit on the number of tasks you can run concurrently", "quota"),
    ("RequestLimitExceeded", "Request limit exceeded.", "throttled"),
    ("LimitExceededException", "The limit for the resource has been exceeded.", "quota"),
    ("ServerException", "Service Unavailable. Please try again later.", "throttled"),
    ("ServiceUnavailableException", "Try again.", "throttled"),
    ("InternalFailure", "", "throttled"),
    ("ClusterNotFoundException", "Cluster not found.", "configuration_problem"),
    ("ClientException", "TaskDefinition not found.", "configuration_problem"),
    ("InvalidParameterException", "No Fargate configuration exists for given values.", "configuration_problem"),
    (
        "InvalidParameterException",
        (
            "The specified capacity provider strategy cannot contain a capacity provider that is not associated with the "
            "cluster."
        ),
        "configuration_problem",
    ),
    ("BlockedException", "Your account is currently blocked.", "configuration_problem"),
    ("PlatformUnknownException", "The specified platform version doesn't exist.", "configuration_problem"),
    (
        "PlatformTaskDefinitionIncompatibilityException",
        "The specified platform version doesn't satisfy the required capabilities of the task definition.",
        "configuration_problem",
    ),
    ("UnsupportedFeatureException", "The specified task isn't supported in this Region.", "configuration_problem"),
    ("", "", "configuration_problem"),
)
"""Amazon ECS API reference, RunTask, and the same texts of service events."""
