"""The Chalice app of the API function."""

import json
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from chalice.app import Chalice

from chalicelib.observability import observed
from chalicelib.routes.error_responses import error_body

__all__ = ["SchedulerApp"]


class SchedulerApp(Chalice):
    """A Chalice app whose own errors (unknown route, method or media type) have the same form as the API's."""

    def __call__(self, event: Mapping[str, Any], context: Any) -> Any:
        """Handle one request of API Gateway."""
        return observed(self._handle, name="api")(event, context)

    def _handle(self, event: Mapping[str, Any], context: Any) -> Any:
        response = super().__call__(event, context)
        # Preflight requests decide which origins may call the API. Access needs a signature, which no browser adds by itself.
        response.setdefault("headers", {})["Access-Control-Allow-Origin"] = "*"
        if response.get("statusCode", 200) >= HTTPStatus.BAD_REQUEST and '"Code"' in response.get("body", ""):
            error = json.loads(response["body"])
            request_id = (event.get("requestContext") or {}).get("requestId")
            body = error_body(error.get("Message", ""), "".join(error.get("Code", "")), request_id)
            response["body"] = json.dumps(body)
        return response
