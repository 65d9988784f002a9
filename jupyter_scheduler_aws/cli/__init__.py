"""The `nbjobs` command."""

from jupyter_scheduler_aws.cli.app import main

__all__ = ["main"]
