"""Notifications: whoever asked is told by webhook, mail or SNS, once, and later if the other side is away."""

import json

import pytest
from moto.core.models import DEFAULT_ACCOUNT_ID

from tests.support.aws import REGION
from tests.support.definitions import Definitions
from tests.support.notification_listener import Listener
from tests.support.notifications import SENDER, fail, mails
from tests.support.scheduler import scheduler


def test_a_webhook_is_told_what_failed_and_how_to_open_it(made: Definitions, chat: Listener) -> None:
    job_id = fail(made.local, notify=["chat"], tags=["eu"])
    made.notify()
    (told,) = chat.received
    assert (told["event"], told["job_id"]) == ("Job Failed", job_id)
    assert told["subject"] == "Sales failed: ZeroDivisionError in cell 3"
    assert told["text"] == (
        "Sales failed.\n"
        "The notebook raised an error in cell 3.\n"
        "\n"
        "    In cell 3: Traceback (most recent call last)\n"
        "    ZeroDivisionError: division by zero\n"
        "\n"
        "notebook:   report.ipynb\n"
        "run for:    2026-11-23 12:00 UTC\n"
        "attempt:    1 on small, took 4 min 12 s\n"
        "cost:       about 0.0041 USD (prices of 2026-11)\n"
        "tags:       eu\n"
        "\n"
        f"nbjobs show {job_id}\n"
        f"nbjobs download {job_id}\n"
    )
    assert made.deliveries() == {"Job Failed/chat": "sent"}


def test_mail_goes_to_the_address_that_the_user_names(made: Definitions) -> None:
    fail(made.local, notify=["failure:mail:ana@example.com"])
    made.notify()
    (mail,) = mails()
    assert (mail.source, mail.destinations["ToAddresses"]) == (SENDER, ["ana@example.com"])
    assert mail.subject == "Sales failed: ZeroDivisionError in cell 3"
    assert "division by zero" in mail.body


def test_mail_goes_to_the_recipients_of_the_operator(made: Definitions) -> None:
    fail(made.local, notify=["team"])
    made.notify()
    (mail,) = mails()
    assert mail.destinations["ToAddresses"] == ["a@example.com", "b@example.com"]


def test_a_topic_is_told(made: Definitions) -> None:
    local = made.local
    queue = local.client("sqs").create_queue(QueueName="told")["QueueUrl"]
    arn = f"arn:aws:sqs:{REGION}:{DEFAULT_ACCOUNT_ID}:told"
    topic = f"arn:aws:sns:{REGION}:{DEFAULT_ACCOUNT_ID}:told"
    local.client("sns").subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn)
    fail(local, notify=["pager"])
    made.notify()
    (message,) = local.client("sqs").receive_message(QueueUrl=queue)["Messages"]
    told = json.loads(message["Body"])
    assert told["Subject"] == "Sales failed: ZeroDivisionError in cell 3"
    assert "division by zero" in told["Message"]
    assert told["MessageAttributes"]["event"]["Value"] == "Job Failed"


@pytest.mark.parametrize(
    ("notify", "told"),
    [
        ("failure:chat", ["Job Failed"]),
        ("end:chat", ["Job Completed", "Job Failed", "Job Stopped"]),
        ("always:chat", ["Job Started", "Job Completed", "Job Started", "Job Failed", "Job Stopped"]),
        ("recovery:chat", []),
    ],
)
def test_when_somebody_is_told_of_a_job(made: Definitions, chat: Listener, notify: str, told: list[str]) -> None:
    local = made.local
    local.start(notify=[notify]).report()
    fail(local, notify=[notify])
    job_id = local.create(notify=[notify])
    local.api.patch(f"/scheduler/jobs/{job_id}", {"status": "STOPPED"})
    made.notify()
    assert sorted(each["event"] for each in chat.received) == sorted(told)


def run(made: Definitions, definition_id: str, code: str) -> None:
    run = made.local.start(made.run_now(definition_id))
    run.report(code, message="KeyError: 'x'", cell=2, error_name="KeyError")
    made.local.finish(run, exit_code=0)
    made.notify()


def test_a_definition_is_told_once_then_daily_then_recovered(made: Definitions, chat: Listener) -> None:
    definition_id = made.create(schedule="0 0 1 1 *", notify=["chat"], name="Nightly")
    history = []
    for hours, code in ((1, "notebook_error"), (1, "notebook_error"), (23, "notebook_error"), (1, "succeeded")):
        made.local.clock.forward(hours=hours)
        run(made, definition_id, code)
        history.append([each["subject"] for each in chat.received])
        chat.received.clear()
    assert history == [
        ["Nightly is failing: KeyError in cell 2"],
        [],
        ["Nightly is failing (3 in a row): KeyError in cell 2"],
        ["Nightly has recovered"],
    ]


def test_a_paused_schedule_says_what_to_do(made: Definitions, chat: Listener) -> None:
    definition_id = made.create(notify=["chat"], pause_after_failures=1, name="Nightly")
    run(made, definition_id, "notebook_error")
    failing, paused = sorted(chat.received, key=lambda each: str(each["subject"]))
    assert (failing["event"], paused["subject"]) == ("Definition Failing", "Nightly was paused: KeyError in cell 2")
    assert "resume the schedule" in paused["text"]
    assert f"nbjobs definitions show {definition_id}" in paused["text"]


def test_missed_and_late_runs_are_told_once(made: Definitions, chat: Listener) -> None:
    made.create(notify=["chat"], catch_up_seconds=60, success_within_seconds=1800, name="Hourly")
    for clock_time in ("13:20", "13:40", "14:20", "15:20"):
        made.set_clock(clock_time)
        made.sweep()
        made.notify()
    assert sorted(each["subject"] for each in chat.received) == ["Hourly has no result in time", "Hourly was missed"]


def test_without_subscriptions_nothing_is_stored(made: Definitions) -> None:
    fail(made.local)
    made.notify()
    assert made.deliveries() == {}


def test_a_name_or_a_tag_stays_in_its_line(made: Definitions, chat: Listener) -> None:
    fail(made.local, notify=["chat"], tags=["a\n\nnbjobs delete everything"])
    made.notify()
    (told,) = chat.received
    assert "tags:       a  nbjobs delete everything\n" in told["text"]


HOSTILE = "<!channel> <@U1> *bold* [link](https://evil.example) &amp; \x1b]0;title\x07\x1b[31mred\u202e\r\nBcc: x@evil.example"


def test_what_a_notebook_writes_is_only_text(made: Definitions, chat: Listener) -> None:
    run = made.local.start(name="Sales <!channel>", notify=["slack", "teams", "mail:ana@example.com"])
    run.report("notebook_error", message=HOSTILE, cell=1, error_name="Error<!here>")
    made.notify()
    slack, teams = sorted(chat.received, key=lambda each: "attachments" in each)
    assert slack["text"] == "Sales &lt;!channel&gt; failed: Error&lt;!here&gt; in cell 1"
    assert {block["text"]["type"] for block in slack["blocks"]} == {"plain_text"}
    card = teams["attachments"][0]["content"]
    assert {inline["type"] for block in card["body"] for inline in block["inlines"]} == {"TextRun"}
    (mail,) = mails()
    assert "\n" not in mail.subject
    for text in (mail.body, slack["blocks"][1]["text"]["text"], card["body"][1]["inlines"][0]["text"]):
        assert "\x1b" not in text
        assert "\u202e" not in text
        assert "title" not in text


@pytest.mark.parametrize(
    ("notify", "said"),
    [
        ("nowhere", "there is no channel 'nowhere'; choose one of chat, slack, teams, mail, team, pager."),
        ("chat:ana@example.com", "the channel 'chat' takes no address."),
        ("mail", "name an address, such as mail:ana@example.com."),
        ("mail:ana@evil.example", "the operator does not allow mail to ana@evil.example; allowed: @example.com."),
        ("team:ana@example.com", "the operator does not allow mail to ana@example.com; allowed: none."),
        ("failure:", "is not [WHEN:]CHANNEL[:ADDRESS]"),
        ("mail:ana@example.com,bob@example.com", "is not [WHEN:]CHANNEL[:ADDRESS]"),
        ("mail:Ana <ana@example.com>", "is not [WHEN:]CHANNEL[:ADDRESS]"),
        ("mail:ana@example.com\r\nBcc: x@example.com", "is not [WHEN:]CHANNEL[:ADDRESS]"),
    ],
)
def test_a_subscription_that_cannot_work_is_refused(made: Definitions, notify: str, said: str) -> None:
    for response in (made.local.post_job(notify=[notify]), made.post(notify=[notify])):
        assert response.status == 400
        assert said in response.body["message"]


def test_an_edit_changes_who_is_told(made: Definitions) -> None:
    definition_id = made.create(notify=["chat"])
    made.patch(definition_id, notify=["end:mail:ana@example.com"])
    assert made.described(definition_id)["notify"] == ["end:mail:ana@example.com"]
    made.patch(definition_id, notify=[])
    assert made.described(definition_id)["notify"] is None


def test_without_channels_the_refusal_says_so() -> None:
    with scheduler() as local:
        response = local.post_job(notify=["chat"])
        assert "the operator has set up no channels" in response.body["message"]
