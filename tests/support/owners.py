"""An IAM user of a test's own on the local cloud: the service keeps owners apart, so its lists begin empty."""

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
        """What a tool of theirs is started with."""
        return self.deployed.environment_of(self.key)

    def client(self) -> Client:
        """Their client; close it."""
        session = boto3.Session(self.key.key_id, self.key.secret, region_name=self.deployed.region)
        return Client(self.deployed.api_url, region=self.deployed.region, session=session)


@contextmanager
def new_user(deployed: Deployed, *policy_arns: str) -> Iterator[AccessKey]:
    """Make an IAM user with these policies and nothing else; in the end delete the user."""
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
    """Make a user of the scheduler; in the end delete their definitions and jobs, and the user."""
    with new_user(deployed, deployed.user_policy_arn) as key:
        owner = Owner(deployed, key)
        try:
            yield owner
        finally:
            _delete_all(owner)


def _delete_all(owner: Owner) -> None:
    """Delete definitions, which would make more jobs and whose own jobs go with them, then the other jobs."""
    with owner.client() as client:
        for definition in list(client.list_definitions()):
            client.delete_definition(definition.definition_id)
        client.delete_jobs([job.job_id for job in client.list_jobs() if not job.document.get("job_definition_id")])
