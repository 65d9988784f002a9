"""What a command writes to: results to stdout, everything else to stderr, or one JSON document."""

import sys
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import IO, Any, Final

import typer
from rich.console import Console, ConsoleOptions, RenderableType
from rich.segment import Segment
from typing_extensions import override

from jupyter_scheduler_aws.api.polling_interval import PollingInterval
from jupyter_scheduler_aws.api.retry_policy import RetryPolicy
from jupyter_scheduler_aws.client import Client
from jupyter_scheduler_aws.errors import ConfigurationError, SchedulerApiError, SchedulerClientError, ServiceError
from jupyter_scheduler_aws.sanitize import json_text, sanitize_text

__all__ = ["PlainConsole", "Terminal", "message_of", "terminal_of"]

_UNLIMITED_WIDTH: Final = 1000
"""Columns where nobody looks: nothing is cut or wrapped for a program."""


class PlainConsole(Console):
    """A console on which only rich itself styles: every text is made plain on its way out, whoever wrote it.

    Markup and emoji codes are off: `[link=…]` in a name is six letters and a bracket.

    Parameters
    ----------
    options
        As rich's console has them.
    """

    def __init__(self, **options: Any) -> None:
        super().__init__(highlight=False, markup=False, emoji=False, **options)

    @override
    def render(self, renderable: RenderableType, options: ConsoleOptions | None = None) -> Iterable[Segment]:
        for segment in super().render(renderable, options):
            yield segment if segment.control else Segment(sanitize_text(segment.text), segment.style)


def _console(stream: IO[str], *, is_stderr: bool) -> Console:
    return PlainConsole(stderr=is_stderr, width=None if stream.isatty() else _UNLIMITED_WIDTH)


@dataclass(kw_only=True)
class Terminal:
    """The two streams, and how to reach the service."""

    url: str | None = None
    region: str | None = None
    profile: str | None = None
    owner_id: str | None = None
    """Whose jobs to look at; one's own if None."""
    retry_policy: RetryPolicy = field(default_factory=RetryPolicy)
    polling_interval: PollingInterval = field(default_factory=PollingInterval)
    is_json: bool = False
    """Whether stdout gets one JSON document and nothing else."""
    out: Console = field(default_factory=lambda: _console(sys.stdout, is_stderr=False))
    err: Console = field(default_factory=lambda: _console(sys.stderr, is_stderr=True))

    def client(self, *, of_owner: str | None = None, own: bool = False) -> Client:
        """Open a client; close it.

        Parameters
        ----------
        of_owner
            Whose jobs to look at; without it, those of `owner_id`.
        own
            Whether to look at one's own, whatever `owner_id` says.
        """
        owner_id = None if own else of_owner or self.owner_id
        return Client(
            self.url,
            region=self.region,
            profile=self.profile,
            owner_id=owner_id,
            retry_policy=self.retry_policy,
            polling_interval=self.polling_interval,
        )

    def result(self, line: str) -> None:
        """Write a line for programs, plain but neither wrapped nor styled, unless stdout is for JSON."""
        if not self.is_json:
            typer.echo(sanitize_text(line))

    def document(self, document: Any) -> None:
        """Write the JSON document, if it was asked for."""
        if self.is_json:
            typer.echo(json_text(document))

    def note(self, text: str, *, style: str = "dim") -> None:
        """Say something by the way."""
        self.err.print(sanitize_text(text), style=style, soft_wrap=True)

    def error(self, error: SchedulerClientError) -> None:
        """Say what went wrong, and what can be looked up."""
        details = {"message": message_of(error)}
        if isinstance(error, SchedulerApiError):
            found = {"status": error.status, "code": error.code, "reason": error.reason, "request_id": error.request_id}
            details |= {name: str(value) for name, value in found.items() if value is not None}
        self.err.print("Error: ", style="bold red", end="")
        self.err.print(sanitize_text(message_of(error)), soft_wrap=True)
        if isinstance(error, ServiceError) and error.request_id:
            self.note(f"Request {error.request_id}; the operator finds it in the service's logs.")
        self.document({"error": details})


def message_of(error: SchedulerClientError) -> str:
    """Give an error's message, with the option of `nbjobs` that says what is missing."""
    option = error.option if isinstance(error, ConfigurationError) else None
    return f"{error.message} Or give --{option}." if option else error.message


def terminal_of(context: typer.Context) -> Terminal:
    """Give the terminal of a command."""
    terminal = context.obj
    if not isinstance(terminal, Terminal):
        raise TypeError("The root command sets the terminal before any other runs.")
    return terminal
