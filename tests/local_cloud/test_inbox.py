"""The inbox of a local cloud, and the mails of the emulated SES that wait for it."""

import json
import signal
import smtplib
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest

from local_cloud.errors import LocalCloudError
from local_cloud.inbox import Inbox
from local_cloud.paths import ROOT, LocalPaths
from tests.local_cloud.conftest import free_port

Received = list[tuple[str, str]]


def inbox(received: Received, mail_port: int, webhook_port: int) -> Inbox:
    return Inbox(
        mail_port=mail_port, webhook_port=webhook_port, receive=lambda kind, text: received.append((kind, text))
    )


def post(port: int, body: bytes) -> int:
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(urllib.request.Request(f"http://127.0.0.1:{port}/", body), timeout=10) as response:
        return int(response.status)


def test_mails_and_webhooks_arrive() -> None:
    received: Received = []
    mail_port, webhook_port = free_port(), free_port()
    message = EmailMessage()
    message["Subject"], message["From"], message["To"] = "Größe failed", "scheduler@example.com", "ana@example.com"
    message.set_content("It failed.\nIn cell 3.")
    with inbox(received, mail_port, webhook_port).open():
        with smtplib.SMTP("127.0.0.1", mail_port, timeout=10) as connection:
            connection.send_message(message)
        assert post(webhook_port, json.dumps({"subject": "s", "text": "t"}).encode()) == 204
        assert post(webhook_port, b"\xffnot JSON") == 204
        assert post(webhook_port, b"[]") == 204
    assert received == [
        ("mail", "To: ana@example.com\nSubject: Größe failed\n\nIt failed.\nIn cell 3."),
        ("webhook", "Subject: s\n\nt"),
        ("webhook", "\ufffdnot JSON"),
        ("webhook", "[]"),
    ]


def test_a_port_in_use_is_an_error_that_says_so() -> None:
    mail_port, webhook_port = free_port(), free_port()
    with (
        inbox([], mail_port, webhook_port).open(),
        pytest.raises(LocalCloudError, match=f"cannot listen on ports {mail_port} and"),
        inbox([], mail_port, free_port()).open(),
    ):
        pass


def test_the_command_prints_what_arrives_until_it_is_interrupted(tmp_path: Path) -> None:
    port = free_port()
    process = subprocess.Popen(
        [sys.executable, "-m", "local_cloud", "inbox"],
        cwd=ROOT,
        env={"PATH": "/usr/bin:/bin", "LOCAL_CLOUD_DIR": str(tmp_path), "LOCAL_CLOUD_PORT": str(port)},
        stdout=subprocess.PIPE,
        text=True,
        # A shell makes the programs that it starts in the background ignore this signal.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),  # noqa: PLW1509
    )
    assert process.stdout is not None
    try:
        assert f"webhooks on port {port + 2}" in process.stdout.readline()
        post(port + 2, json.dumps({"subject": "s", "text": "t"}).encode())
        assert [process.stdout.readline() for _ in range(4)] == ["--- webhook ---\n", "Subject: s\n", "\n", "t\n"]
    finally:
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=20) == 0
        process.stdout.close()


def test_a_mail_waits_until_somebody_receives_it(paths: LocalPaths, client: Callable[[str], Any]) -> None:
    client("ses").verify_email_identity(EmailAddress="scheduler@example.com")
    client("sesv2").send_email(
        FromEmailAddress="scheduler@example.com",
        Destination={"ToAddresses": ["ana@example.com"]},
        Content={"Simple": {"Subject": {"Data": "s"}, "Body": {"Text": {"Data": "t"}}}},
    )
    time.sleep(1)  # the first attempt fails meanwhile
    received: Received = []
    with inbox(received, paths.mail_port, free_port()).open():
        end = time.monotonic() + 30
        while not received and time.monotonic() < end:
            time.sleep(0.1)
    assert received == [("mail", "To: ana@example.com\nSubject: s\n\nt")]
