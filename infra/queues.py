"""The queues, each with a dead-letter queue."""

from typing import Final

from aws_cdk import Duration
from aws_cdk.aws_sqs import DeadLetterQueue, Queue, QueueEncryption
from constructs import Construct

from infra.nag_acknowledgments import explain

__all__ = ["CLEANUP_TIMEOUT", "DISPATCH_TIMEOUT", "TICKS_TIMEOUT", "Queues"]

DISPATCH_TIMEOUT: Final = Duration.seconds(60)
"""How long one dispatch may take. Short on purpose: after a crash no other dispatch starts for this long. What a dispatch has no time
for, the next one launches."""

CLEANUP_TIMEOUT: Final = Duration.seconds(300)
"""How long one batch of cleanups may take: deletes go 1,000 files a call."""

TICKS_TIMEOUT: Final = Duration.seconds(60)
"""How long one batch of ticks may take; a tick is about six calls of AWS, a walk up to a hundred ticks."""

_CLEANUP_DELAY: Final = Duration.minutes(15)
"""A second cleanup comes when every presigned upload URL has expired; also the longest delay that SQS has."""

_MAX_RECEIVES: Final = 5
"""How often a message is tried; two or three failures are still bad luck: a throttle, a deployment."""

_WAKE_UP_RETENTION: Final = Duration.minutes(10)
"""How long a wake-up is kept: the sweep has sent newer ones by then."""

_DEAD_LETTER_RETENTION: Final = Duration.days(14)
"""The longest that SQS keeps a message: time for a person to look."""


class Queues(Construct):
    """Wake-ups, ticks, second cleanups; and where events go that no function could take."""

    def __init__(self, scope: Construct, construct_id: str) -> None:
        super().__init__(scope, construct_id)
        self.wake_up = self._wake_ups()
        self.dead_ticks = self._dead_letters("DeadTicks")
        self.tick = self._queue("Tick", self.dead_ticks, hidden=_with_patience(TICKS_TIMEOUT))
        self.dead_cleanups = self._dead_letters("DeadCleanups")
        hidden = _with_patience(CLEANUP_TIMEOUT)
        self.cleanup = self._queue("Cleanup", self.dead_cleanups, hidden=hidden, delay=_CLEANUP_DELAY)
        self.dead_events = self._dead_letters("DeadEvents")
        explain(
            self.dead_events,
            "SQS3",
            "This is a dead-letter queue: of functions, streams and event rules, not of a queue.",
        )

    @property
    def dead_letter_queues(self) -> list[Queue]:
        """Everything that must be empty when all is well."""
        return [self.dead_ticks, self.dead_cleanups, self.dead_events]

    def _wake_ups(self) -> Queue:
        """Make the FIFO queue whose one message group keeps dispatch to one at a time."""
        queue = Queue(
            self,
            "WakeUp",
            fifo=True,
            encryption=QueueEncryption.SQS_MANAGED,
            enforce_ssl=True,
            retention_period=_WAKE_UP_RETENTION,
            # Barely longer than a dispatch may take: after a crash the message group, and so every launch, waits for just this.
            visibility_timeout=DISPATCH_TIMEOUT.plus(Duration.seconds(10)),
        )
        explain(
            queue,
            "SQS3",
            "A wake-up carries nothing and is consumed even when dispatch fails; the sweep sends one every minute while jobs wait.",
        )
        return queue

    def _queue(self, construct_id: str, dead: Queue, *, hidden: Duration, delay: Duration | None = None) -> Queue:
        return Queue(
            self,
            construct_id,
            encryption=QueueEncryption.SQS_MANAGED,
            enforce_ssl=True,
            delivery_delay=delay,
            visibility_timeout=hidden,
            dead_letter_queue=DeadLetterQueue(queue=dead, max_receive_count=_MAX_RECEIVES),
        )

    def _dead_letters(self, construct_id: str) -> Queue:
        return Queue(
            self,
            construct_id,
            encryption=QueueEncryption.SQS_MANAGED,
            enforce_ssl=True,
            retention_period=_DEAD_LETTER_RETENTION,
        )


def _with_patience(timeout: Duration) -> Duration:
    """Give six times the function's time, as Lambda advises: a batch that waits for a free function is not given out twice."""
    return Duration.seconds(6 * timeout.to_seconds())
