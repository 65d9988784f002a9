"""Channels of notifications, jobs that fail, and the mails that were sent."""

from typing import Any

from moto.core.models import DEFAULT_ACCOUNT_ID
from moto.ses.models import ses_backends

from chalicelib.config import SchedulerSettings
from tests.support.aws import REGION
from tests.support.scheduler import LocalScheduler, settings

__all__ = ["SENDER", "channels", "fail", "mails"]

SENDER = "jobs@example.com"


def channels(secret_arn: str, **changes: dict[str, Any]) -> SchedulerSettings:
    """Return settings with a channel of each kind."""
    topic = f"arn:aws:sns:{REGION}:{DEFAULT_ACCOUNT_ID}:told"
    found: dict[str, Any] = {
        "chat": {"kind": "webhook", "secret_arn": secret_arn},
        "slack": {"kind": "webhook", "secret_arn": secret_arn, "format": "slack"},
        "teams": {"kind": "webhook", "secret_arn": secret_arn, "format": "teams"},
        "mail": {"kind": "email", "sender": SENDER, "allowed_recipients": ["@example.com"]},
        "team": {"kind": "email", "sender": SENDER, "recipients": ["a@example.com", "b@example.com"]},
        "pager": {"kind": "topic", "topic_arn": topic},
    }
    return settings(channels=found | changes)


def fail(local: LocalScheduler, **fields: Any) -> str:
    """Create a job and let it fail; return its id."""
    run = local.start(name="Sales", **fields)
    message = "Traceback (most recent call last)\nZeroDivisionError: division by zero"
    local.clock.forward(minutes=4, seconds=12)
    run.report("notebook_error", message=message, cell=3, error_name="ZeroDivisionError")
    local.finish(run, exit_code=10)
    return run.path.split("/")[3]


def mails() -> list[Any]:
    return list(ses_backends[DEFAULT_ACCOUNT_ID][REGION].sent_messages)
