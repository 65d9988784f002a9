"""Choose the kernel that executes the notebook: the notebook's own, else the environment's."""

import logging
from collections.abc import Mapping, MutableMapping
from dataclasses import dataclass
from typing import Any

from jupyter_client.kernelspec import KernelSpecManager

from runner.errors import RunProblemError
from runner.exit_codes import Code

__all__ = ["Kernel", "choose_kernel", "installed_kernels", "write_kernel_metadata"]

_LOG = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class Kernel:
    """An installed kernel."""

    name: str
    language: str
    """As the kernel spells it (`python`, `R`); papermill identifies languages by this name."""
    display_name: str


def installed_kernels() -> dict[str, Kernel]:
    """Return the kernels of this image, by name."""
    specs: Mapping[str, Mapping[str, Mapping[str, str]]] = KernelSpecManager().get_all_specs()
    return {
        name: Kernel(name=name, language=found["spec"]["language"], display_name=found["spec"]["display_name"])
        for name, found in specs.items()
    }


def choose_kernel(
    metadata: Mapping[str, Any], *, environment: str, fallback: str | None, installed: Mapping[str, Kernel]
) -> Kernel:
    """Choose the kernel for a notebook.

    Parameters
    ----------
    metadata
        The notebook's metadata.
    environment
        The name of the environment, for messages.
    fallback
        The environment's kernel.
    installed
        The kernels of the image.

    Raises
    ------
    RunProblemError
        `environment_problem`, if no kernel fits.
    """
    spec = metadata.get("kernelspec") or {}
    name = str(spec.get("name") or "")
    language = str(spec.get("language") or (metadata.get("language_info") or {}).get("name") or "").lower()
    return installed.get(name.lower()) or _fall_back(name, language, environment, fallback, installed)


def write_kernel_metadata(metadata: MutableMapping[str, Any], kernel: Kernel) -> None:
    """Write the kernel into a notebook's metadata, for the output formats and for whoever opens the notebook later."""
    metadata["kernelspec"] = {
        "name": kernel.name,
        "display_name": kernel.display_name,
        "language": kernel.language,
    }
    if "language_info" not in metadata:
        metadata["language_info"] = {"name": kernel.language}


def _fall_back(
    name: str, language: str, environment: str, fallback: str | None, installed: Mapping[str, Kernel]
) -> Kernel:
    problem = (
        f"names the kernel '{name}', which the environment '{environment}' does not have" if name else "names no kernel"
    )
    kernel = installed.get((fallback or "").lower())
    if kernel is None:
        missing = f" and the environment's own kernel '{fallback}' is not installed" if fallback else ""
        raise RunProblemError(Code.ENVIRONMENT_PROBLEM, f"The notebook {problem}{missing}. {_list_kernels(installed)}")
    if language and language != kernel.language.lower():
        mismatch = f"and it is written in {language}, not in the {kernel.language} of '{kernel.name}'"
        raise RunProblemError(
            Code.ENVIRONMENT_PROBLEM, f"The notebook {problem}, {mismatch}. {_list_kernels(installed)}"
        )
    _LOG.info("the notebook %s: it runs with '%s', the environment's kernel", problem, kernel.name)
    return kernel


def _list_kernels(installed: Mapping[str, Kernel]) -> str:
    names = ", ".join(sorted(installed)) or "none at all"
    return f"Kernels of this environment: {names}. Choose one of them in the notebook, or another environment."
