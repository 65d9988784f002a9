"""The fingerprint of an image's inputs: an image that has the same fingerprint is not built again."""

import hashlib
from collections.abc import Iterable
from pathlib import Path
from typing import Final

__all__ = ["LABEL", "fingerprint"]

LABEL: Final = "io.github.jupyter-scheduler-aws.inputs"
"""Label of an image that contains the fingerprint of its inputs."""

_INPUTS: Final = (
    "requirements/runner.txt",
    "requirements/uv.txt",
    "runner_container/Dockerfile",
    "runner_container/Dockerfile.dockerignore",
    "runner_container/image",
    "runner_container/runner",
)


def fingerprint(root: Path, options: Iterable[str]) -> str:
    """Hash every file that the build of the runner image reads.

    Parameters
    ----------
    root
        The build context.
    options
        Other inputs of the image: its platform and its base.

    Returns
    -------
    str
        SHA-256 in hexadecimal digits.
    """
    digest = hashlib.sha256("\0".join(options).encode())
    for path in sorted(file for name in _INPUTS for file in _files(root / name)):
        content = hashlib.sha256(path.read_bytes()).hexdigest()
        digest.update(f"\n{path.relative_to(root)} {path.stat().st_mode & 0o777:o} {content}".encode())
    return digest.hexdigest()


def _files(path: Path) -> Iterable[Path]:
    if path.is_file():
        return [path]
    return (file for file in path.rglob("*") if file.is_file() and "__pycache__" not in file.parts)
