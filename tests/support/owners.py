"""An IAM user of a test's own on the local cloud: the service keeps owners apart, so its lists begin empty."""

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import boto3

from jupyter_scheduler_aws.client import Client
from tests.support.deployed import Deployed

__all__ = ["Owner", "new_owner"]


@dataclass(frozen=True)
class Owner:
    """Somebody who may use the stack."""

    deployed: Deployed
    key_id: str
    secret: str

    @property
    def environment(self) -> dict[str, str]:
        """What a tool of theirs is started with."""
        return self.deployed.environment | {"AWS_ACCESS_KEY_ID": self.key_id, "AWS_SECRET_ACCESS_KEY": self.secret}

    def client(self) -> Client:
        """Their client; close it."""
        session = boto3.Session(self.key_id, self.secret, region_name=self.deployed.region)
        return Client(self.deployed.api_url, region=self.deployed.region, session=session)


@contextmanager
def new_owner(deployed: Deployed) -> Iterator[Owner]:
    """Make a user; in the end delete their definitions and jobs, and the user."""
    iam: Any = deployed.session.client("iam", endpoint_url=deployed.endpoint_url)
    name = f"browser-{secrets.token_hex(4)}"
    iam.create_user(UserName=name)
    key = iam.create_access_key(UserName=name)["AccessKey"]
    owner = Owner(deployed, key["AccessKeyId"], key["SecretAccessKey"])
    try:
        yield owner
    finally:
        _delete_all(owner)
        iam.delete_access_key(UserName=name, AccessKeyId=owner.key_id)
        iam.delete_user(UserName=name)


def _delete_all(owner: Owner) -> None:
    """Delete definitions first: they would make more jobs."""
    with owner.client() as client:
        for definition in list(client.list_definitions()):
            client.delete_definition(definition.definition_id)
        client.delete_jobs([job.job_id for job in client.list_jobs()])
