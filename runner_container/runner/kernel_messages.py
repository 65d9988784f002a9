"""What kernels send, made to match the Jupyter protocol: a notebook can make its kernel send anything, and kernels have faults.

Whatever does not match is repaired or left out, so that it cannot end the run; the owner learns what is lost.
https://jupyter-client.readthedocs.io/en/stable/messaging.html
"""

from collections.abc import Callable, Mapping
from queue import Empty
from typing import Any, Final

import zmq
from jupyter_client.asynchronous.client import AsyncKernelClient
from jupyter_client.channels import AsyncZMQSocketChannel

__all__ = ["MAX_ERROR_CHARACTERS", "RunKernelClient", "readable_content"]

MAX_ERROR_CHARACTERS: Final = 100_000
"""The limit on an error's text and, separately, on its traceback: 1,000 lines, more than any reader needs."""


class ReadableChannel(AsyncZMQSocketChannel):
    """A channel that leaves out messages that cannot be decoded, and notices each one that arrives."""

    on_unreadable: Callable[[str], None] = staticmethod(lambda _reason: None)
    """Called with the reason for each message that was left out."""

    def send(self, msg: dict[str, Any]) -> None:
        """Send a message, and have a message that arrived meanwhile noticed.

        Sending takes the notification that the socket has something to read, and jupyter_client sends past pyzmq's asyncio socket, which would
        look again. A reply that arrives while nbclient sends the state of an output widget would never be read:
        https://github.com/jupyter/nbclient/issues/312. Reading the socket's events makes pyzmq look.
        """
        super().send(msg)
        if self.socket is not None:
            self.socket.get(zmq.EVENTS)

    async def get_msg(self, timeout: float | None = None) -> dict[str, Any]:  # type: ignore[override] # noqa: ASYNC109 - as in jupyter_client
        """Return the next message; its content and its parent's header are dictionaries.

        Raises
        ------
        Empty
            If none is received in time [s].
        """
        while True:
            try:
                message = await super().get_msg(timeout)
                return _message(message)
            except Empty:
                raise
            # What jupyter_client raises: an invalid signature, no JSON, no dictionary, missing keys. Not errors of the socket.
            except (ValueError, TypeError, LookupError, AttributeError, RecursionError) as error:
                self.on_unreadable(f"a message that cannot be decoded: {type(error).__name__}: {error}")


class RunKernelClient(AsyncKernelClient):
    """jupyter_client's client, with channels that leave out what cannot be decoded."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(shell_channel_class=ReadableChannel, iopub_channel_class=ReadableChannel, **kwargs)


def _message(message: dict[str, Any]) -> dict[str, Any]:
    parent = message["parent_header"]
    content = message["content"] if isinstance(message["content"], dict) else {}
    if message["msg_type"] == "execute_reply":
        content = _reply(content)
    return {**message, "parent_header": parent if isinstance(parent, dict) else {}, "content": content}


def _reply(content: Mapping[str, Any]) -> dict[str, Any]:
    """Return a reply with a status. Whatever is not `ok` is an error: R and Bash send `abort` after an interrupt."""
    payload = content.get("payload")
    status = content.get("status")
    if status == "ok":
        return {**content, "payload": payload if isinstance(payload, list) else []}
    reason = "" if status == "error" else f"the status of the kernel's reply is {status!r}"
    return {**content, **_error({"evalue": reason, **content}), "status": "error", "payload": []}


def readable_content(msg_type: str, content: Mapping[str, Any]) -> dict[str, Any]:
    """Return the content of an output message with all fields that its type needs, each of the right type.

    Parameters
    ----------
    msg_type, content
        The message of a kernel.

    Returns
    -------
        A new dictionary. Fields that are not output are as they were.
    """
    read = _READERS.get(msg_type)
    readable = {**content, **(read(content) if read else {})}
    count = readable.get("execution_count")
    if "execution_count" in readable and not (type(count) is int and count >= 0):
        readable["execution_count"] = None
    transient = readable.get("transient")
    if not isinstance(transient, dict) or not isinstance(transient.get("display_id"), str):
        readable.pop("transient", None)
    return readable


def _error(content: Mapping[str, Any]) -> dict[str, Any]:
    lines = content.get("traceback")
    lines = [lines] if isinstance(lines, str) else lines if isinstance(lines, list) else []
    return {
        "ename": _text(content.get("ename")) or "Error",
        "evalue": _shorten(_text(content.get("evalue"))),
        "traceback": _shorten("\n".join(_text(line) for line in lines)).split("\n") if lines else [],
    }


def _stream(content: Mapping[str, Any]) -> dict[str, Any]:
    return {"name": "stderr" if content.get("name") == "stderr" else "stdout", "text": _text(content.get("text"))}


def _display(content: Mapping[str, Any]) -> dict[str, Any]:
    data, metadata = content.get("data"), content.get("metadata")
    return {
        "data": {kind: _representation(kind, value) for kind, value in data.items()} if isinstance(data, dict) else {},
        "metadata": metadata if isinstance(metadata, dict) else {},
    }


def _result(content: Mapping[str, Any]) -> dict[str, Any]:
    return {"execution_count": None, **content, **_display(content)}


def _representation(kind: str, value: Any) -> Any:
    """Return JSON as it is and anything else as text, as nbformat defines mimebundles."""
    return value if kind == "application/json" or kind.endswith("+json") else _text(value)


def _status(content: Mapping[str, Any]) -> dict[str, Any]:
    return {"execution_state": _text(content.get("execution_state"))}


def _comm(content: Mapping[str, Any]) -> dict[str, Any]:
    data = content.get("data")
    readable = dict(data) if isinstance(data, dict) else {}
    if not isinstance(readable.get("state", {}), dict):
        del readable["state"]
    return {"comm_id": _text(content.get("comm_id")), "data": readable}


def _text(value: Any) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, list):
        return "".join(_text(part) for part in value)
    return "" if value is None else str(value)


def _shorten(text: str) -> str:
    if len(text) <= MAX_ERROR_CHARACTERS:
        return text
    half = MAX_ERROR_CHARACTERS // 2
    return f"{text[:half]}\n[… {len(text) - 2 * half:,} characters are left out …]\n{text[-half:]}"


_READERS: Final[Mapping[str, Callable[[Mapping[str, Any]], dict[str, Any]]]] = {
    "error": _error,
    "stream": _stream,
    "display_data": _display,
    "update_display_data": _display,
    "execute_result": _result,
    "status": _status,
    "comm_open": _comm,
    "comm_msg": _comm,
    "comm_close": _comm,
}
