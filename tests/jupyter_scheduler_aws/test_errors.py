"""API Gateway's own refusals are explained."""

import json
import traceback
from pathlib import Path

import pytest

from jupyter_scheduler_aws.errors import NotAllowedError, error_of_response
from jupyter_scheduler_aws.sanitize import sanitize_text

TEXTS = json.loads(Path(__file__).parents[1].joinpath("data", "texts.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize("message", ["Forbidden", "Missing Authentication Token"])
def test_wrong_address_is_explained_with_the_url(message: str) -> None:
    """The former is for a missing stage, the latter for a missing path of a stage."""
    error = error_of_response(403, {"message": message})
    assert isinstance(error, NotAllowedError)
    assert error.message.startswith(f"{message}. There is nothing at this address")
    assert "JUPYTER_SCHEDULER_AWS_URL with the stack's output ApiUrl" in error.message


def test_message_of_the_service_has_no_hint() -> None:
    assert error_of_response(403, {"message": "Only admins may do this."}).message == "Only admins may do this."


@pytest.mark.parametrize("text", TEXTS, ids=[text["name"] for text in TEXTS])
def test_messages_are_sanitized_in_tracebacks(text: dict[str, str]) -> None:
    """JupyterLab's server logs tracebacks of the client's errors to a terminal."""
    error = error_of_response(500, {"message": f"a{text['text']}"})

    assert str(error) == error.message == f"a{text['plain']}"
    output = "".join(traceback.format_exception(error))
    assert output == sanitize_text(output)
