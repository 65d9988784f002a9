"""The fixture `deployed`: the stack on the local cloud that `LOCAL_CLOUD_DIR` names, or a failure that says how to start it.

A test module that uses it has `pytestmark = pytest.mark.local_cloud` and `from tests.support.deployed import deployed`.
"""

import json
import os
import urllib.error
import urllib.request
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
import pytest

from local_cloud.access_keys import AccessKey, read_key

__all__ = ["Deployed", "deployed"]

_ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True, kw_only=True)
class Deployed:
    """Access to the deployed stack."""

    api_url: str
    """The stage URL, without `/scheduler`."""

    region: str
    endpoint_url: str
    """The address of every emulated AWS service."""

    user_policy_arn: str
    """The policy for users."""

    folder: Path
    """The local cloud's folder: logs, state, `env`."""

    @property
    def session(self) -> boto3.Session:
        """Credentials of an IAM user who has the users' policy and nothing else."""
        return self._session("user-key.json")

    @property
    def admin_session(self) -> boto3.Session:
        """Credentials of an IAM user whom the stack's settings name as an admin."""
        return self._session("scheduler-admin-key.json")

    def _session(self, file: str) -> boto3.Session:
        key = read_key(self.folder / file)
        return boto3.Session(key.key_id, key.secret, region_name=self.region)

    def administrator(self, service: str) -> Any:
        """Return a client of an AWS service that may do everything in the emulated account."""
        session = self._session("administrator-key.json")
        return session.client(service, endpoint_url=self.endpoint_url)  # type: ignore[call-overload]

    def environment_of(self, key: AccessKey) -> dict[str, str]:
        """Return the variables that a command line tool of a person is started with.

        They are this machine's, without any that are about another AWS account.
        """
        own = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
        return own | {
            "JUPYTER_SCHEDULER_AWS_URL": self.api_url,
            "AWS_REGION": self.region,
            "AWS_DEFAULT_REGION": self.region,
            "AWS_ENDPOINT_URL": self.endpoint_url,
            **key.environment,
            "AWS_EC2_METADATA_DISABLED": "true",
        }

    @property
    def environment(self) -> dict[str, str]:
        """The variables of `session`'s user."""
        return self.environment_of(read_key(self.folder / "user-key.json"))


@pytest.fixture(scope="session")
def deployed() -> Deployed:
    """Fail, rather than skip, if there is no local cloud, because a suite that did not run has not passed."""
    folder = (_ROOT / os.environ.get("LOCAL_CLOUD_DIR", ".local-cloud")).resolve()
    connection = folder / "connection.json"
    if not connection.exists():
        pytest.fail(f"There is no local cloud in {folder}; run `make up`.", pytrace=False)
    found = Deployed(folder=folder, **json.loads(connection.read_text(encoding="utf-8")))
    if not _responses(found.api_url):
        pytest.fail(f"The local cloud of {folder} does not answer at {found.api_url}; run `make up`.", pytrace=False)
    return found


def _responses(api_url: str) -> bool:
    """Check whether the API rejects an unsigned request, as it must."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        opener.open(f"{api_url}/scheduler/health", timeout=30).close()
    except urllib.error.HTTPError as refused:
        with refused:
            return refused.code == 403
    except OSError:
        return False
    return True
