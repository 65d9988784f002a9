from typing import Any

import pytest
from nbformat.notebooknode import from_dict

from runner.errors import RunProblemError
from runner.kernels import Kernel, choose_kernel, installed_kernels

PYTHON = Kernel(name="python3", language="python", display_name="Python 3")
R = Kernel(name="ir", language="R", display_name="R")


def chosen(metadata: dict[str, Any], fallback: str | None = None) -> tuple[str, Any]:
    notebook = from_dict({"metadata": metadata})  # type: ignore[no-untyped-call]
    kernel = choose_kernel(notebook, environment="mine", fallback=fallback, installed={"python3": PYTHON, "ir": R})
    return kernel.name, notebook.metadata


def spec(name: str, language: str = "") -> dict[str, Any]:
    return {"kernelspec": {"name": name, "display_name": name, "language": language}}


def test_this_environment_has_its_kernel() -> None:
    assert installed_kernels()["python3"].language == "python"


def test_the_notebooks_own_kernel_comes_first() -> None:
    assert chosen(spec("IR", "R"), "python3")[0] == "ir"


def test_the_environments_kernel_replaces_one_that_is_not_there() -> None:
    name, metadata = chosen(spec("my-conda-env", "Python"), "python3")

    assert name == "python3"
    assert metadata.kernelspec == {"name": "python3", "display_name": "Python 3", "language": "python"}
    assert metadata.language_info.name == "python"


@pytest.mark.parametrize("metadata", [{}, {"kernelspec": None}, {"language_info": {"name": "r"}}])
def test_a_notebook_that_names_none(metadata: dict[str, Any]) -> None:
    assert chosen(metadata, "ir")[0] == "ir"


@pytest.mark.parametrize(
    ("metadata", "fallback", "part"),
    [
        ({}, None, "names no kernel. Kernels of this environment: ir, python3."),
        (spec("gone"), "gone too", "'gone too' is not installed"),
        (
            spec("julia-1.11", "julia"),
            "python3",
            "names the kernel 'julia-1.11', which the environment 'mine' does not have",
        ),
        ({"language_info": {"name": "R"}}, "python3", "it is written in r, not in the python of 'python3'"),
    ],
)
def test_no_kernel_that_fits(metadata: dict[str, Any], fallback: str | None, part: str) -> None:
    with pytest.raises(RunProblemError) as caught:
        chosen(metadata, fallback)

    assert part in str(caught.value)
