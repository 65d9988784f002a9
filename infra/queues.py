"""The queues, each with a dead-letter queue."""

from typing import Final

from aws_cdk import Duration
from aws_cdk.aws_sqs import DeadLetterQueue, Queue, QueueEncryption
from constructs import Construct

from infra.nag_acknowledgments import acknowledge

__all__ = ["CLEANUP_TIMEOUT", "DISPATCH_TIMEOUT", "TICKS_TIMEOUT", "Queues"]

DISPATCH_TIMEOUT: Final = Duration.seconds(60)
"""Timeout of one dispatch. It is short because after a crash no other dispatch starts for this long. The next dispatch launches the
jobs that one has no time for."""

CLEANUP_TIMEOUT: Final = Duration.seconds(300)
"""Timeout of one batch of cleanups; a call deletes up to 1,000 files."""

TICKS_TIMEOUT: Final = Duration.seconds(60)
"""Timeout of one batch of ticks. A tick makes about six AWS calls, a walk processes up to a hundred ticks."""

_CLEANUP_DELAY: Final = Duration.minutes(15)
"""Delay of a second cleanup: by then every presigned upload URL has expired. It is also the longest delay of SQS."""

_MAX_RECEIVES: Final = 5
"""Attempts for each message. Throttling or a deployment can make two or three of them fail."""

_WAKE_UP_RETENTION: Final = Duration.minutes(10)
"""Retention of a wake-up: the sweep has sent newer ones by then."""

_DEAD_LETTER_RETENTION: Final = Duration.days(14)
"""The longest retention of SQS: time for a person to look at the message."""


class Queues(Construct):
    """Queues of wake-ups, ticks, and second cleanups, and dead-letter queues, one of them for events."""

    def __init__(self, scope: Construct, construct_id: str) -> None:
        super().__init__(scope, construct_id)
        self.wake_up = self._wake_ups()
        self.dead_ticks = self._dead_letters("DeadTicks")
        self.tick = self._queue("Tick", self.dead_ticks, visibility_timeout=_visibility_timeout(TICKS_TIMEOUT))
        self.dead_cleanups = self._dead_letters("DeadCleanups")
        visibility_timeout = _visibility_timeout(CLEANUP_TIMEOUT)
        self.cleanup = self._queue(
            "Cleanup", self.dead_cleanups, visibility_timeout=visibility_timeout, delay=_CLEANUP_DELAY
        )
        self.dead_events = self._dead_letters("DeadEvents")
        acknowledge(
            self.dead_events,
            "SQS3",
            "This is a dead-letter queue of functions, streams, and event rules.",
        )

    @property
    def dead_letter_queues(self) -> list[Queue]:
        """The queues that are empty while all is well."""
        return [self.dead_ticks, self.dead_cleanups, self.dead_events]

    def _wake_ups(self) -> Queue:
        """Create the FIFO queue with one message group, so that one dispatch runs at a time."""
        queue = Queue(
            self,
            "WakeUp",
            fifo=True,
            encryption=QueueEncryption.SQS_MANAGED,
            enforce_ssl=True,
            retention_period=_WAKE_UP_RETENTION,
            # Slightly longer than the dispatch timeout: after a crash the message group, and so every launch, waits this long.
            visibility_timeout=DISPATCH_TIMEOUT.plus(Duration.seconds(10)),
        )
        acknowledge(
            queue,
            "SQS3",
            "A wake-up has no content and is consumed even when dispatch fails; the sweep sends one every minute while jobs wait.",
        )
        return queue

    def _queue(
        self, construct_id: str, dead_letters: Queue, *, visibility_timeout: Duration, delay: Duration | None = None
    ) -> Queue:
        return Queue(
            self,
            construct_id,
            encryption=QueueEncryption.SQS_MANAGED,
            enforce_ssl=True,
            delivery_delay=delay,
            visibility_timeout=visibility_timeout,
            dead_letter_queue=DeadLetterQueue(queue=dead_letters, max_receive_count=_MAX_RECEIVES),
        )

    def _dead_letters(self, construct_id: str) -> Queue:
        return Queue(
            self,
            construct_id,
            encryption=QueueEncryption.SQS_MANAGED,
            enforce_ssl=True,
            retention_period=_DEAD_LETTER_RETENTION,
        )


def _visibility_timeout(timeout: Duration) -> Duration:
    """Return six times the function's timeout, as Lambda recommends: a batch that waits for a free function is not delivered twice."""
    return Duration.seconds(6 * timeout.to_seconds())
