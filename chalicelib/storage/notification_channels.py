"""The channels of notifications: webhooks, mail by SES, and topics of SNS."""

import json
from collections.abc import Callable
from typing import Any, Final
from urllib.parse import urlsplit

import urllib3
from botocore.exceptions import BotoCoreError, ClientError

from chalicelib.channels import Channel, ChannelKind
from chalicelib.domain.notifications.delivery import Delivery
from chalicelib.domain.notifications.webhook_body import webhook_body
from chalicelib.storage.aws_errors import error_code

__all__ = ["ChannelError", "NotificationChannels"]

_TIMEOUT: Final = urllib3.Timeout(connect=3, read=7)
"""Of one request to a webhook [s]."""

_LOOPBACK: Final = ("127.0.0.1", "localhost", "::1")

_TEMPORARY: Final = frozenset({408, 425, 429})
"""HTTP status codes of refusals that may end: time-out, too early, too many requests (RFC 9110, 8470, 6585)."""

_PERMANENT: Final = frozenset(
    {
        "AuthorizationErrorException",
        "BadRequestException",
        "InvalidParameter",
        "InvalidParameterValue",
        "MailFromDomainNotVerifiedException",
        "MessageRejected",
        "NotFound",
        "NotFoundException",
    }
)
"""Error codes of SES and SNS after which the same message fails again (API references, SendEmail and Publish). A refused permission or a
missing secret is not among them, because an operator can restore it within the day."""

_SNS_SUBJECT_CHARACTERS: Final = 99
"""Subjects have fewer than 100 ASCII characters (SNS API reference, Publish)."""


class ChannelError(Exception):
    """A channel did not accept a message.

    Parameters
    ----------
    message
        What happened; never the URL of a webhook, which is a secret.
    is_permanent
        Whether the same message would be refused again.
    """

    def __init__(self, message: str, *, is_permanent: bool = False) -> None:
        super().__init__(message)
        self.is_permanent = is_permanent


class NotificationChannels:
    """Sends messages.

    Parameters
    ----------
    client
        Makes a client of an AWS service by its name; only the channels that are used make one.
    """

    def __init__(self, client: Callable[[str], Any]) -> None:
        self._client = client
        self._http = urllib3.PoolManager(timeout=_TIMEOUT, retries=False)

    def send(self, channel: Channel, delivery: Delivery) -> None:
        """Send one message.

        Raises
        ------
        ChannelError
            If the channel did not accept it.
        """
        try:
            if channel.kind is ChannelKind.WEBHOOK:
                self._post(channel, delivery)
            elif channel.kind is ChannelKind.EMAIL:
                self._send_mail(channel, delivery)
            else:
                self._publish(channel, delivery)
        except ClientError as error:
            code, text = error_code(error), error.response["Error"].get("Message", "")
            raise ChannelError(f"AWS says: {code}: {text}", is_permanent=code in _PERMANENT) from error
        except BotoCoreError as error:
            raise ChannelError(f"AWS did not respond: {type(error).__name__}") from error

    def _post(self, channel: Channel, delivery: Delivery) -> None:
        secret = self._client("secretsmanager").get_secret_value(SecretId=channel.secret_arn)
        url = secret.get("SecretString", "").strip()  # absent if the secret is binary
        if not _is_allowed(url):
            raise ChannelError("the webhook's secret is not a URL that begins with https://.")
        body = json.dumps(webhook_body(channel.format, delivery), ensure_ascii=False).encode()
        try:
            headers = {"content-type": "application/json; charset=utf-8"}
            response = self._http.request(
                "POST", url, body=body, headers=headers, redirect=False, preload_content=False
            )
            response.close()  # unread: it can be of any size
        except urllib3.exceptions.HTTPError as error:
            raise ChannelError(f"the webhook did not respond: {type(error).__name__}.") from None
        if response.status >= 300:  # noqa: PLR2004 - everything but success, with redirects
            is_permanent = response.status < 500 and response.status not in _TEMPORARY  # noqa: PLR2004
            raise ChannelError(f"the webhook refused it with HTTP status {response.status}.", is_permanent=is_permanent)

    def _send_mail(self, channel: Channel, delivery: Delivery) -> None:
        recipients = [delivery.address] if delivery.address else list(channel.recipients)
        if delivery.address and not channel.allows(delivery.address):
            raise ChannelError(f"the operator no longer allows mail to {delivery.address}.", is_permanent=True)
        self._client("sesv2").send_email(
            FromEmailAddress=channel.sender,
            Destination={"ToAddresses": recipients},
            Content={
                "Simple": {
                    "Subject": {"Data": delivery.subject, "Charset": "UTF-8"},
                    "Body": {"Text": {"Data": delivery.text, "Charset": "UTF-8"}},
                }
            },
        )

    def _publish(self, channel: Channel, delivery: Delivery) -> None:
        subject = delivery.subject.encode("ascii", "replace").decode()[:_SNS_SUBJECT_CHARACTERS]
        attributes = {"event": {"DataType": "String", "StringValue": delivery.event}}
        self._client("sns").publish(
            TopicArn=channel.topic_arn, Subject=subject, Message=delivery.text, MessageAttributes=attributes
        )


def _is_allowed(url: str) -> bool:
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    return bool(parts.hostname) and (
        parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in _LOOPBACK)
    )
