"""The scheduler's service: what runs in its Lambda functions."""

__all__ = ["__version__"]

__version__ = "0.1.0"
"""The service's version, as `health` tells it; equal to the version in pyproject.toml."""
