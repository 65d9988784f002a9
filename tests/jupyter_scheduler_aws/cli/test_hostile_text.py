"""Only rich styles the terminal, whatever text the service returns. JSON documents stay exact and are safe to print."""

import json
import re
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from rich.text import Text

from jupyter_scheduler_aws.cli.console import SafeConsole
from jupyter_scheduler_aws.sanitize import json_text, sanitize_line, sanitize_text
from tests.jupyter_scheduler_aws.cli.conftest import Ended, Nbjobs
from tests.jupyter_scheduler_aws.fake_api import FakeApi, ended
from tests.jupyter_scheduler_aws.fake_server import Fault, Response

TEXTS = json.loads(Path(__file__).parents[2].joinpath("data", "texts.json").read_text(encoding="utf-8"))
IDS = [text["name"] for text in TEXTS]
MARKUP = "[link=http://evil.example]bank.example[/link] [bold]:warning:[/bold]"
OWN = re.compile(r"\x1b\[(?:[0-9;]*m|\?25[lh]|2K|1A)|\r")
"""Sequences of rich itself: styles, and the cursor of the progress line."""

Show = Callable[..., str]


@pytest.fixture
def show(nbjobs: Nbjobs, monkeypatch: pytest.MonkeyPatch) -> Show:
    """Run a command as in a terminal with colors, check that its output is sanitized, and return it without styles."""
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("COLUMNS", "400")

    def run(*arguments: object) -> str:
        done: Ended = nbjobs(*arguments)
        written = OWN.sub("", done.stdout + done.stderr)
        assert written == sanitize_text(written)
        assert "\x1b[0;31m" not in done.stdout + done.stderr, "the corpus's own colour"
        return written

    return run


def everywhere(text: str) -> dict[str, Any]:
    """Return the fields of a job that another person may have written."""
    return {
        **ended("FAILED", "notebook_error", text or "x", f"first\n{text}"),
        "input_filename": f"{text}.ipynb",
        "tags": [text, "b"],
        "parameters": {f"p{text}": text},
        "compute_type": text,
        "runtime_environment_name": text,
        "output_formats": [text],
        "job_definition_id": text,
        "status_message": text,
    }


def first_line(text: dict[str, str]) -> str:
    """Return the first line of the sanitized text."""
    return re.split("[\t\n]", text["plain"])[0]


def hostile_job(api: FakeApi, text: str) -> str:
    job_id = api.add_job(f"n{text}", **everywhere(text))
    with suppress(UnicodeEncodeError):
        text.encode()
        api.jobs[job_id].files[f"f{text}"] = ("files", b"x")
    return job_id


@pytest.mark.parametrize("text", TEXTS, ids=IDS)
def test_text_is_sanitized(text: dict[str, str]) -> None:
    assert sanitize_text(text["text"]) == text["plain"]
    assert sanitize_text(text["plain"]) == text["plain"]
    assert sanitize_line(text["text"]).splitlines() in ([], [sanitize_line(text["plain"])])


@pytest.mark.parametrize("piece", ["\x9d", "\x1b]", "\x9b0", "\x1b[;", "\x1bP ", "\x1b(", "\u200d"])
def test_a_long_text_takes_linear_time(piece: str) -> None:
    assert "\x1b" not in sanitize_text(piece * 500_000), "quadratic time would take hours"


@pytest.mark.parametrize("text", TEXTS, ids=IDS)
def test_job_details_are_sanitized(api: FakeApi, show: Show, text: dict[str, str]) -> None:
    job_id = hostile_job(api, text["text"])
    api.log = [text["text"], f"a{text['text']}b"]

    shown = show("show", job_id)
    assert f"n{sanitize_line(text['plain'])}" in shown
    assert f"p{first_line(text)}" in shown
    show("wait", job_id)
    assert sanitize_text(f"a{text['text']}b") in show("logs", job_id)
    show("logs", "--times", job_id)
    show("stop", job_id)


def test_lists_are_sanitized(api: FakeApi, show: Show) -> None:
    for text in TEXTS:
        hostile_job(api, text["text"])
        api.add_job(f"r{text['text']}", status=text["text"])
        fields = {
            name: value
            for name, value in everywhere(text["text"]).items()
            if name not in {"outcome", "phase", "status"}
        }
        problem = {
            "work": "schedules",
            "code": "denied",
            "title": text["text"],
            "message": text["text"],
            "since": 1,
            "attempts": 1,
        }
        definition_id = api.add_definition(
            f"d{text['text']}", **fields, problems=[problem], schedule=text["text"], timezone="UTC"
        )
        show("definitions", "show", definition_id)
        api.environments.append({**api.environments[0], "name": text["text"], "description": f"e{text['text']}"})

    jobs, definitions, environments = show("list", "--all"), show("definitions", "list", "--all"), show("environments")

    for text in TEXTS:
        line = sanitize_line(text["plain"])
        assert f"n{line}" in jobs
        assert f"r{line}" in jobs
        assert f"d{line}" in definitions
        assert f"e{line}" in environments
    assert len(jobs.splitlines()) == 1 + 2 * len(TEXTS), "no name makes a row of its own"


@pytest.mark.parametrize("text", TEXTS, ids=IDS)
def test_errors_and_progress_are_sanitized(api: FakeApi, show: Show, text: dict[str, str]) -> None:
    message = f"m{text['text']}"
    api.faults.append(Fault("GET", ".*/jobs/.*", instead=Response.refusal(403, message, message)))
    assert f"m{first_line(text)}" in show("show", "x")
    job_id = api.add_job(message, status="IN_PROGRESS", phase={"code": message, "message": message})
    api.jobs[job_id].plan = [{}, ended("COMPLETED", "succeeded", message, message)]
    show("wait", job_id)


def test_file_names_are_sanitized(api: FakeApi, show: Show, tmp_path: Path) -> None:
    job_id = api.add_job(input_filename="a\u202eb\u009b31m.ipynb")
    for number, text in enumerate(TEXTS):
        if not re.search(r"[\x00-\x1f\x7f\ud800-\udfff]", text["text"]):
            api.jobs[job_id].files[f"{number}{text['text']}"] = ("files", b"x")

    show("download", job_id, tmp_path)
    show("download", job_id, tmp_path)


def test_markup_is_printed_as_text(api: FakeApi, show: Show) -> None:
    job_id = api.add_job(MARKUP, **everywhere(MARKUP))
    api.environments = [
        {**api.environments[0], "name": MARKUP, "compute_types": [MARKUP], "default_compute_type": MARKUP}
    ]

    assert show("show", job_id).count(MARKUP) >= 8
    assert MARKUP in show("list")
    assert show("environments").count(MARKUP) == 2
    assert MARKUP in show("wait", job_id)


def test_json_is_exact_and_safe(api: FakeApi, nbjobs: Nbjobs) -> None:
    for text in TEXTS:
        job_id = hostile_job(api, text["text"])
        api.log = [text["text"]]

        for written in (nbjobs("show", job_id, "--json").stdout, nbjobs("logs", job_id, "--json").stdout):
            assert written == sanitize_text(written)
        assert json.loads(nbjobs("show", job_id, "--json").stdout) == api.jobs[job_id].document
        assert json.loads(nbjobs("logs", job_id, "--json").stdout)[0]["message"] == text["text"]
    assert json_text("é日") == '"é日"'


def test_the_console_sanitizes_everything(capsys: pytest.CaptureFixture[str]) -> None:
    console = SafeConsole(force_terminal=True, color_system="truecolor", width=80)

    for text in TEXTS:
        console.print(text["text"])
        console.print(Text(text["text"], style="bold red"), [text["text"]])

    written = OWN.sub("", capsys.readouterr().out)
    assert written == sanitize_text(written)
