"""Parameters on the command line: sent as they are typed, and compared with those of the notebook."""

import json
from pathlib import Path

import pytest

from tests.jupyter_scheduler_aws.cli.conftest import Nbjobs
from tests.jupyter_scheduler_aws.fake_api import FakeApi


def the_job(api: FakeApi) -> str:
    [job_id] = api.jobs
    return job_id


def _tag(notebook: Path, source: str, **metadata: object) -> None:
    document = json.loads(notebook.read_text())
    cell = {"id": "tagged", "cell_type": "code", "metadata": {"tags": ["parameters"]}, "source": source}
    document["cells"].insert(0, cell | {"outputs": [], "execution_count": None})
    document["metadata"] |= metadata or {
        "kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}
    }
    notebook.write_text(json.dumps(document))


@pytest.mark.parametrize(
    "text",
    ["{{}}", "...", "1+2j", "{1: 0.5}", "0x10", " 5", "007", "1e400", "'\\d'", "5 # five", "", "=", "é😀", "$(id)"],
)
def test_a_parameter_is_sent_as_it_is_typed(api: FakeApi, nbjobs: Nbjobs, notebook: Path, text: str) -> None:
    done = nbjobs("submit", notebook, "-p", f"x={text}")

    assert done.code == 0
    assert api.jobs[the_job(api)].document["parameters"] == {"x": text}


@pytest.mark.parametrize(
    ("assignment", "message"),
    [
        ("x=a\0b", "NUL"),
        ("x='\\ud800'", "lone surrogate"),
        ("x=\udcff", "lone surrogate"),
        ("a-b=1", "not an identifier"),
        ("class=1", "reserved in python"),
    ],
)
def test_a_parameter_that_cannot_travel_is_wrong_usage(
    api: FakeApi, nbjobs: Nbjobs, notebook: Path, assignment: str, message: str
) -> None:
    _tag(notebook, "x = 1")

    done = nbjobs("submit", notebook, "--allow-unknown", "-p", assignment)

    assert done.code == 2
    assert message in done.stderr
    assert not api.jobs


def test_a_mistyped_parameter_is_refused_with_the_most_similar_name(
    api: FakeApi, nbjobs: Nbjobs, notebook: Path
) -> None:
    _tag(notebook, "month = 1\nyear = 2026")

    done = nbjobs("submit", notebook, "-p", "year=2027", "-p", "mnoth=2")

    assert done.code == 2
    words = " ".join(done.stderr.replace("│", " ").split())
    assert "report.ipynb has no parameter 'mnoth'. Did you mean month? --allow-unknown passes it anyway." in words
    assert not api.jobs


def test_an_unknown_parameter_can_be_allowed(api: FakeApi, nbjobs: Nbjobs, notebook: Path) -> None:
    _tag(notebook, "month = 1")

    assert nbjobs("submit", notebook, "-p", "other=2", "--allow-unknown").code == 0
    assert api.jobs[the_job(api)].document["parameters"] == {"other": "2"}


def test_parameters_of_other_languages_and_of_notebooks_without_a_tagged_cell_are_passed(
    nbjobs: Nbjobs, notebook: Path
) -> None:
    untagged = nbjobs("submit", notebook, "-p", "other=2")
    _tag(notebook, "month <- 1", kernelspec={"name": "ir", "display_name": "R", "language": "R"})
    other = nbjobs("submit", notebook, "-p", "other=2")

    assert (untagged.code, other.code) == (0, 0)
    assert "has no cell with the tag `parameters`" in untagged.stderr
    assert "parameters" not in other.stderr
