"""Deliveries, retries and dead letters, with queues that refuse messages and a clock of the test."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from local_cloud.schedule_delivery import Delivery, DeliveryQueue, SendError

DUE = datetime(2026, 3, 1, 10, 0, tzinfo=UTC)
TARGET, DEAD = "arn:aws:sqs:us-east-1:000000000000:ticks", "arn:aws:sqs:us-east-1:000000000000:dead"


@dataclass
class Queues:
    """Accept messages, except for queues that are set to refuse."""

    refusing: set[str] = field(default_factory=set)
    tried: int = 0
    taken: list[tuple[str, str, Mapping[str, str]]] = field(default_factory=list)

    def send(self, _delivery: Delivery, queue_arn: str, body: str, attributes: Mapping[str, str]) -> None:
        self.tried += 1
        if queue_arn in self.refusing:
            raise SendError("Refused", f"{queue_arn} refuses")
        self.taken.append((queue_arn, body, attributes))


def delivery(**target: Any) -> Delivery:
    body = "<aws.scheduler.scheduled-time> <aws.scheduler.attempt-number> <aws.scheduler.schedule-arn>"
    return Delivery(
        schedule_arn="arn:schedule", target={"Arn": TARGET, "Input": body, **target}, due=DUE, not_before=DUE
    )


def pass_time(deliveries: DeliveryQueue, seconds: int) -> None:
    for second in range(seconds):
        deliveries.attempt(DUE + timedelta(seconds=second))


def test_a_message_is_delivered_once_with_its_attributes_filled_in() -> None:
    queues = Queues()
    deliveries = DeliveryQueue(queues.send)
    deliveries.add(delivery())
    pass_time(deliveries, 5)
    assert queues.taken == [(TARGET, "2026-03-01T10:00:00Z 1 arn:schedule", {})]


def test_each_execution_has_an_id_that_its_retries_keep() -> None:
    queues = Queues(refusing={TARGET})
    deliveries = DeliveryQueue(queues.send)
    for _ in range(2):
        deliveries.add(delivery(Input="<aws.scheduler.execution-id> <aws.scheduler.attempt-number>"))
    deliveries.attempt(DUE)
    queues.refusing.clear()
    pass_time(deliveries, 5)
    identifiers, attempts = zip(*(body.split() for _, body, _ in queues.taken), strict=True)
    assert len(set(identifiers)) == 2
    assert attempts == ("2", "2")


def test_the_backoff_is_exponential() -> None:
    tries: list[int] = []
    queues = Queues(refusing={TARGET})
    deliveries = DeliveryQueue(queues.send)
    deliveries.add(delivery())
    for second in range(200):
        before = queues.tried
        deliveries.attempt(DUE + timedelta(seconds=second))
        tries += [second] * (queues.tried - before)
    assert tries == [0, 1, 3, 7, 15, 31, 63, 123, 183]


def test_a_delivery_becomes_a_dead_letter_after_the_last_retry() -> None:
    queues = Queues(refusing={TARGET})
    deliveries = DeliveryQueue(queues.send)
    deliveries.add(delivery(RetryPolicy={"MaximumRetryAttempts": 2}, DeadLetterConfig={"Arn": DEAD}))
    pass_time(deliveries, 30)
    ((queue_arn, body, attributes),) = queues.taken
    assert (queue_arn, body) == (DEAD, "2026-03-01T10:00:00Z 3 arn:schedule")
    assert len(attributes.pop("EXECUTION_ID")) == 16  # type: ignore[attr-defined]
    assert attributes == {
        "ERROR_CODE": "Refused",
        "ERROR_MESSAGE": f"{TARGET} refuses",
        "EXHAUSTED_RETRY_CONDITION": "MaximumRetryAttempts",
        "RETRY_ATTEMPTS": "2",
        "SCHEDULED_TIME": "2026-03-01T10:00:00Z",
        "SCHEDULE_ARN": "arn:schedule",
        "TARGET_ARN": TARGET,
    }


def test_a_delivery_becomes_a_dead_letter_at_its_maximum_age() -> None:
    queues = Queues(refusing={TARGET})
    deliveries = DeliveryQueue(queues.send)
    policy = {"MaximumRetryAttempts": 185, "MaximumEventAgeInSeconds": 60}
    deliveries.add(delivery(RetryPolicy=policy, DeadLetterConfig={"Arn": DEAD}))
    pass_time(deliveries, 120)
    ((queue_arn, _, attributes),) = queues.taken
    assert (queue_arn, attributes["EXHAUSTED_RETRY_CONDITION"], attributes["RETRY_ATTEMPTS"]) == (
        DEAD,
        "MaximumEventAgeInSeconds",
        "5",
    )


def test_without_retries_the_first_refusal_makes_a_dead_letter() -> None:
    queues = Queues(refusing={TARGET})
    deliveries = DeliveryQueue(queues.send)
    deliveries.add(delivery(RetryPolicy={"MaximumRetryAttempts": 0}))
    pass_time(deliveries, 30)
    assert (queues.tried, queues.taken) == (1, [])


def test_a_refused_dead_letter_or_an_invalid_target_does_not_affect_other_deliveries() -> None:
    queues = Queues(refusing={TARGET, DEAD})
    deliveries = DeliveryQueue(queues.send)
    deliveries.add(delivery(RetryPolicy={"MaximumRetryAttempts": 0}, DeadLetterConfig={"Arn": DEAD}))
    deliveries.add(Delivery(schedule_arn="arn:broken", target={}, due=DUE, not_before=DUE))
    deliveries.add(delivery(Arn="arn:other"))
    pass_time(deliveries, 30)
    assert [queue_arn for queue_arn, _, _ in queues.taken] == ["arn:other"]
    assert queues.tried == 3
