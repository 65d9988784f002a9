"""`make ecs-role`: creates the service-linked role of ECS, once per account.

ECS creates the role when it is first used, but the first cluster with capacity providers then fails ("Unable to assume the service
linked role", aws-cloudformation/cloudformation-coverage-roadmap issue 818) because the role is not yet usable. A template cannot
create it, either: `AWS::IAM::ServiceLinkedRole` fails in an account that already has the role.
"""

import sys
from collections.abc import Callable
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from infra.preflight.account import ECS_ROLE, error_code
from infra.preflight.session import clients, region

__all__ = ["create_role", "main"]


def create_role(client: Callable[[str], Any]) -> str:
    """Create the service-linked role of ECS, unless it exists, and return a line that says what happened.

    Raises
    ------
    BotoCoreError, ClientError
        If there is no response, or AWS returns an error.
    """
    try:
        client("iam").create_service_linked_role(AWSServiceName="ecs.amazonaws.com")
    except ClientError as failure:
        if error_code(failure) == "InvalidInput" and "has been taken" in str(failure):
            return f"{ECS_ROLE} already exists."
        raise
    return f"Created {ECS_ROLE}. It belongs to the account and stays when the stack is destroyed."


def main() -> int:
    """Create the role.

    Returns
    -------
    int
        Exit code: 0, or 1 if the call failed.
    """
    try:
        message = create_role(clients(region() or "us-east-1"))  # IAM is global
    except (BotoCoreError, ClientError) as failure:
        print(f"{failure}\nThis command needs iam:CreateServiceLinkedRole.", file=sys.stderr)  # noqa: T201
        return 1
    print(message)  # noqa: T201 - this is the command line
    return 0


if __name__ == "__main__":
    sys.exit(main())
