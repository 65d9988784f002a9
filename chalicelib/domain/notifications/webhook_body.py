"""The bodies that webhooks expect. A notebook can have written any part of a message, so no part of it is markup."""

from typing import Any, Final

from chalicelib.channels import WebhookFormat
from chalicelib.domain.notifications.delivery import Delivery

__all__ = ["webhook_body"]

_SLACK_CHARACTERS: Final = 2900
"""A text of Slack's section block has at most 3,000 characters (Slack's Block Kit reference)."""


def webhook_body(form: WebhookFormat, delivery: Delivery) -> dict[str, Any]:
    """Return the JSON body of a webhook's request."""
    if form is WebhookFormat.SLACK:
        return _slack(delivery)
    if form is WebhookFormat.TEAMS:
        return _teams(delivery)
    return {
        "id": delivery.delivery_id,
        "event": delivery.event,
        "owner_id": delivery.owner_id,
        "job_id": delivery.job_id,
        "job_definition_id": delivery.job_definition_id,
        "subject": delivery.subject,
        "text": delivery.text,
    }


def _slack(delivery: Delivery) -> dict[str, Any]:
    """Use `plain_text`, in which Slack finds no links, mentions or formats. The `text` outside of the blocks is for its notifications."""
    escaped = delivery.subject.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return {
        "text": escaped,
        "mrkdwn": False,
        "blocks": [
            _slack_block("header", delivery.subject[:150]),
            _slack_block("section", delivery.text[:_SLACK_CHARACTERS]),
        ],
    }


def _slack_block(kind: str, text: str) -> dict[str, Any]:
    return {"type": kind, "text": {"type": "plain_text", "text": text, "emoji": False}}


def _teams(delivery: Delivery) -> dict[str, Any]:
    """Use an Adaptive Card with text runs, in which Teams interprets no Markdown (Adaptive Cards schema, TextRun)."""
    runs = [
        {"type": "TextRun", "text": delivery.subject, "weight": "Bolder"},
        {"type": "TextRun", "text": f"\n\n{delivery.text}", "fontType": "Monospace"},
    ]
    card = {
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
        "type": "AdaptiveCard",
        "version": "1.4",
        "body": [{"type": "RichTextBlock", "inlines": [run]} for run in runs],
    }
    return {
        "type": "message",
        "attachments": [{"contentType": "application/vnd.microsoft.card.adaptive", "content": card}],
    }
