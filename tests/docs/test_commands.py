"""Every `nbjobs` command and option, and every method of the client, that a document names exists."""

import ast
import re

import pytest
import typer

import jupyter_scheduler_aws
from jupyter_scheduler_aws.cli.app import app
from tests.docs.documents import ROOT
from tests.docs.test_links import own_documents

NAMED = re.compile(r"(?:^|`)nbjobs ([a-z]+)([^`\n]*)", re.MULTILINE)
OPTION = re.compile(r"(?<=\s)--?[a-z][a-z-]*")
PYTHON = re.compile(r"```python\n(.*?)```", re.DOTALL)


def named_commands() -> list[tuple[str, str]]:
    texts = (path.read_text(encoding="utf-8") for path in own_documents())
    return sorted({found for text in texts for found in NAMED.findall(text)})


def test_the_documents_name_commands() -> None:
    assert {"submit", "doctor", "logs"} <= {name for name, _ in named_commands()}


@pytest.mark.parametrize(("name", "rest"), named_commands())
def test_command_and_its_options_exist(name: str, rest: str) -> None:
    commands = getattr(typer.main.get_command(app), "commands", {})
    assert name in commands, f"there is no command nbjobs {name}"
    command = commands[name]
    if words := rest.split():
        group = getattr(command, "commands", None)
        assert group is None or words[0] in group, f"there is no command nbjobs {name} {words[0]}"
        command = group[words[0]] if group else command
    known = {option for parameter in command.params for option in parameter.opts}
    assert set(OPTION.findall(rest)) <= known


def test_python_examples_use_what_the_client_has() -> None:
    [example] = PYTHON.findall((ROOT / "README.md").read_text(encoding="utf-8"))
    for node in ast.walk(ast.parse(example)):
        if isinstance(node, ast.ImportFrom):
            assert {alias.name for alias in node.names} <= set(jupyter_scheduler_aws.__all__)
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "client":
            assert callable(getattr(jupyter_scheduler_aws.Client, node.attr))
