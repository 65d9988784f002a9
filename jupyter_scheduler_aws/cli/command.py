"""How a function becomes a command: option groups, `--json`, and exit codes for errors."""

from collections.abc import Callable
from dataclasses import fields, is_dataclass
from functools import wraps
from inspect import Parameter, Signature, signature
from typing import Annotated, Any, Final, get_type_hints

import typer

from jupyter_scheduler_aws.cli.exit_codes import ExitCode, exit_code_of
from jupyter_scheduler_aws.cli.terminal import terminal_of
from jupyter_scheduler_aws.errors import SchedulerClientError

__all__ = ["Command", "as_command"]

Command = Callable[..., None]

_JSON: Final = Annotated[bool, typer.Option("--json", help="Print one JSON document to stdout and nothing else.")]


def as_command(function: Command) -> Command:
    """Return the command that Typer registers for a function.

    The function gets the terminal as its first argument. A parameter that is a dataclass becomes one option for each of
    its fields. Every command also gets `--json`. Expected errors become messages and exit codes; others keep their
    traceback.
    """
    hints = get_type_hints(function, include_extras=True)
    _, *own = signature(function).parameters.values()
    groups = {item.name: hints[item.name] for item in own if is_dataclass(hints[item.name])}

    @wraps(function)
    def command(context: typer.Context, *, json: bool, **arguments: Any) -> None:
        terminal = terminal_of(context)
        terminal.is_json = json
        for name, group in groups.items():
            arguments[name] = group(**{option.name: arguments.pop(option.name) for option in fields(group)})
        try:
            function(terminal, **arguments)
        except SchedulerClientError as error:
            terminal.error(error)
            raise typer.Exit(exit_code_of(error)) from None
        except KeyboardInterrupt:
            terminal.note("Interrupted.", style="yellow")
            raise typer.Exit(ExitCode.INTERRUPTED) from None

    parameters = [_parameter("context", typer.Context)]
    for item in own:
        parameters += (
            _options(hints[item.name])
            if item.name in groups
            else [_parameter(item.name, hints[item.name], item.default)]
        )
    parameters.append(_parameter("json", _JSON, default=False))
    command.__signature__ = Signature(parameters)  # type: ignore[attr-defined]
    command.__annotations__ = {item.name: item.annotation for item in parameters}
    return command


def _options(group: type[Any]) -> list[Parameter]:
    hints = get_type_hints(group, include_extras=True)
    return [_parameter(option.name, hints[option.name], option.default) for option in fields(group)]


def _parameter(name: str, annotation: Any, default: Any = Parameter.empty) -> Parameter:
    return Parameter(name, Parameter.KEYWORD_ONLY, default=default, annotation=annotation)
