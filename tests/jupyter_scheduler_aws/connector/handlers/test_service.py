"""What a person can choose from, what a crontab means, and what an input folder contains."""

import json
from typing import Any
from urllib.parse import quote

import pytest

from tests.jupyter_scheduler_aws.conftest import NOTEBOOK, write_files
from tests.jupyter_scheduler_aws.connector.handlers.conftest import Endpoints
from tests.jupyter_scheduler_aws.documents import CONFIG, ENVIRONMENT
from tests.jupyter_scheduler_aws.fake_definitions import NEXT
from tests.jupyter_scheduler_aws.fake_server import Fault, Response

DAY = 86_400_000
UPLOADS = ["POST /v1/scheduler/uploads"]


def folder_url(path: str) -> str:
    return f"folder?path={quote(path)}"


def test_config_lists_what_the_operator_allows(endpoints: Endpoints) -> None:
    document, calls = endpoints.calls_of("config")
    assert calls == ["GET /v1/scheduler/runtime_environments", "GET /v1/scheduler/config"]
    names = ("name", "description", "compute_types", "default_compute_type", "output_formats")
    small, large = CONFIG["compute_types"]
    assert document == {
        "environments": [{name: ENVIRONMENT[name] for name in names}],
        "compute_types": [
            {**small, "usd_per_hour": small["price_per_hour"]},
            {**large, "usd_per_hour": large["price_per_hour"]},
        ],
        **{name: CONFIG[name] for name in ("currency", "prices_as_of", "limits", "notification_channels")},
    }


def test_prices_in_another_currency_are_not_dollars(endpoints: Endpoints) -> None:
    in_euros = Response.of({**CONFIG, "currency": "EUR"})
    endpoints.api.faults.append(Fault("GET", "/v1/scheduler/config", instead=in_euros))
    document = endpoints.get("config")
    assert document["currency"] == "EUR"
    assert [(each["usd_per_hour"], each["price_per_hour"]) for each in document["compute_types"]] == [
        (None, 0.05826),
        (None, 0.069912),
    ]


def test_an_older_service_states_only_the_environments(endpoints: Endpoints) -> None:
    older = Response.of({"supported_features": {}, "manage_environments_command": ""})
    endpoints.api.faults.append(Fault("GET", "/v1/scheduler/config", instead=older))
    document = endpoints.get("config")
    assert [each["name"] for each in document.pop("environments")] == ["python"]
    assert document == {
        "compute_types": [],
        "currency": None,
        "prices_as_of": None,
        "limits": {},
        "notification_channels": [],
    }


def test_a_crontab_is_said_in_words_with_its_next_times(endpoints: Endpoints) -> None:
    document, calls = endpoints.calls_of("schedule?schedule=0 9 * * MON&timezone=Europe/Berlin")
    assert calls == ["GET /v1/scheduler/crontab"]
    assert document == {
        "words": "At 09:00, only on Monday",
        "next_run_times": [NEXT + day * DAY for day in range(5)],
        "problem": None,
    }
    assert dict(endpoints.api.requests[-1].query) == {"schedule": "0 9 * * MON", "timezone": "Europe/Berlin"}


def test_a_crontab_without_exact_words_has_none(endpoints: Endpoints) -> None:
    document = endpoints.get("schedule?schedule=*/7 * * * *")
    assert (document["words"], len(document["next_run_times"])) == (None, 5)


def test_a_refused_crontab_is_no_error(endpoints: Endpoints) -> None:
    document, calls = endpoints.calls_of("schedule?schedule=61 * * * *")
    assert len(calls) == 1
    assert document == {"words": None, "next_run_times": [], "problem": "schedule: minute 61 is over 59."}


def test_a_folder_is_summarized_without_an_upload(endpoints: Endpoints) -> None:
    folder = endpoints.server.workspace / "analysis"
    write_files(folder, "data/table.csv", "b.txt", "node_modules/x/y.js", "data/__pycache__/a.pyc", "note.tmp")
    (folder / ".jupyterschedulerignore").write_text("*.tmp\n")
    (folder / "outside").symlink_to(endpoints.server.workspace.parent)
    notebook = folder / "report.ipynb"
    notebook.write_text(json.dumps(NOTEBOOK))
    document, calls = endpoints.calls_of(folder_url("analysis/report.ipynb"))
    assert calls == UPLOADS
    assert document == {
        "files": 3,
        "bytes": notebook.stat().st_size + len("data/table.csv") + len("b.txt"),
        "left_out": [".jupyterschedulerignore", "data/__pycache__/", "node_modules/", "note.tmp", "outside"],
        "left_out_count": 5,
        "problem": None,
    }


def test_many_names_are_counted(endpoints: Endpoints) -> None:
    folder = endpoints.server.workspace / "many"
    write_files(folder, "a.ipynb", *(f"{number:02d}.pyc" for number in range(25)))
    document = endpoints.get(folder_url("many/a.ipynb"))
    assert (document["files"], document["left_out_count"]) == (1, 25)
    assert document["left_out"] == [f"{number:02d}.pyc" for number in range(20)]


@pytest.mark.parametrize(
    ("path", "says"),
    [
        ("gone.ipynb", "There is no file 'gone.ipynb' below the root folder"),
        ("../lab/server.log", "There is no file '../lab/server.log' below the root folder"),
        ("/etc/hostname", "There is no file"),
        ("", "There is no file ''"),
        ("analysis", "There is no file 'analysis'"),
    ],
)
def test_paths_stay_in_the_workspace(endpoints: Endpoints, path: str, says: str) -> None:
    document, calls = endpoints.calls_of(folder_url(path))
    assert calls == []
    assert (document["files"], document["bytes"], document["left_out_count"]) == (0, 0, 0)
    assert says in document["problem"]


def test_what_the_upload_would_refuse_is_a_problem(endpoints: Endpoints, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = endpoints.server.workspace / "large"
    write_files(folder, "report.ipynb", *(f"data/{number}.csv" for number in range(30)), "notes.txt")
    limits: dict[str, Any] = {**endpoints.api.folder_limits, "max_unpacked_files": 10}
    monkeypatch.setattr(endpoints.api, "folder_limits", limits)
    document = endpoints.get(folder_url("large/report.ipynb"))
    assert "the limit is 10 files. The largest are data/" in document["problem"]
    assert document["files"] == 32
    assert "its name must end in .ipynb" in endpoints.get(folder_url("large/notes.txt"))["problem"]


def test_a_dropped_path_of_jupyter_collaboration_is_found(endpoints: Endpoints) -> None:
    assert endpoints.get(folder_url("RTC:report.ipynb"))["problem"] is None


def test_names_of_files_are_plain(endpoints: Endpoints) -> None:
    write_files(endpoints.server.workspace / "odd", "report.ipynb", "evil\u202egpj.pyc")
    assert endpoints.get(folder_url("odd/report.ipynb"))["left_out"] == ["evilgpj.pyc"]
