"""Where a command writes: results to stdout, everything else to stderr; or one JSON document to stdout."""

import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

import typer

from jupyter_scheduler_aws.errors import ConfigurationError, SchedulerApiError, SchedulerClientError, ServiceError
from jupyter_scheduler_aws.sanitize import json_text, sanitize_text

if TYPE_CHECKING:
    from rich.console import Console, RenderableType

    from jupyter_scheduler_aws.client import Client

__all__ = ["Terminal", "error_message", "terminal_of"]


@dataclass(kw_only=True)
class Terminal:
    """The two output streams, and how to reach the service."""

    url: str | None = None
    region: str | None = None
    profile: str | None = None
    owner_id: str | None = None
    """Whose jobs and definitions to work with; your own if None."""
    client_options: Mapping[str, Any] = field(default_factory=dict)
    """Further arguments of `Client`."""
    is_json: bool = False
    """Whether stdout gets one JSON document and nothing else."""

    @cached_property
    def out(self) -> "Console":
        """The console for stdout."""
        from jupyter_scheduler_aws.cli.console import open_console

        return open_console(sys.stdout, is_stderr=False)

    @cached_property
    def err(self) -> "Console":
        """The console for stderr."""
        from jupyter_scheduler_aws.cli.console import open_console

        return open_console(sys.stderr, is_stderr=True)

    def client(self, *, of_owner: str | None = None, own: bool = False) -> "Client":
        """Open a client. The caller closes it.

        Parameters
        ----------
        of_owner
            Whose jobs to work with. Default: those of `owner_id`.
        own
            Whether to work with your own jobs, whatever `owner_id` is.
        """
        from jupyter_scheduler_aws.client import Client

        owner_id = None if own else of_owner or self.owner_id
        return Client(self.url, region=self.region, profile=self.profile, owner_id=owner_id, **self.client_options)

    def result(self, line: str) -> None:
        """Print a line for programs, unwrapped and unstyled, unless stdout is for JSON."""
        if not self.is_json:
            typer.echo(sanitize_text(line))

    def view(self, view: "RenderableType") -> None:
        """Print a table or the like for a person, unless stdout is for JSON."""
        if not self.is_json:
            self.out.print(view)

    def document(self, document: Any) -> None:
        """Print the JSON document, if the user asked for it."""
        if self.is_json:
            typer.echo(json_text(document))

    def note(self, text: str, *, style: str = "dim") -> None:
        """Print a remark to stderr."""
        self.err.print(sanitize_text(text), style=style, soft_wrap=True)

    def error(self, error: SchedulerClientError) -> None:
        """Print the error that ends the command, with the id of the request if the service failed."""
        self.document({"error": self.failure(error)})

    def failure(self, error: SchedulerClientError, *, of: str = "") -> dict[str, str]:
        """Print an error to stderr, and return what the JSON document says about it.

        Parameters
        ----------
        of
            What failed, if the command goes on with others.
        """
        message = error_message(error)
        details = {"message": message}
        if isinstance(error, SchedulerApiError):
            found = {"status": error.status, "code": error.code, "reason": error.reason, "request_id": error.request_id}
            details |= {name: str(value) for name, value in found.items() if value is not None}
        self.err.print("Error: ", style="bold red", end="")
        self.err.print(sanitize_text(f"{of}: {message}" if of else message), soft_wrap=True)
        if isinstance(error, ServiceError) and error.request_id:
            self.note(f"The operator can find request {error.request_id} in the logs of the service.")
        return details


def error_message(error: SchedulerClientError) -> str:
    """Return the message of an error, with the option of `nbjobs` that provides what is missing."""
    option = error.option if isinstance(error, ConfigurationError) else None
    return f"{error.message} Or use --{option}." if option else error.message


def terminal_of(context: typer.Context) -> Terminal:
    """Return the terminal of a command."""
    terminal = context.obj
    if not isinstance(terminal, Terminal):
        raise TypeError("The root command sets the terminal before any other command runs.")
    return terminal
