"""A separate IAM user for a test on the local cloud. The service separates owners, so the user's lists are empty at first."""

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import boto3

from jupyter_scheduler_aws.client import Client
from local_cloud.access_keys import AccessKey
from tests.support.deployed import Deployed

__all__ = ["Owner", "new_owner", "new_user"]


@dataclass(frozen=True)
class Owner:
    """Somebody who may use the stack."""

    deployed: Deployed
    key: AccessKey

    @property
    def environment(self) -> dict[str, str]:
        """The environment variables for a tool of this user."""
        return self.deployed.environment_of(self.key)

    def client(self) -> Client:
        """Their client; close it."""
        session = boto3.Session(self.key.key_id, self.key.secret, region_name=self.deployed.region)
        return Client(self.deployed.api_url, region=self.deployed.region, session=session)


@contextmanager
def new_user(deployed: Deployed, *policy_arns: str) -> Iterator[AccessKey]:
    """Create an IAM user with only these policies. Delete the user at the end."""
    iam = deployed.administrator("iam")
    name = f"test-{secrets.token_hex(6)}"
    iam.create_user(UserName=name)
    for policy_arn in policy_arns:
        iam.attach_user_policy(UserName=name, PolicyArn=policy_arn)
    made = iam.create_access_key(UserName=name)["AccessKey"]
    try:
        yield AccessKey(key_id=made["AccessKeyId"], secret=made["SecretAccessKey"])
    finally:
        iam.delete_access_key(UserName=name, AccessKeyId=made["AccessKeyId"])
        for policy_arn in policy_arns:
            iam.detach_user_policy(UserName=name, PolicyArn=policy_arn)
        iam.delete_user(UserName=name)


@contextmanager
def new_owner(deployed: Deployed) -> Iterator[Owner]:
    """Create a user of the scheduler. Delete the user with all definitions and jobs at the end."""
    with new_user(deployed, deployed.user_policy_arn) as key:
        owner = Owner(deployed, key)
        try:
            yield owner
        finally:
            _delete_all(owner)


def _delete_all(owner: Owner) -> None:
    """Delete definitions first, which would create more jobs and whose jobs are deleted with them, then the other jobs."""
    with owner.client() as client:
        for definition in list(client.list_definitions()):
            client.delete_definition(definition.definition_id)
        client.delete_jobs([job.job_id for job in client.list_jobs() if not job.document.get("job_definition_id")])
