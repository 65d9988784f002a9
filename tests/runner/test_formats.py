"""Converting a notebook in a process of its own."""

import base64
import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from runner.formats import Converted, make_format
from tests.runner.conftest import RUNNER_CONTAINER, notebook


@pytest.fixture
def executed(tmp_path: Path) -> Path:
    file = tmp_path / "executed.ipynb"
    file.write_bytes(notebook("print('hi')"))
    return file


def make(executed: Path, name: str, *, timeout_seconds: float = 300, **options: Any) -> Converted:
    folder = executed.with_name(name)
    return make_format(executed, name, stem="report", folder=folder, timeout_seconds=timeout_seconds, **options)


def test_a_format_is_a_file(executed: Path) -> None:
    converted = make(executed, "script")

    assert converted.problem == ""
    (output,) = converted.outputs
    assert (output.format, output.path, output.source) == (
        "script",
        "report.txt",
        executed.parent / "script/report.txt",
    )
    assert output.size_bytes == len((executed.parent / "script/report.txt").read_bytes()) > 0


def test_a_large_image_is_in_the_page_without_being_parsed(executed: Path) -> None:
    images = {kind: base64.b64encode(os.urandom(2_000_000)).decode() for kind in ("image/png", "image/jpeg")}
    outputs = [{"output_type": "display_data", "metadata": {}, "data": {kind: data}} for kind, data in images.items()]
    document = json.loads(executed.read_bytes())
    document["cells"][0]["outputs"] = outputs
    executed.write_text(json.dumps(document))

    converted = make(executed, "html")

    assert converted.problem == ""
    page = (executed.parent / "html/report.html").read_text(encoding="utf-8")
    assert all(page.count(f'src="data:{kind};base64,{data}"') == 1 for kind, data in images.items())
    assert "large-image-" not in page
    assert converted.outputs[0].size_bytes == len(page.encode())


@pytest.mark.parametrize(
    ("code", "problem"),
    [
        ("import os, signal; os.kill(os.getpid(), signal.SIGKILL)", "the container's memory is full. The notebook has run"),
        ("raise SystemExit(3)", "the converter failed: "),
        ("print('{')", "the converter failed: "),
        ("import time; time.sleep(600)", "took longer than 1 s"),
    ],
)  # fmt: skip
def test_a_converter_that_ends_early_is_a_problem_of_its_format(executed: Path, code: str, problem: str) -> None:
    converter = (sys.executable, "-c", code)
    converted = make(executed, "html", timeout_seconds=1 if "sleep" in code else 300, converter=converter)

    assert converted.outputs == ()
    assert converted.problem.startswith("html: ")
    assert problem in converted.problem


def test_a_folder_that_cannot_be_created_is_a_problem_of_its_format(executed: Path) -> None:
    executed.with_name("script").write_text("not a folder")
    assert make(executed, "script").problem == "script: the converter failed: [Errno 17] File exists: " + repr(
        str(executed.with_name("script"))
    )


@pytest.mark.skipif(sys.platform != "linux", reason="other systems have no such score")
def test_the_converter_is_the_first_to_be_killed_if_memory_runs_out(tmp_path: Path) -> None:
    command = [
        sys.executable,
        "-I",
        str(RUNNER_CONTAINER / "runner" / "converter.py"),
        "script",
        "report",
        str(tmp_path),
    ]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        score = Path(f"/proc/{process.pid}/oom_score_adj")
        end = time.monotonic() + 60
        while score.read_text().strip() != "1000" and time.monotonic() < end:
            time.sleep(0.05)
        found = score.read_text().strip()
        process.communicate(notebook("1"))
    assert (found, process.returncode) == ("1000", 0)
