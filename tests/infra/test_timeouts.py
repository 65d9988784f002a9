"""No AWS call outlasts the function that makes it: time-outs and retries of every client that each function makes."""

from typing import Any

import pytest
from botocore.session import Session

from chalicelib.events import _SPARE_TIME
from chalicelib.factory import Factory
from chalicelib.resources import Resources
from chalicelib.storage.s3_copy import COPY_TIME
from infra.settings import read_settings
from tests.infra.synthesized import ROOT, Synthesized
from tests.infra.test_functions import SERVICES, VARIABLES


class _Session(Session):
    """Keeps the clients that it makes."""

    def __init__(self) -> None:
        super().__init__()
        self.set_config_variable("region", "eu-central-1")
        self.set_credentials("testing", "testing")
        self.made: list[Any] = []

    def create_client(self, *args: Any, **kwargs: Any) -> Any:
        made = super().create_client(*args, **kwargs)
        self.made.append(made)
        return made


def _clients_of(name: str, stack: Synthesized) -> list[Any]:
    """Make a function's services as it does; give every client that these use, pynamodb's too."""
    given = dict.fromkeys(stack.function(name)["Environment"]["Variables"], "x") | {"AWS_REGION": "eu-central-1"}
    session = _Session()
    settings = read_settings(ROOT / "scheduler.toml").service_part
    factory = Factory(settings=settings, resources=Resources(given), session=session)
    for service in SERVICES[name].split():
        getattr(factory, service)
    models = [value for key, value in vars(factory).items() if key.endswith("_item")]
    tables = [each._get_connection().connection.client for each in models]
    return [*session.made, *tables, factory._connection.client]


def longest_call_seconds(client: Any) -> float:
    """How long a call may take that fails at each attempt: botocore's standard mode waits up to 1 s, 2 s, … 20 s between these."""
    config = client.meta.config
    assert config.retries["mode"] == "standard"
    attempts = config.retries["total_max_attempts"]
    back_off = sum(min(2**retry, 20) for retry in range(attempts - 1))
    return float(attempts * (config.connect_timeout + config.read_timeout) + back_off)


@pytest.mark.parametrize("name", VARIABLES)
def test_a_call_ends_before_its_function(name: str, stack: Synthesized, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
    clients = _clients_of(name, stack)
    assert {each.meta.service_model.service_name for each in clients} >= {
        "dynamodb",
        {"Changes": "events", "Notifications": "dynamodb"}.get(name, "sqs"),
    }
    for client in clients:
        assert longest_call_seconds(client) < stack.function(name)["Timeout"], client.meta.service_model.service_name


def test_work_that_starts_late_can_finish(stack: Synthesized) -> None:
    """Dispatch and ticks begin nothing when this time is left: enough for a call, or for a copy and some calls."""
    assert _SPARE_TIME.total_seconds() > longest_call_seconds(_clients_of("Dispatch", stack)[0])
    assert _SPARE_TIME > COPY_TIME
    for name in ("Dispatch", "Ticks"):
        assert stack.function(name)["Timeout"] > _SPARE_TIME.total_seconds()


def test_a_copy_leaves_the_api_time_to_respond(stack: Synthesized) -> None:
    assert COPY_TIME.total_seconds() <= stack.function("Api")["Timeout"] / 2 + 0.5
