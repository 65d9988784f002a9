"""The channels of notifications, `[channels.<name>]` in `scheduler.toml`."""

from enum import StrEnum
from typing import Annotated, Final, Self

from pydantic import Field, StringConstraints, model_validator

from chalicelib.section import Section

__all__ = ["Channel", "ChannelKind", "WebhookFormat", "check_channel_names"]

_MAIL_ADDRESS: Final = r"^[^@\s<>,;:]+@[^@\s<>,;:]+\.[^@\s<>,;:]+$"

_RESERVED: Final = frozenset({"failure", "end", "always", "recovery"})
"""Words that say when somebody is notified, and stand where a channel's name can stand."""


class ChannelKind(StrEnum):
    """How a channel delivers notifications."""

    WEBHOOK = "webhook"
    EMAIL = "email"
    TOPIC = "topic"


class WebhookFormat(StrEnum):
    """The body that a webhook expects."""

    JSON = "json"
    SLACK = "slack"
    TEAMS = "teams"


class Channel(Section):
    """A named way to notify people; users choose among the names."""

    kind: ChannelKind = Field(description="`webhook`, `email` (Amazon SES), or `topic` (Amazon SNS).")
    secret_arn: Annotated[str, StringConstraints(pattern=r"^arn:aws[a-z-]*:secretsmanager:\S+:secret:\S+$")] | None = (
        Field(
            default=None,
            description="Of a webhook: the secret in Secrets Manager whose text is the URL, with https, or http on loopback.",
        )
    )
    format: WebhookFormat = Field(
        default=WebhookFormat.JSON,
        description="Of a webhook: `slack`, `teams` (a workflow's webhook), or `json` (`subject`, `text`, `event` and ids).",
    )
    sender: Annotated[str, StringConstraints(pattern=_MAIL_ADDRESS)] | None = Field(
        default=None, description="Of email: the address that you verified in SES, itself or by its domain."
    )
    recipients: tuple[Annotated[str, StringConstraints(pattern=_MAIL_ADDRESS)], ...] = Field(
        default=(), max_length=50, description="Of email: who gets the notifications of users who name no address."
    )
    allowed_recipients: tuple[Annotated[str, StringConstraints(pattern=r"^[^@\s]*@[^@\s]+$")], ...] = Field(
        default=(),
        description="Of email: addresses that users may name; `@example.com` allows all of the domain.",
    )
    topic_arn: Annotated[str, StringConstraints(pattern=r"^arn:aws[a-z-]*:sns:[a-z0-9-]+:\d{12}:[\w-]+$")] | None = (
        Field(default=None, description="Of a topic: the SNS topic.")
    )

    @model_validator(mode="after")
    def _is_consistent(self) -> Self:
        own = {
            ChannelKind.WEBHOOK: {"secret_arn", "format"},
            ChannelKind.EMAIL: {"sender", "recipients", "allowed_recipients"},
            ChannelKind.TOPIC: {"topic_arn"},
        }[self.kind]
        others = {name: field.default for name, field in type(self).model_fields.items() if name not in own | {"kind"}}
        if foreign := [name for name, default in others.items() if getattr(self, name) != default]:
            raise ValueError(f"{', '.join(foreign)} does not apply to a channel of kind {self.kind}")
        required = {ChannelKind.WEBHOOK: "secret_arn", ChannelKind.EMAIL: "sender", ChannelKind.TOPIC: "topic_arn"}[
            self.kind
        ]
        if getattr(self, required) is None:
            raise ValueError(f"{required} is missing for a channel of kind {self.kind}")
        if self.kind is ChannelKind.EMAIL and not self.recipients and not self.allowed_recipients:
            raise ValueError("recipients or allowed_recipients is missing: the channel could send to nobody")
        return self

    def allows(self, address: str) -> bool:
        """Whether users may name this mail address; case does not matter."""
        domain = address[address.rindex("@") :].lower()
        return any(allowed.lower() in (address.lower(), domain) for allowed in self.allowed_recipients)


def check_channel_names(channels: dict[str, Channel]) -> dict[str, Channel]:
    """Return the channels if their names cannot be mistaken for something else.

    Raises
    ------
    ValueError
        If a name is a word that says when somebody is notified.
    """
    if reserved := sorted(_RESERVED & channels.keys()):
        raise ValueError(f"{reserved[0]!r} cannot be a name, because it says when somebody is notified")
    return channels
