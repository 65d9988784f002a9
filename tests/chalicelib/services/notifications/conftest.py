from collections.abc import Iterator

import pytest

from tests.support.definitions import Definitions
from tests.support.notification_listener import Listener, listen
from tests.support.notifications import SENDER, channels
from tests.support.scheduler import LocalScheduler, scheduler


@pytest.fixture
def chat() -> Iterator[Listener]:
    """A webhook."""
    with listen() as listener:
        yield listener


@pytest.fixture
def made(chat: Listener) -> Iterator[Definitions]:
    """Definitions with streams, in a scheduler with channels."""
    with scheduler() as local:
        secret = local.client("secretsmanager").create_secret(Name="chat", SecretString=chat.url)
        local.client("ses").verify_email_identity(EmailAddress=SENDER)
        local.client("sns").create_topic(Name="told")
        local.serve(channels(secret["ARN"]))
        made = Definitions(local)
        made.follow_streams()
        yield made


@pytest.fixture
def local(made: Definitions) -> LocalScheduler:
    return made.local
