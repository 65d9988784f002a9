"""AWS as botocore's Stubber plays it: every call is checked against the service's model, and one that was not announced fails."""

from collections.abc import Mapping
from typing import Any

import boto3
from botocore.exceptions import EndpointConnectionError
from botocore.stub import Stubber

__all__ = ["ARN", "REGION", "StubbedAws", "no_response"]

REGION = "eu-central-1"
ARN = "arn:aws:iam::123456789012:user/operator"


class StubbedAws:
    """Clients whose answers are announced, in the order in which each service is asked."""

    def __init__(self) -> None:
        session = boto3.Session("AKIDEXAMPLE", "secret", region_name=REGION)
        self._make: Any = session.client
        self._clients: dict[str, Any] = {}
        self._stubs: dict[str, Stubber] = {}
        self.calls: list[str] = []

    def client(self, service: str) -> Any:
        if service not in self._clients:
            client = self._make(service)
            client.meta.events.register("before-parameter-build", self._note)
            self._clients[service] = client
            self._stubs[service] = Stubber(client)
            self._stubs[service].activate()
        return self._clients[service]

    def responses(
        self, service: str, call: str, response: Mapping[str, Any], parameters: Mapping[str, Any] | None = None
    ) -> None:
        self._stub(service).add_response(call, dict(response), parameters and dict(parameters))

    def refuses(self, service: str, call: str, code: str, message: str = "") -> None:
        self._stub(service).add_client_error(call, code, message)

    def all_were_asked(self) -> None:
        for stub in self._stubs.values():
            stub.assert_no_pending_responses()

    def _stub(self, service: str) -> Stubber:
        self.client(service)
        return self._stubs[service]

    def _note(self, model: Any, **_: Any) -> None:
        self.calls.append(f"{model.service_model.service_name}:{model.name}")


def no_response(service: str) -> Any:
    """Play an AWS that is out of reach."""
    raise EndpointConnectionError(endpoint_url=f"https://{service}.{REGION}.amazonaws.com/")
