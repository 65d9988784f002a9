"""What API Gateway and AWS say in front of the service, in words: what happened, to what, and what to do next.

Sources: "Gateway response types for API Gateway" of the API Gateway developer guide, and "Troubleshoot Signature Version 4 signing"
of the IAM user guide. The service's own messages contain all three, and stay as they are.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

__all__ = ["describe_request", "explain_gateway_message", "explain_status", "is_expired_login"]

_URL: Final = "compare JUPYTER_SCHEDULER_AWS_URL with the stack's output ApiUrl"
_LOGIN: Final = "Log in again, for example with `aws sso login`."
_CLOCK: Final = "This machine's clock is wrong: set it and try again."
_OPERATOR: Final = "Ask the operator for the policy that the stack's output UserPolicyArn names."
_PERSISTS: Final = "Try again; if the error persists, send the request id and the time to the operator."


@dataclass(frozen=True)
class _Rule:
    part: str
    """Text in a message, or the whole message if it has no other words; upper and lower case are the same."""
    advice: str
    """What follows the first sentence of the message. `{what}` is what the client was doing."""
    is_whole: bool = False
    """Whether the message must be nothing else, because the words are common."""


_RULES: Final = (
    _Rule("Missing Authentication Token", f"There is nothing at this address: {_URL}."),
    _Rule("Forbidden", f"There is nothing at this address that you can use: {_URL}.", is_whole=True),
    _Rule("Not Found", f"There is nothing at this address for {{what}}: {_URL}; it ends in /v1.", is_whole=True),
    _Rule("Signature expired", _CLOCK),
    _Rule("Signature not yet current", _CLOCK),
    _Rule("security token included in the request is expired", _LOGIN),
    _Rule("AWS credentials have expired", _LOGIN),
    _Rule(
        "security token included in the request is invalid",
        "AWS does not know these credentials: check AWS_PROFILE, or the keys in the environment.",
    ),
    _Rule(
        "request signature we calculated does not match",
        "The secret key is not the one of this access key: check AWS_PROFILE, or the keys in the environment. "
        "If they are right, a proxy changes the requests.",
    ),
    _Rule(
        "Credential should be scoped to",
        f"The request is signed for another region: {_URL}, and set AWS_REGION to the region of the stack.",
    ),
    _Rule(
        "Authorization header",
        "The signature did not arrive as it was sent: a proxy between this machine and AWS changes the requests. Reach AWS without it.",
    ),
    _Rule("with an explicit deny", "A policy forbids it, whatever else allows it: ask the operator which one."),
    _Rule("not authorized to perform: execute-api", _OPERATOR),
    _Rule("not authorized to access this resource", _OPERATOR),
    _Rule(
        "Limit Exceeded",
        "The quota of requests to this stack is used up, while {what}. Try again later; "
        "if it happens often, ask the operator for a larger quota.",
        is_whole=True,
    ),
    _Rule(
        "Too Many Requests",
        "The stack receives more requests than it accepts, also after all tries, while {what}. Wait a minute and try again; "
        "if it happens often, ask the operator to raise api.throttle_rate.",
        is_whole=True,
    ),
    _Rule(
        "Rate exceeded",
        "AWS throttles the stack, while {what}. Wait a minute and try again; if it happens often, tell the operator.",
        is_whole=True,
    ),
    _Rule("Internal server error", f"The service failed while {{what}}. {_PERSISTS}", is_whole=True),
    _Rule("Bad Gateway", f"The service could not be reached while {{what}}. {_PERSISTS}", is_whole=True),
    _Rule("Service Unavailable", f"The service is overloaded or restarts, while {{what}}. {_PERSISTS}", is_whole=True),
    _Rule(
        "Network error communicating with endpoint",
        f"The service could not be reached while {{what}}. {_PERSISTS}",
    ),
    _Rule(
        "Endpoint request timed out",
        "The service took longer than 29 seconds while {what}. It may have taken effect: look before you try again. "
        "If the error persists, send the request id and the time to the operator.",
    ),
    _Rule(
        "Request Too Long",
        "The request is larger than API Gateway accepts (10 MB), while {what}. Shorten its parameters.",
    ),
    _Rule("Unsupported Media Type", f"A proxy changes the requests, or the address is wrong: {_URL}.", is_whole=True),
)

_WITHOUT_MESSAGE: Final[Mapping[int, str]] = {
    401: f"{_LOGIN} If that does not help, {_URL}.",
    403: f"{_URL[0].upper()}{_URL[1:]}, and check your credentials with `nbjobs doctor`.",
    404: f"There is nothing at this address: {_URL}.",
    429: "Wait a minute and try again; if it happens often, ask the operator to raise api.throttle_rate.",
}

_FIRST_SENTENCE: Final = re.compile(r"[^\n]*?(?:\.(?=\s)|(?=\n)|$)")
"""The text before AWS explains what it would have signed, for programmers."""

_VERBS: Final[Mapping[str, str]] = {"GET": "reading", "POST": "creating", "PATCH": "changing", "DELETE": "deleting"}

_ONE: Final[Mapping[str, str]] = {"jobs": "job", "job_definitions": "job definition", "owners": "owner"}


def describe_request(method: str, path: str) -> str:
    """Return what the client is doing, such as `reading logs of job 0199a1b2-…`.

    Parameters
    ----------
    method
        The HTTP method.
    path
        The path below `/scheduler`, such as `/jobs/0199a1b2-…/logs`.
    """
    collection, _, rest = path.strip("/").removeprefix("batch/").partition("/")
    name, _, part = rest.partition("/")
    thing = f"{_ONE.get(collection, collection)} {name}" if name else collection.replace("_", " ")
    return f"{_VERBS.get(method, 'requesting')} " + (f"{part.replace('_', ' ')} of {thing}" if part else thing)


def explain_gateway_message(message: str, *, what: str) -> str:
    """Return a message of API Gateway or AWS with what to do next; other messages stay the same.

    Parameters
    ----------
    message
        The message in the response.
    what
        What the client was doing, as `describe_request` returns it.
    """
    text = message.strip()
    for rule in _RULES:
        found = (
            text.rstrip(".").casefold() == rule.part.casefold()
            if rule.is_whole
            else rule.part.casefold() in text.casefold()
        )
        if found:
            return f"{_first_sentence(text)}. {rule.advice.format(what=what)}"
    return message


def explain_status(status: int, *, what: str) -> str:
    """Return what a response without a message means, and what to do next."""
    advice = _WITHOUT_MESSAGE.get(status, _PERSISTS)
    return f"The service responded with status {status} without a message, while {what}. {advice}"


def is_expired_login(text: str) -> bool:
    """Check whether a response says that temporary credentials have expired: in the words of AWS, or of the stack."""
    return "security token included in the request is expired" in text or "AWS credentials have expired" in text


def _first_sentence(text: str) -> str:
    match = _FIRST_SENTENCE.match(text)
    return (match[0] if match else text).strip().rstrip(".")
