"""What a person reads in the panel when something went wrong."""

import pytest
from jupyter_scheduler.environments import EnvironmentRetrievalError
from jupyter_scheduler.exceptions import IdempotencyTokenError, SchedulerError

from jupyter_scheduler_aws import AwsScheduler, errors
from jupyter_scheduler_aws.connector.error_messages import panel_text, to_environment_error, to_scheduler_error
from jupyter_scheduler_aws.errors import ConfigurationError, SchedulerClientError, error_of_response

WIDE = "\N{FULLWIDTH PERCENT SIGN}"

PLAIN = [
    each
    for each in (getattr(errors, name) for name in errors.__all__ if name.endswith("Error"))
    if not issubclass(each, errors.SchedulerApiError)
]


@pytest.mark.parametrize("kind", PLAIN, ids=lambda kind: kind.__name__)
def test_every_error_is_shown_with_its_own_text(kind: type[SchedulerClientError]) -> None:
    """jupyter-scheduler shows `SchedulerError`s as they are, and of others only that they are unexpected."""
    for to_error, shown in ((to_scheduler_error, SchedulerError), (to_environment_error, EnvironmentRetrievalError)):
        error = to_error(kind("What happened, and what next."))
        assert isinstance(error, shown)
        assert str(error) == "What happened, and what next."


@pytest.mark.parametrize("status", [400, 401, 403, 404, 409, 413, 418, 422, 429])
def test_what_the_service_refused_is_shown_without_a_request_id(status: int) -> None:
    document = {"message": "There is no such job of yours.", "code": "any", "request_id": "req-1"}
    error = to_scheduler_error(error_of_response(status, document))
    assert isinstance(error, SchedulerError)
    assert str(error) == "There is no such job of yours."


@pytest.mark.parametrize("status", [500, 502, 503])
def test_a_fault_of_the_service_is_shown_with_what_finds_it_in_its_logs(status: int) -> None:
    error = error_of_response(status, {"message": "It failed.", "request_id": "req-1"})
    assert panel_text(error) == "It failed. (request req-1)"
    assert panel_text(error_of_response(status, {"message": "It failed."})) == "It failed."


def test_a_used_token_is_the_error_that_becomes_409() -> None:
    document = {"message": "The token 'tok-1' was used for another request.", "code": "idempotency_token_reused"}
    error = to_scheduler_error(error_of_response(409, document))
    assert isinstance(error, IdempotencyTokenError)
    assert str(error) == "The token 'tok-1' was used for another request."


def test_another_conflict_is_not_about_a_token() -> None:
    error = to_scheduler_error(error_of_response(409, {"message": "The job has ended.", "code": "conflict"}))
    assert isinstance(error, SchedulerError)


def test_percent_signs_come_through_tornado() -> None:
    """Its HTTPError formats the message with no arguments, after it doubled the percent signs."""
    from tornado.web import HTTPError

    text = str(to_scheduler_error(SchedulerClientError("name: '100%s %d' is 99% full")))
    assert HTTPError(500, text).get_message() == text == "name: '100%s %d' is 99% full".replace("%", WIDE)


@pytest.mark.parametrize(("option", "setting"), [("url", "api_url"), ("region", "region"), ("profile", "profile")])
def test_what_is_missing_is_a_setting_in_jupyterlab(option: str, setting: str) -> None:
    text = panel_text(ConfigurationError("Set AWS_X.", option=option))
    assert text.startswith(f"Set AWS_X. Or set c.AwsScheduler.{setting} ")
    assert setting in AwsScheduler.class_traits(config=True)
    assert "nbjobs" not in text


def test_what_is_no_setting_is_left_as_it_is() -> None:
    assert panel_text(ConfigurationError("AWS_CA_BUNDLE cannot be used.")) == "AWS_CA_BUNDLE cannot be used."
