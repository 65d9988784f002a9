"""Create the IAM users of a local cloud: deployer, notebook user, and admin of the scheduler, with the permissions of a real account."""

import json
from pathlib import Path
from typing import Any, Final

import boto3

from local_cloud.access_keys import AccessKey, administrator_key, read_key, write_key
from local_cloud.paths import ACCOUNT_ID, ADMIN, REGION, LocalPaths

__all__ = ["Identities"]

_DEPLOYER: Final = "deployer"
_USER: Final = "notebook-user"

_ASSUME_BOOTSTRAP_ROLES: Final = {
    "Version": "2012-10-17",
    "Statement": [
        {"Effect": "Allow", "Action": "sts:AssumeRole", "Resource": f"arn:aws:iam::{ACCOUNT_ID}:role/cdk-*"},
    ],
}
"""The only permission that the deployer needs: the roles of the bootstrap have the others (CDK developer guide, "Permissions for the CDK CLI")."""


class Identities:
    """Create IAM users and their access keys; each method is idempotent.

    Parameters
    ----------
    paths
        The local cloud; it must be running.
    """

    def __init__(self, paths: LocalPaths) -> None:
        self._paths = paths
        key = administrator_key(paths.administrator_key)
        session = boto3.Session(key.key_id, key.secret, region_name=REGION)
        self._iam: Any = session.client("iam", endpoint_url=paths.endpoint_url)

    def deployer(self) -> AccessKey:
        """Return the key of a user who may only assume the roles of `cdk bootstrap`."""
        self._create_user(_DEPLOYER)
        document = json.dumps(_ASSUME_BOOTSTRAP_ROLES)
        self._iam.put_user_policy(UserName=_DEPLOYER, PolicyName="assume-bootstrap-roles", PolicyDocument=document)
        return self._key(_DEPLOYER, self._paths.deployer_key)

    def notebook_user(self, policy_arn: str) -> AccessKey:
        """Return the key of a user with one policy, the stack's output `UserPolicyArn`."""
        self._create_user(_USER)
        self._iam.attach_user_policy(UserName=_USER, PolicyArn=policy_arn)
        return self._key(_USER, self._paths.user_key)

    def admin(self, policy_arn: str) -> AccessKey:
        """Return the key of an admin of the scheduler: a user in IAM, whom the settings of the stack make an admin."""
        self._create_user(ADMIN)
        self._iam.attach_user_policy(UserName=ADMIN, PolicyArn=policy_arn)
        return self._key(ADMIN, self._paths.admin_key)

    def _create_user(self, name: str) -> None:
        try:
            self._iam.create_user(UserName=name)
        except self._iam.exceptions.EntityAlreadyExistsException:
            return

    def _key(self, user: str, path: Path) -> AccessKey:
        """Return the stored key, or a new one if the emulator does not have it."""
        existing = [key["AccessKeyId"] for key in self._iam.list_access_keys(UserName=user)["AccessKeyMetadata"]]
        if path.exists() and read_key(path).key_id in existing:
            return read_key(path)
        for key_id in existing:  # their secrets are lost
            self._iam.delete_access_key(UserName=user, AccessKeyId=key_id)
        created = self._iam.create_access_key(UserName=user)["AccessKey"]
        write_key(path, AccessKey(key_id=created["AccessKeyId"], secret=created["SecretAccessKey"]))
        return read_key(path)
