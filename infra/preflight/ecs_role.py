"""`make ecs-role`: the one thing that must be there before the stack, made once per account.

ECS makes its service-linked role by itself when it is first used, but a cluster with capacity providers is refused in that moment
("Unable to assume the service linked role", aws-cloudformation/cloudformation-coverage-roadmap issue 818), and
`AWS::IAM::ServiceLinkedRole` in a template fails in every account that has the role already.
"""

import sys
from collections.abc import Callable
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from infra.preflight.account import ECS_ROLE, Account
from infra.preflight.session import clients, region

__all__ = ["main", "make_role"]


def make_role(client: Callable[[str], Any]) -> str:
    """Make the service-linked role of ECS, unless the account has it, and say which of the two it was.

    Raises
    ------
    BotoCoreError, ClientError
        If AWS does not answer, or refuses.
    """
    if Account(client, region="any").has_role(ECS_ROLE):
        return f"{ECS_ROLE} is there already."
    client("iam").create_service_linked_role(AWSServiceName="ecs.amazonaws.com")
    return f"{ECS_ROLE} is made; it belongs to the account and stays when the stack goes."


def main() -> int:
    """Make the role.

    Returns
    -------
    int
        Exit code: 0, or 1 if AWS refused.
    """
    try:
        said = make_role(clients(region() or "us-east-1"))  # IAM is global
    except (BotoCoreError, ClientError) as failure:
        print(f"{failure}\nIt takes iam:GetRole and iam:CreateServiceLinkedRole.", file=sys.stderr)  # noqa: T201
        return 1
    print(said)  # noqa: T201 - this is the command line
    return 0


if __name__ == "__main__":
    sys.exit(main())
