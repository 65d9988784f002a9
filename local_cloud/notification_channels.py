"""The channels of notifications of a local cloud, which deliver to this machine: mail by the emulated SES, and a webhook.

`python -m local_cloud inbox` receives both.
"""

import json
from typing import Any, Final

import boto3

from local_cloud.access_keys import administrator_key
from local_cloud.addresses import HOST
from local_cloud.paths import REGION, LocalPaths

__all__ = ["SENDER", "notification_channels"]

SENDER: Final = "scheduler@example.com"
"""The verified sender of mails."""

_SECRET: Final = "inbox-webhook"  # noqa: S105 - its name


def notification_channels(paths: LocalPaths) -> str:
    """Create what the channels `mail` and `inbox` need; return the context of the deployment that declares them.

    Parameters
    ----------
    paths
        The local cloud; it must be running.
    """
    key = administrator_key(paths.administrator_key)
    session = boto3.Session(key.key_id, key.secret, region_name=REGION)
    ses: Any = session.client("ses", endpoint_url=paths.endpoint_url)
    ses.verify_email_identity(EmailAddress=SENDER)
    secret_arn = _secret(session.client("secretsmanager", endpoint_url=paths.endpoint_url), paths)
    channels = {
        "inbox": {"kind": "webhook", "secret_arn": secret_arn},
        "mail": {
            "kind": "email",
            "sender": SENDER,
            "recipients": ["you@example.com"],
            "allowed_recipients": ["@example.com"],
        },
    }
    return json.dumps(channels)


def _secret(secrets: Any, paths: LocalPaths) -> str:
    """Store the webhook's address, which has the port of this local cloud; return the secret's ARN."""
    url = f"http://{HOST}:{paths.webhook_port}/"
    try:
        return str(secrets.put_secret_value(SecretId=_SECRET, SecretString=url)["ARN"])
    except secrets.exceptions.ResourceNotFoundException:
        return str(secrets.create_secret(Name=_SECRET, SecretString=url)["ARN"])
