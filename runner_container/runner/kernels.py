"""Which kernel executes the notebook: its own, else the environment's, else nothing."""

import logging
from collections.abc import Mapping
from dataclasses import dataclass

from jupyter_client.kernelspec import KernelSpecManager
from nbformat import NotebookNode

from runner.errors import RunProblemError
from runner.outcomes import Code

__all__ = ["Kernel", "choose_kernel", "installed_kernels"]

_LOG = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class Kernel:
    """An installed kernel."""

    name: str
    language: str
    """As the kernel spells it (`python`, `R`): papermill knows languages by that."""
    display_name: str


def installed_kernels() -> dict[str, Kernel]:
    """Find the kernels that this image has, by name."""
    specs: Mapping[str, Mapping[str, Mapping[str, str]]] = KernelSpecManager().get_all_specs()
    return {
        name: Kernel(name=name, language=found["spec"]["language"], display_name=found["spec"]["display_name"])
        for name, found in specs.items()
    }


def choose_kernel(
    notebook: NotebookNode, *, environment: str, fallback: str | None, installed: Mapping[str, Kernel]
) -> Kernel:
    """Choose the kernel and write it into the notebook's metadata, for the formats and for whoever opens it later.

    Parameters
    ----------
    notebook
        The input; changed in place.
    environment
        Name of the environment, for messages.
    fallback
        The environment's kernel.
    installed
        What the image has.

    Raises
    ------
    RunProblemError
        `environment_problem`, if there is no kernel that fits.
    """
    spec = notebook.metadata.get("kernelspec") or {}
    wanted = str(spec.get("name") or "")
    language = str(spec.get("language") or notebook.metadata.get("language_info", {}).get("name") or "").lower()
    kernel = installed.get(wanted.lower()) or _fall_back(wanted, language, environment, fallback, installed)
    notebook.metadata["kernelspec"] = {
        "name": kernel.name,
        "display_name": kernel.display_name,
        "language": kernel.language,
    }
    if "language_info" not in notebook.metadata:
        notebook.metadata["language_info"] = {"name": kernel.language}
    return kernel


def _fall_back(
    wanted: str, language: str, environment: str, fallback: str | None, installed: Mapping[str, Kernel]
) -> Kernel:
    problem = (
        f"names the kernel '{wanted}', which the environment '{environment}' does not have"
        if wanted
        else "names no kernel"
    )
    kernel = installed.get((fallback or "").lower())
    if kernel is None:
        missing = f" and the environment's own kernel '{fallback}' is not installed" if fallback else ""
        raise RunProblemError(Code.ENVIRONMENT_PROBLEM, f"The notebook {problem}{missing}. {_choices(installed)}")
    if language and language != kernel.language.lower():
        told = f"and it is written in {language}, not in the {kernel.language} of '{kernel.name}'"
        raise RunProblemError(Code.ENVIRONMENT_PROBLEM, f"The notebook {problem}, {told}. {_choices(installed)}")
    _LOG.info("the notebook %s: it runs with '%s', the environment's kernel", problem, kernel.name)
    return kernel


def _choices(installed: Mapping[str, Kernel]) -> str:
    names = ", ".join(sorted(installed)) or "none at all"
    return f"Kernels of this environment: {names}. Choose one of them in the notebook, or another environment."
