"""Documents of the service that several tests use."""

from tests.jupyter_scheduler_aws.fake_definitions import START

__all__ = ["ATTEMPTS", "ENVIRONMENT", "WARNING"]

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
