"""Client, service and runner accept the same notebooks and folders, also those that nobody thought of."""

import io
import json
import os
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from chalicelib.domain.snapshots.snapshot import check_notebook, check_package
from chalicelib.domain.snapshots.zip_rules import PackageLimits
from chalicelib.errors import RequestError
from chalicelib.routes.models.job_requests import Filename
from jupyter_scheduler_aws.snapshots.notebook_file import find_name_problem
from jupyter_scheduler_aws.snapshots.notebook_rules import find_notebook_problem
from tests.support.hostile_zips import MOST_BYTES, MOST_FILES, with_notebook
from tests.support.notebook_forms import FORMS, cell_of, notebook_of, old_notebook_of

ROOT: Final = Path(__file__).parents[2]
LIMITS: Final = PackageLimits(max_notebook_bytes=1 << 20, max_unpacked_bytes=MOST_BYTES, max_unpacked_files=MOST_FILES)
ADVICE: Final = ". Open it in JupyterLab, save it, and submit it again."
EXAMPLES: Final = settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])

Runner = Callable[[str, bytes], str | None]


@pytest.fixture(scope="module")
def runner(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Runner]:
    """The runner's verdict, from a process with the runner's packages."""
    folder = tmp_path_factory.mktemp("inputs")
    environment = {**os.environ, "PYTHONPATH": f"{ROOT / 'runner_container'}{os.pathsep}{ROOT}"}
    with subprocess.Popen(
        [ROOT / ".venv-runner" / "bin" / "python", "-m", "tests.runner.verdicts"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=ROOT,
        env=environment,
    ) as process:

        def verdict(name: str, content: bytes) -> str | None:
            assert process.stdin
            assert process.stdout
            path = folder / name
            path.write_bytes(content)
            print(path, file=process.stdin, flush=True)
            line = process.stdout.readline()
            assert line, "the runner has an error of its own"
            found: str | None = json.loads(line)
            return found

        yield verdict
        assert process.stdin
        process.stdin.close()


def service_problem(check: Callable[[], object]) -> str | None:
    try:
        check()
    except RequestError as error:
        return error.message
    return None


JSON: Final = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-1, 5)
    | st.floats()
    | st.sampled_from(["", "code", "raw", "heading", "x", "\ud83d", "é", 'a"\\b', "]["]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["cell_type", "source", "input", "metadata", "cells", "name", "tags", "kernelspec", "papermill"]
            ),
            inner,
            max_size=3,
        )
    ),
    max_leaves=8,
)
WHOLE: Final = [
    notebook_of(cell_of(), cell_of(cell_type="markdown", attachments={"a": {"text/plain": "x"}})),
    notebook_of(cell_of(metadata={"tags": ["a"]}, source=["a\n", "b"]), metadata={"language_info": {"name": "python"}}),
    old_notebook_of(),
    old_notebook_of({"cell_type": "heading", "level": 1, "source": "x", "metadata": {}}, version=2),
]


def places_in(value: Any, prefix: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, part in items:
        yield (*prefix, key)
        yield from places_in(part, (*prefix, key))


@st.composite
def changed_notebooks(draw: st.DrawFn) -> bytes:
    """Replace or remove some values of a notebook."""
    notebook = json.loads(draw(st.sampled_from(WHOLE)))
    for _ in range(draw(st.integers(1, 2))):
        *parents, last = draw(st.sampled_from(sorted(places_in(notebook), key=str) or [("x",)]))
        target = notebook
        for key in parents:
            target = target[key]
        if draw(st.booleans()) or not isinstance(target, dict):
            target[last] = draw(JSON)
        else:
            del target[last]
    return json.dumps(notebook).encode()


@st.composite
def damaged_notebooks(draw: st.DrawFn) -> bytes:
    """Replace some bytes of a notebook."""
    content = bytearray(draw(st.sampled_from(WHOLE)))
    place = draw(st.integers(0, len(content)))
    pieces = [b"", b"NaN", b"-", b"Infinity", b'"', b"\\", b"\\ud83d", b"\xff", b"\xef\xbb\xbf", b"1", b",", b"]", b"{"]
    content[place : place + draw(st.integers(0, 3))] = draw(st.sampled_from(pieces))
    return bytes(content)


@EXAMPLES
@given(content=changed_notebooks() | damaged_notebooks() | st.sampled_from([form.content for form in FORMS.values()]))
def test_all_accept_the_same_notebooks_for_the_same_reason(runner: Runner, content: bytes) -> None:
    problem = find_notebook_problem(content)
    message = f"a.ipynb {problem}{ADVICE}" if problem else None
    assert service_problem(lambda: check_notebook(content, "a.ipynb", kernel="python3")) == message
    assert runner("a.ipynb", content) == (f"input_problem: {message}" if message else None)


PARTS: Final = st.sampled_from(
    [
        "a",
        "A",
        "b",
        "aux.csv",
        "con",
        "..",
        ".",
        "",
        "ü",
        "u\u0308",
        "a\\b",
        "C:",
        "a\nb",
        "n" * 255,
        "é" * 128,
        " ",
        "~",
    ]
)
NAMES: Final = st.lists(PARTS, min_size=1, max_size=4).map("/".join).filter(bool)


@pytest.mark.filterwarnings("ignore:Duplicate name")
@EXAMPLES
@given(names=st.lists(NAMES, max_size=4))
def test_service_and_runner_accept_the_same_names(runner: Runner, names: list[str]) -> None:
    content = with_notebook(*((name, b"") for name in names))
    problem = service_problem(lambda: check_package(io.BytesIO(content), "a.ipynb", kernel=None, limits=LIMITS))
    found = runner("a.zip", content)
    assert (problem is None) == (found is None), (problem, found)
    assert found is None or found.startswith("input_problem: ")


@EXAMPLES
@given(
    name=st.text(st.sampled_from("a/\\.\n\x7f\x80\u5831\U0001f4a5\u2028"), max_size=4)
    | st.text(st.characters(), max_size=20)
    | st.builds(str.__mul__, st.sampled_from("n\xfc\u5831\U0001f4a5"), st.integers(50, 260))
)
def test_client_and_service_accept_the_same_names_of_notebooks(name: str) -> None:
    try:
        TypeAdapter(Filename).validate_python(name)
    except ValidationError:
        assert find_name_problem(name) is not None
    else:
        assert find_name_problem(name) is None
