"""Messages of kernels that do not match the protocol: pure functions, and a run with a kernel that sends nothing else."""

import itertools
import json
import random
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbformat.v4 import output_from_msg

from runner.kernel_messages import MAX_ERROR_CHARACTERS, readable_content
from tests.runner.conftest import FAST, Runner, notebook
from tests.runner.fake_service import FakeService

Order = Callable[..., None]

ODD: list[Any] = [
    None,
    True,
    0,
    -1.5,
    "",
    "text",
    "\ud800",
    [],
    ["a", None, 1],
    [["a"]],
    {},
    {"a": 1},
    {"text/plain": [1]},
]
FIELDS = {
    "error": ["ename", "evalue", "traceback"],
    "stream": ["name", "text"],
    "display_data": ["data", "metadata", "transient"],
    "execute_result": ["data", "metadata", "execution_count"],
}


def odd_contents(msg_type: str) -> list[dict[str, Any]]:
    """Return every combination of odd values of a message's fields, and messages that lack some."""
    fields = FIELDS[msg_type]
    combinations = [dict(zip(fields, values, strict=True)) for values in itertools.product(ODD, repeat=len(fields))]
    return [{}, *({name: value} for name in fields for value in ODD), *random.Random(1).sample(combinations, 150)]


@pytest.mark.parametrize("msg_type", FIELDS)
def test_any_output_message_becomes_a_valid_output(msg_type: str) -> None:
    for content in odd_contents(msg_type):
        message = {"header": {"msg_type": msg_type}, "content": readable_content(msg_type, content)}
        output = output_from_msg(message)  # type: ignore[no-untyped-call]
        nbformat.validate({"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": [cell_with(output)]})


def cell_with(output: Any) -> dict[str, Any]:
    return {
        "id": "1",
        "cell_type": "code",
        "metadata": {},
        "source": "",
        "execution_count": None,
        "outputs": [json.loads(json.dumps(output))],
    }


def test_a_correct_message_is_not_changed() -> None:
    messages: dict[str, dict[str, Any]] = {
        "error": {"ename": "E", "evalue": "v", "traceback": ["a", "b"]},
        "stream": {"name": "stderr", "text": "t"},
        "display_data": {"data": {"application/json": {"a": [1]}, "text/plain": "t"}, "metadata": {"a": 1}},
        "status": {"execution_state": "idle"},
        "comm_msg": {"comm_id": "c", "data": {"method": "update", "state": {"a": 1}}},
        "clear_output": {"wait": True},
    }
    for msg_type, content in messages.items():
        assert readable_content(msg_type, content) == content


def test_a_huge_error_keeps_its_head_and_tail() -> None:
    text = "first" + "x" * 10_000_000 + "last"
    content = readable_content("error", {"ename": "E", "evalue": text, "traceback": [text] * 3})
    for kept in (content["evalue"], "\n".join(content["traceback"])):
        assert len(kept) < MAX_ERROR_CHARACTERS + 100
        assert (kept[:5], kept[-4:]) == ("first", "last")
        assert "characters are left out" in kept


KERNEL = '''
"""A kernel whose cells are JSON: the messages to send, and the reply."""
import json, os, sys, time
from ipykernel.kernelapp import IPKernelApp
from ipykernel.kernelbase import Kernel

class Odd(Kernel):
    implementation = banner = "odd"
    is_quiet = False
    implementation_version = "1"
    language_info = {"name": "odd", "mimetype": "text/plain", "file_extension": ".txt"}

    async def execute_request(self, stream, ident, parent):
        code = parent["content"]["code"]
        cell = {"reply": {"status": "ok"}, "record": code} if parent["content"]["silent"] else json.loads(code)
        if "record" in cell:
            open("startup.txt", "w").write(cell["record"])
        if "exit" in cell:
            os._exit(cell["exit"])
        self.is_quiet = cell.get("quiet", False)
        for kind, content in cell.get("send", []):
            self.send_response(self.iopub_socket, kind, content)
        for frames in cell.get("frames", []):
            self.iopub_socket.send_multipart([frame.encode() for frame in frames])
        self.session.send(stream, "execute_reply", cell["reply"], parent, ident=ident)

    def _publish_status(self, *args, **kwargs):
        if not self.is_quiet:
            super()._publish_status(*args, **kwargs)

IPKernelApp.launch_instance(kernel_class=Odd)
'''


@pytest.fixture
def jupyter_path(tmp_path: Path) -> str:
    return make_kernel(tmp_path, "odd")


def make_kernel(tmp_path: Path, language: str) -> str:
    folder = tmp_path / "jupyter" / "kernels" / "odd"
    folder.mkdir(parents=True)
    (folder / "kernel.py").write_text(KERNEL)
    argv = [sys.executable, str(folder / "kernel.py"), "-f", "{connection_file}"]
    (folder / "kernel.json").write_text(json.dumps({"argv": argv, "display_name": "Odd", "language": language}))
    return str(tmp_path / "jupyter")


def cells(*contents: dict[str, Any]) -> bytes:
    return notebook(*map(json.dumps, contents), kernel="odd", language="odd")


OK = {"status": "ok", "payload": [], "execution_count": 1, "user_expressions": {}}
SENDABLE = [value for value in ODD if value != "\ud800"]
FUZZ = [
    [kind, content]
    for kind in (*FIELDS, "update_display_data", "clear_output", "comm_open", "comm_msg", "comm_close", "unknown")
    for content in (
        None,
        "text",
        {},
        *({name: value} for name in ("data", "comm_id", "transient") for value in SENDABLE),
    )
]
FRAMES = [
    [""],
    ["a", "b"],
    ["<IDS|MSG>"],
    ["<IDS|MSG>", "", "", "", "", ""],
    ["<IDS|MSG>", "0", "{", "}", "[", "\0"],
]


def test_no_message_of_a_kernel_ends_the_run(
    runner: Runner, service: FakeService, order: Order, jupyter_path: str
) -> None:
    last = {"reply": OK, "send": [["stream", {"name": "stdout", "text": "the end"}]]}
    order(cells({"reply": OK, "send": [entry for entry in FUZZ if entry[0] != "error"], "frames": FRAMES}, last))

    code, running = runner.run(JUPYTER_PATH=jupyter_path)

    assert (code, runner.outcome["code"]) == (0, "succeeded"), running.log
    assert runner.text(2) == "the end"
    (warning,) = service.reports[0]["warnings"]
    assert (warning["code"], warning["names"][0][:7]) == ("outputs_incomplete", "cell 1:")


@pytest.mark.parametrize(
    ("reply", "part"),
    [
        ({}, "raised Error: the status of the kernel's reply is None"),
        (None, "raised Error: the status of the kernel's reply is None"),
        ({"status": "abort"}, "raised Error: the status of the kernel's reply is 'abort'"),
        ({"status": "error"}, "raised Error"),
        ({"status": "error", "ename": None, "evalue": {"a": 1}, "traceback": "text"}, "raised Error: {'a': 1}"),
        ({"status": "error", "ename": ["E"], "evalue": 5, "traceback": {}}, "raised E: 5"),
    ],
)
def test_a_reply_that_is_not_a_success_is_an_error_of_the_cell(
    runner: Runner, order: Order, jupyter_path: str, reply: Any, part: str
) -> None:
    order(cells({"reply": OK}, {"reply": reply}, {"reply": OK}))

    code, running = runner.run(JUPYTER_PATH=jupyter_path)

    assert (code, runner.outcome["code"], runner.outcome["cell"]) == (10, "notebook_error", 2), running.log
    assert part in runner.outcome["message"]


def test_outputs_whose_end_is_missing_are_a_warning(
    runner: Runner, service: FakeService, order: Order, jupyter_path: str
) -> None:
    order(cells({"reply": OK, "send": [["stream", {"name": "stdout", "text": "kept"}]], "quiet": True}, {"reply": OK}))

    code, running = runner.run(script=FAST, iopub_seconds="1", JUPYTER_PATH=jupyter_path)

    assert code == 0, running.log
    assert runner.text(1) == "kept"
    (warning,) = service.reports[0]["warnings"]
    assert warning["names"] == ["cell 1: the kernel did not signal the end of the outputs"]


@pytest.mark.parametrize("exit_code", [0, 3])
@pytest.mark.parametrize("position", [1, 2])
def test_a_kernel_that_ends_without_a_reply_has_not_finished_its_cell(
    runner: Runner, order: Order, jupyter_path: str, exit_code: int, position: int
) -> None:
    contents: list[dict[str, Any]] = [{"reply": OK}, {"reply": OK}]
    contents.insert(position, {"exit": exit_code})
    order(cells(*contents))

    assert runner.run(JUPYTER_PATH=jupyter_path)[0] == 14
    assert (runner.outcome["code"], runner.outcome["cell"]) == ("kernel_died", position + 1)
    assert f", with exit code {exit_code}" in runner.outcome["message"]


def test_a_kernel_that_asks_to_end_the_notebook_ends_it(
    runner: Runner, service: FakeService, order: Order, jupyter_path: str
) -> None:
    """As R's quit() does."""
    order(cells({"reply": {**OK, "payload": [{"source": "ask_exit"}]}}, {"reply": OK}))

    assert runner.run(JUPYTER_PATH=jupyter_path)[0] == 0
    (warning,) = service.reports[0]["warnings"]
    assert warning["code"] == "ended_early"
    assert warning["message"].endswith("ended the notebook; the cell after it did not run.")


@pytest.mark.parametrize(
    ("language", "startup"), [("R", b".Last.sys <- function()"), ("bash", b"trap "), ("odd", None)]
)
def test_a_kernel_that_hides_the_status_of_quit_gets_code_that_shows_it(
    runner: Runner, service: FakeService, order: Order, tmp_path: Path, *, language: str, startup: bytes | None
) -> None:
    order(cells({"reply": OK}))

    code, running = runner.run(JUPYTER_PATH=make_kernel(tmp_path, language))

    assert code == 0, running.log
    code_before_cells = service.outputs.get("startup.txt")
    assert code_before_cells is None if startup is None else (code_before_cells or b"").startswith(startup)
