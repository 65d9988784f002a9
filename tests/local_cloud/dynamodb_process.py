"""Run MiniStack's DynamoDB in a separate process, with the ordered indexes of the local cloud or without.

Runs in the emulator's environment. Reads one request a line, `[action, body]`, and writes one response a line, `[status, body]`.
"""

import asyncio
import json
import sys
from collections.abc import Callable
from functools import wraps
from typing import Any

from ministack.services import dynamodb  # type: ignore[import-not-found]  # in the emulator's environment only

from local_cloud.dynamodb_queries import EmulatedQueries

__all__ = ["main"]


async def _respond(action: str, body: dict[str, Any]) -> list[Any]:
    headers = {"x-amz-target": f"DynamoDB_20120810.{action}"}
    status, _headers, response = await dynamodb.handle_request("POST", "/", headers, json.dumps(body).encode(), {})
    return [status, json.loads(response)]


def _restart() -> None:
    """Load the saved state, as after a restart."""
    state = dynamodb.get_state()
    dynamodb.reset()
    dynamodb.load_persisted_state(state)


def _expire(table: str, keys: list[str]) -> None:
    """Remove an expired item, as the time to live does."""
    dynamodb._remove_item(dynamodb._tables[table], *keys)


def _counting(function: Callable[..., Any], calls: list[None]) -> Callable[..., Any]:
    @wraps(function)
    def counted(*arguments: Any) -> Any:
        calls.append(None)
        return function(*arguments)

    return counted


def main() -> None:
    """Respond until the input ends."""
    calls: list[None] = []
    dynamodb._sort_key_value = _counting(dynamodb._sort_key_value, calls)
    if sys.argv[1] == "ordered":
        EmulatedQueries().patch()
    for line in sys.stdin:
        action, body = json.loads(line)
        response: list[Any] = [200, {}]
        if action == "restart":
            _restart()
        elif action == "expire":
            _expire(**body)
        elif action == "count sort keys":
            response = [200, len(calls)]
            calls.clear()
        else:
            response = asyncio.run(_respond(action, body))
        sys.stdout.write(json.dumps(response) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
