"""Documents of the service that several tests use."""

from typing import Any

from tests.jupyter_scheduler_aws.fake_definitions import START

__all__ = ["ATTEMPTS", "CONFIG", "ENVIRONMENT", "WARNING"]

ENVIRONMENT = {
    "name": "python",
    "label": "python",
    "description": "Python with pandas",
    "file_extensions": ["ipynb"],
    "output_formats": [{"name": "ipynb", "label": "Notebook"}, {"name": "html", "label": "HTML"}],
    "metadata": {},
    "compute_types": ["small", "large"],
    "default_compute_type": "small",
    "utc_only": False,
}

CONFIG: dict[str, Any] = {
    "supported_features": {"job_name": True},
    "manage_environments_command": "",
    "compute_types": [
        {"name": "small", "vcpu": 1, "memory_gib": 4, "spot": False, "price_per_hour": 0.05826},
        {"name": "large", "vcpu": 4, "memory_gib": 16, "spot": True, "price_per_hour": 0.069912},
    ],
    "currency": "USD",
    "prices_as_of": "2026-11",
    "limits": {
        "timeout_seconds": {"default": 86_400, "max": 604_800},
        "max_retries": {"default": 0, "max": 5},
        "catch_up_seconds": {"default": 3600, "max": 2_592_000},
        "job_retention_days": {"default": 90, "max": 36_500},
        "pause_after_failures": {"default": 10, "max": 1000},
    },
    "notification_channels": [
        {"name": "team", "kind": "webhook", "needs_address": False, "takes_address": False},
        {"name": "mail", "kind": "email", "needs_address": True, "takes_address": True},
    ],
}

ATTEMPTS = [
    {
        "attempt": 1,
        "compute_type": "small",
        "on_spot": True,
        "start_time": START,
        "end_time": START + 90_000,
        "outcome": {"code": "spot_reclaimed", "title": "Spot capacity was reclaimed", "message": "AWS needs it."},
        "warnings": [],
        "files_count": 2,
        "files_bytes": 10,
    },
    {
        "attempt": 3,
        "compute_type": "large",
        "on_spot": False,
        "start_time": None,
        "end_time": START + 200_000,
        "outcome": {"code": "container_gone", "title": "The container disappeared", "message": "See its log."},
        "warnings": [],
        "files_count": None,
        "files_bytes": None,
    },
]
WARNING = {"code": "outputs_skipped", "message": "2,000 outputs were left out.", "names": ["a.csv", "b"], "count": 2000}
