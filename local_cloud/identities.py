"""The IAM users of a local cloud: who deploys, who runs notebooks, who is an admin of the scheduler. None may do more than on a real account."""

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
"""All that a deployment needs of its caller: the bootstrap's roles do the rest (CDK developer guide, "Permissions for the CDK CLI")."""


class Identities:
    """Makes IAM users and their access keys; repeating it changes nothing.

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
        """Return the key of a user who may assume the roles of `cdk bootstrap`, and nothing else."""
        self._create_user(_DEPLOYER)
        document = json.dumps(_ASSUME_BOOTSTRAP_ROLES)
        self._iam.put_user_policy(UserName=_DEPLOYER, PolicyName="assume-bootstrap-roles", PolicyDocument=document)
        return self._key(_DEPLOYER, self._paths.deployer_key)

    def notebook_user(self, policy_arn: str) -> AccessKey:
        """Return the key of a user who has one policy, the stack's output `UserPolicyArn`."""
        self._create_user(_USER)
        self._iam.attach_user_policy(UserName=_USER, PolicyArn=policy_arn)
        return self._key(_USER, self._paths.user_key)

    def admin(self, policy_arn: str) -> AccessKey:
        """Return the key of an admin of the scheduler: IAM grants them no more than a user, the stack's settings name them."""
        self._create_user(ADMIN)
        self._iam.attach_user_policy(UserName=ADMIN, PolicyArn=policy_arn)
        return self._key(ADMIN, self._paths.admin_key)

    def _create_user(self, name: str) -> None:
        try:
            self._iam.create_user(UserName=name)
        except self._iam.exceptions.EntityAlreadyExistsException:
            return

    def _key(self, user: str, path: Path) -> AccessKey:
        """Return the key that was stored, or a new one if the emulator does not know it."""
        existing = [each["AccessKeyId"] for each in self._iam.list_access_keys(UserName=user)["AccessKeyMetadata"]]
        if path.exists() and read_key(path).key_id in existing:
            return read_key(path)
        for key_id in existing:  # nobody has their secrets
            self._iam.delete_access_key(UserName=user, AccessKeyId=key_id)
        made = self._iam.create_access_key(UserName=user)["AccessKey"]
        write_key(path, AccessKey(key_id=made["AccessKeyId"], secret=made["SecretAccessKey"]))
        return read_key(path)
