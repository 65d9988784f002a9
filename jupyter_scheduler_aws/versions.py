"""The version of this package."""

from importlib import metadata

__all__ = ["package_version"]


def package_version() -> str:
    """Return the version of this package, or `0` if it is not installed."""
    try:
        return metadata.version("jupyter-scheduler-aws")
    except metadata.PackageNotFoundError:
        return "0"
