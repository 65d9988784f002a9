"""What a caller can choose from: sizes with prices, limits of options, and channels of notifications."""

from typing import Any

import pytest

from tests.support.definitions import Definitions
from tests.support.scheduler import ANNA, BOB, LocalScheduler, scheduler, settings

CONFIG = "/scheduler/config"
SECRET = "arn:aws:secretsmanager:us-east-1:123456789012:secret:team-a1b2c3"
TOPIC = "arn:aws:sns:us-east-1:123456789012:alerts"


def config_of(local: LocalScheduler) -> Any:
    return local.api.get(CONFIG).body


def test_sizes_have_prices(local: LocalScheduler) -> None:
    config = config_of(local)
    sizes = {each["name"]: each for each in config["compute_types"]}
    assert list(sizes) == ["small", "medium", "large", "small-spot"]
    assert sizes["small"] == {
        "name": "small",
        "vcpu": 1,
        "memory_gib": 4,
        "spot": False,
        "price_per_hour": round(0.04048 + 4 * 0.004445, 6),
    }
    assert sizes["small-spot"]["price_per_hour"] == round(0.3 * (0.04048 + 4 * 0.004445), 6)
    assert (config["currency"], config["prices_as_of"]) == ("USD", "2026-11")


def test_prices_are_the_operators() -> None:
    prices = {"vcpu_hour": 1, "gib_hour": 0.5, "spot_discount": 0.5, "currency": "EUR", "as_of": "2027-01"}
    with scheduler(settings(prices=prices)) as local:
        config = config_of(local)
        assert [each["price_per_hour"] for each in config["compute_types"]] == [3, 6, 12, 1.5]
        assert (config["currency"], config["prices_as_of"]) == ("EUR", "2027-01")


def test_sizes_are_those_of_the_callers_environments() -> None:
    python = settings().model_dump()["environments"]["python"]
    environments = {
        "python": {**python, "compute_types": ("medium", "small")},
        "finance": {**python, "compute_types": ("large",), "default_compute_type": None, "users": (ANNA,)},
    }
    with scheduler(settings(environments=environments)) as local:
        for api, names in ((local.api, ["medium", "small", "large"]), (local.api.as_user(BOB), ["medium", "small"])):
            assert [each["name"] for each in api.get(CONFIG).body["compute_types"]] == names


def test_limits_are_those_that_requests_meet(local: LocalScheduler, made: Definitions) -> None:
    limits = config_of(local)["limits"]
    assert limits == {
        "timeout_seconds": {"default": 86_400, "max": 604_800},
        "max_retries": {"default": 0, "max": 5},
        "catch_up_seconds": {"default": 3600, "max": 2_592_000},
        "job_retention_days": {"default": 90, "max": 36_500},
        "pause_after_failures": {"default": 10, "max": 1000},
    }
    plain = made.described(made.create())
    for name in ("timeout_seconds", "max_retries", "catch_up_seconds"):
        assert plain[name] == limits[name]["default"]
    for name, limit in limits.items():
        assert made.described(made.create(**{name: limit["max"]}))[name] == limit["max"]
        refused = made.post(**{name: limit["max"] + 1})
        assert (refused.status, refused.body["reason"]) == (400, name)


def test_limits_are_the_operators() -> None:
    limits = {
        "default_timeout_minutes": 5,
        "max_timeout_minutes": 6,
        "max_retries": 2,
        "pause_after_failures": 0,
    }
    with scheduler(settings(limits=limits, retention={"jobs_days": 0})) as local:
        assert config_of(local)["limits"] == {
            "timeout_seconds": {"default": 300, "max": 360},
            "max_retries": {"default": 0, "max": 2},
            "catch_up_seconds": {"default": 3600, "max": 2_592_000},
            "job_retention_days": {"default": 0, "max": 36_500},
            "pause_after_failures": {"default": 0, "max": 1000},
        }


@pytest.mark.parametrize(
    ("channel", "needs", "takes"),
    [
        ({"kind": "webhook", "secret_arn": SECRET}, False, False),
        ({"kind": "topic", "topic_arn": TOPIC}, False, False),
        ({"kind": "email", "sender": "a@example.com", "recipients": ["b@example.com"]}, False, False),
        ({"kind": "email", "sender": "a@example.com", "allowed_recipients": ["@example.com"]}, True, True),
        (
            {
                "kind": "email",
                "sender": "a@example.com",
                "recipients": ["b@example.com"],
                "allowed_recipients": ["@example.com"],
            },
            False,
            True,
        ),
    ],
    ids=str,
)
def test_channels_say_whether_they_need_an_address(channel: dict[str, Any], *, needs: bool, takes: bool) -> None:
    with scheduler(settings(channels={"team": channel})) as local:
        described = {"name": "team", "kind": channel["kind"], "needs_address": needs, "takes_address": takes}
        assert config_of(local)["notification_channels"] == [described]
        without = local.post_job(notify=["team"]).status
        with_address = local.post_job(notify=["team:ana@example.com"]).status
        assert (without == 200, with_address == 200) == (not needs, takes)


def test_without_channels_there_are_none(local: LocalScheduler) -> None:
    assert config_of(local)["notification_channels"] == []
