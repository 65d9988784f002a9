from typing import Any

import pytest

from runner.errors import RunProblemError
from runner.kernels import Kernel, choose_kernel, installed_kernels, write_kernel_metadata

PYTHON = Kernel(name="python3", language="python", display_name="Python 3")
R = Kernel(name="ir", language="R", display_name="R")


def choose(metadata: dict[str, Any], fallback: str | None = None) -> str:
    kernel = choose_kernel(metadata, environment="mine", fallback=fallback, installed={"python3": PYTHON, "ir": R})
    write_kernel_metadata(metadata, kernel)
    return kernel.name


def spec(name: str, language: str = "") -> dict[str, Any]:
    return {"kernelspec": {"name": name, "display_name": name, "language": language}}


def test_installed_kernels_are_listed() -> None:
    assert installed_kernels()["python3"].language == "python"


def test_the_notebooks_kernel_has_priority() -> None:
    assert choose(spec("IR", "R"), "python3") == "ir"


def test_the_environments_kernel_replaces_one_that_is_not_installed() -> None:
    metadata = spec("my-conda-env", "Python")

    assert choose(metadata, "python3") == "python3"
    assert metadata["kernelspec"] == {"name": "python3", "display_name": "Python 3", "language": "python"}
    assert metadata["language_info"]["name"] == "python"


@pytest.mark.parametrize("metadata", [{}, {"kernelspec": None}, {"language_info": {"name": "r"}}])
def test_a_notebook_without_a_kernel_gets_the_environments(metadata: dict[str, Any]) -> None:
    assert choose(metadata, "ir") == "ir"


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
def test_an_unknown_kernel_without_a_replacement_is_an_environment_problem(
    metadata: dict[str, Any], fallback: str | None, part: str
) -> None:
    with pytest.raises(RunProblemError) as caught:
        choose(metadata, fallback)

    assert part in str(caught.value)
