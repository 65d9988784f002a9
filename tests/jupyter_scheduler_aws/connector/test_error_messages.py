"""The error messages in the panel."""

import pytest
from jupyter_scheduler.exceptions import IdempotencyTokenError, SchedulerError

from jupyter_scheduler_aws import AwsScheduler, errors
from jupyter_scheduler_aws.connector.error_messages import panel_message, to_scheduler_error
from jupyter_scheduler_aws.errors import ConfigurationError, SchedulerClientError, error_of_response

WIDE = "\N{FULLWIDTH PERCENT SIGN}"

PLAIN = [
    each
    for each in (getattr(errors, name) for name in errors.__all__ if name.endswith("Error"))
    if not issubclass(each, errors.SchedulerApiError)
]


@pytest.mark.parametrize("kind", PLAIN, ids=lambda kind: kind.__name__)
def test_every_error_shows_its_own_message(kind: type[SchedulerClientError]) -> None:
    """jupyter-scheduler shows the message of a `SchedulerError`, and calls any other error unexpected."""
    error = to_scheduler_error(kind("What happened, and what next."))
    assert isinstance(error, SchedulerError)
    assert str(error) == "What happened, and what next."


@pytest.mark.parametrize("status", [400, 401, 403, 404, 409, 413, 418, 422, 429])
def test_a_refusal_is_shown_without_a_request_id(status: int) -> None:
    document = {"message": "There is no such job of yours.", "code": "any", "request_id": "req-1"}
    error = to_scheduler_error(error_of_response(status, document))
    assert isinstance(error, SchedulerError)
    assert str(error) == "There is no such job of yours."


@pytest.mark.parametrize("status", [500, 502, 503])
def test_a_server_error_is_shown_with_its_request_id(status: int) -> None:
    error = error_of_response(status, {"message": "It failed.", "request_id": "req-1"})
    assert panel_message(error) == "It failed. (request req-1)"
    assert panel_message(error_of_response(status, {"message": "It failed."})) == "It failed."


def test_a_reused_token_becomes_409() -> None:
    document = {"message": "The token 'tok-1' was used for another request.", "code": "idempotency_token_reused"}
    error = to_scheduler_error(error_of_response(409, document))
    assert isinstance(error, IdempotencyTokenError)
    assert str(error) == "The token 'tok-1' was used for another request."


def test_other_conflicts_are_scheduler_errors() -> None:
    error = to_scheduler_error(error_of_response(409, {"message": "The job has ended.", "code": "conflict"}))
    assert isinstance(error, SchedulerError)


def test_percent_signs_survive_tornado() -> None:
    """HTTPError of Tornado doubles percent signs, and then formats the message without arguments."""
    from tornado.web import HTTPError

    text = str(to_scheduler_error(SchedulerClientError("name: '100%s %d' is 99% full")))
    assert HTTPError(500, text).get_message() == text == "name: '100%s %d' is 99% full".replace("%", WIDE)


@pytest.mark.parametrize(("option", "setting"), [("url", "api_url"), ("region", "region"), ("profile", "profile")])
def test_a_missing_option_is_shown_as_a_setting_of_jupyterlab(option: str, setting: str) -> None:
    text = panel_message(ConfigurationError("Set AWS_X.", option=option))
    assert text.startswith(f"Set AWS_X. Or set c.AwsScheduler.{setting} ")
    assert setting in AwsScheduler.class_traits(config=True)
    assert "nbjobs" not in text


def test_an_error_without_an_option_keeps_its_message() -> None:
    assert panel_message(ConfigurationError("AWS_CA_BUNDLE cannot be used.")) == "AWS_CA_BUNDLE cannot be used."
