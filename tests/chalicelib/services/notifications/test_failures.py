"""Notifications that cannot be delivered: tried again for a day, and shown if they are given up."""

import json
from contextlib import suppress
from typing import Any

import pytest

from tests.support.definitions import Definitions
from tests.support.failures import Failures
from tests.support.faults import Always, Killed, KilledAfter, KilledBefore
from tests.support.notification_listener import Listener, listen
from tests.support.notifications import fail
from tests.support.scheduler import settings


def test_a_webhook_that_is_away_is_told_later(made: Definitions, failures: Failures) -> None:
    local = made.local
    with listen() as listener:
        port = listener.port
        local.client("secretsmanager").put_secret_value(SecretId="chat", SecretString=listener.url)
    fail(local, notify=["chat"])
    made.notify()
    assert made.deliveries() == {"Job Failed/chat": "waiting"}
    assert failures.counted() == ["notifications"]
    for minutes in (1, 2, 4):
        local.clock.forward(minutes=minutes)
        made.sweep()
        made.notify()
    assert made.deliveries() == {"Job Failed/chat": "waiting"}
    with listen(port) as listener:
        local.clock.forward(minutes=8)
        made.sweep()
        made.notify()
        assert [each["event"] for each in listener.received] == ["Job Failed"]
        local.clock.forward(hours=30)
        made.sweep()
        made.notify()
        assert len(listener.received) == 1
    assert made.deliveries() == {"Job Failed/chat": "sent"}


def test_a_webhook_that_stays_away_is_given_up_after_a_day_and_the_job_shows_it(made: Definitions) -> None:
    local = made.local
    with listen() as listener:
        local.client("secretsmanager").put_secret_value(SecretId="chat", SecretString=listener.url)
    job_id = fail(local, notify=["chat"])
    made.notify()
    attempts = 0
    while made.deliveries() == {"Job Failed/chat": "waiting"}:
        local.clock.forward(hours=1)
        made.sweep()
        made.notify()
        attempts += 1
        assert attempts < 30
    assert attempts == 24
    assert made.deliveries() == {"Job Failed/chat": "failed"}
    (warning,) = local.job(job_id)["warnings"]
    assert warning["code"] == "notification_failed"
    assert "'chat' was not told 'Job Failed': the webhook did not respond" in warning["message"]
    assert "secret-part" not in json.dumps(local.items("notifications"))
    (item,) = local.items("notifications")
    assert "due" not in item
    assert "expires_at" in item


@pytest.mark.parametrize(
    ("status", "state"),
    [(404, "failed"), (403, "failed"), (302, "failed"), (429, "waiting"), (408, "waiting"), (500, "waiting")],
)
def test_refusals_of_a_webhook(made: Definitions, chat: Listener, status: int, state: str) -> None:
    chat.status, chat.headers = status, {"location": "http://127.0.0.1:1/"}
    job_id = fail(made.local, notify=["chat"])
    made.notify()
    assert made.deliveries() == {"Job Failed/chat": state}
    assert len(chat.received) == 1
    shown = [each["message"] for each in made.local.job(job_id)["warnings"]]
    expected = f"'chat' was not told 'Job Failed': the webhook refused it with HTTP status {status}."
    assert shown == ([expected] if state == "failed" else [])


@pytest.mark.parametrize(
    "secret", ["http://example.com/hook", "ftp://127.0.0.1/", "not a URL", "", "https://[", "https:///hook"]
)
def test_a_secret_that_is_not_the_url_of_a_webhook(made: Definitions, secret: str) -> None:
    made.local.client("secretsmanager").put_secret_value(SecretId="chat", SecretString=secret or " ")
    fail(made.local, notify=["chat"])
    made.notify()
    (item,) = made.local.items("notifications")
    assert item["error"]["S"] == "the webhook's secret is not a URL that begins with https://."


@pytest.mark.parametrize(
    ("call", "code", "notify", "state"),
    [
        ("sesv2:SendEmail", "MessageRejected", "team", "failed"),
        ("sesv2:SendEmail", "TooManyRequestsException", "team", "waiting"),
        ("sesv2:SendEmail", "AccessDeniedException", "team", "waiting"),
        ("sns:Publish", "NotFound", "pager", "failed"),
        ("sns:Publish", "ThrottledException", "pager", "waiting"),
        ("secretsmanager:GetSecretValue", "ResourceNotFoundException", "chat", "waiting"),
        ("secretsmanager:GetSecretValue", "InternalServiceError", "chat", "waiting"),
    ],
)
def test_refusals_of_aws(made: Definitions, call: str, code: str, notify: str, state: str) -> None:
    fail(made.local, notify=[notify])
    made.local.hub.listeners.append(Always(code, call))
    made.notify()
    assert made.deliveries() == {f"Job Failed/{notify}": state}


def test_a_channel_that_the_operator_has_removed(made: Definitions) -> None:
    definition_id = made.create(notify=["chat"], schedule="0 0 1 1 *")
    run = made.local.start(made.run_now(definition_id))
    made.local.serve(settings())
    run.report("notebook_error")
    made.notify()
    assert made.deliveries() == {"Definition Failing/chat": "failed"}
    (problem,) = made.described(definition_id)["problems"]
    assert (problem["work"], problem["code"]) == ("notifications", "undelivered")
    assert "removed the channel 'chat'" in problem["message"]


@pytest.mark.parametrize("killed", [KilledBefore, KilledAfter])
def test_nothing_is_lost_and_little_is_repeated_when_a_function_is_killed(
    made: Definitions, chat: Listener, killed: Any
) -> None:
    """Each function is killed at each of its AWS calls in turn; the stream repeats a change, the sweep a delivery."""
    local = made.local
    for turn in range(20):
        chat.received.clear()
        fail(local, notify=["chat"])
        records = made.changes()
        fault = killed(None, turn)
        local.hub.listeners.append(fault)
        with suppress(Killed):
            made.deliver_changes(*records)
        with suppress(Killed):
            made.notify()
        local.hub.listeners.clear()
        made.deliver_changes(*records)
        made.notify()
        local.clock.forward(minutes=6)
        made.sweep()
        made.notify()
        assert 1 <= len(chat.received) <= 2, turn
        assert set(made.deliveries().values()) == {"sent"}, turn
        if not fault.has_happened:
            return
    pytest.fail("there are more calls")
