"""What the operator allows, and what a crontab means."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from jupyter_scheduler_aws.api.documents import read_response
from jupyter_scheduler_aws.api.response_models import Environment
from jupyter_scheduler_aws.client import Client
from jupyter_scheduler_aws.connector.error_messages import panel_message
from jupyter_scheduler_aws.crontab_words import describe_crontab
from jupyter_scheduler_aws.errors import InvalidRequestError

__all__ = ["MAX_TIMES", "explain_schedule", "millis", "service_config"]

MAX_TIMES: Final = 5
"""How many due times are shown."""

_DOLLARS: Final = "USD"


def service_config(client: Client) -> Mapping[str, Any]:
    """Return what the user can choose from: environments, sizes, limits and channels. It takes two requests.

    An older service states only the environments; the rest is then empty.
    """
    environments = [_environment(each) for each in client.environments()]
    return {"environments": environments, **read_response(_choices, client.config())}


def explain_schedule(client: Client, crontab: str, timezone: str | None) -> Mapping[str, Any]:
    """Return a crontab in words with its next due times, or why the service refuses it or its zone. It takes one request."""
    try:
        explanation = client.explain_crontab(crontab, timezone=timezone)
    except InvalidRequestError as error:
        return {"words": None, "next_run_times": [], "problem": panel_message(error)}
    times = [millis(time) for time in explanation.next_run_times[:MAX_TIMES]]
    return {"words": describe_crontab(explanation.schedule), "next_run_times": times, "problem": None}


def millis(time: datetime) -> int:
    """Return a time [ms UTC]."""
    return round(time.timestamp() * 1000)


def _environment(environment: Environment) -> Mapping[str, Any]:
    return {
        "name": environment.name,
        "description": environment.description,
        "compute_types": environment.compute_types,
        "default_compute_type": environment.default_compute_type,
        "output_formats": [
            {"name": item["name"], "label": item["label"]} for item in environment.document["output_formats"]
        ],
    }


def _choices(config: Mapping[str, Any]) -> Mapping[str, Any]:
    in_dollars = config.get("currency") == _DOLLARS
    return {
        "compute_types": [
            {
                "name": item["name"],
                "vcpu": item["vcpu"],
                "memory_gib": item["memory_gib"],
                "spot": item["spot"],
                "usd_per_hour": item["price_per_hour"] if in_dollars else None,
                "price_per_hour": item["price_per_hour"],
            }
            for item in config.get("compute_types", ())
        ],
        "currency": config.get("currency"),
        "prices_as_of": config.get("prices_as_of"),
        "limits": config.get("limits", {}),
        "notification_channels": config.get("notification_channels", ()),
    }
