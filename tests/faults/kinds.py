"""The ways in which a call of AWS fails."""

from collections.abc import Callable
from typing import Any

from tests.support.faults import Lost, NeverSent, Quiet, Refused, Resent

__all__ = ["FAULTS", "OF_READS", "READS"]

_THROTTLE = {
    "dynamodb": "ProvisionedThroughputExceededException",
    "events": "ThrottlingException",
    "ecs": "ThrottlingException",
    "logs": "ThrottlingException",
    "s3": "SlowDown",
    "scheduler": "ThrottlingException",
    "secretsmanager": "ThrottlingException",
    "sqs": "ThrottlingException",
}


def _throttled(call: str, turn: int) -> Quiet:
    if call == "dynamodb:TransactWriteItems":
        reasons = [{"Code": "None"}, {"Code": "ThrottlingError", "Message": "said by the test"}]
        return Refused("TransactionCanceledException", call, turn, CancellationReasons=reasons)
    return Refused(_THROTTLE[call.partition(":")[0]], call, turn)


FAULTS: dict[str, Callable[[str, int], Any]] = {
    "never sent": NeverSent,
    "response lost": Lost,
    "sent twice": Resent,
    "throttled": _throttled,
    "failed inside AWS": lambda call, turn: Refused("InternalServerError", call, turn, status=500),
}


READS = ("BatchGet", "Describe", "Get", "List", "Query")
"""How the names of calls begin that change nothing."""

OF_READS = ("never sent", "throttled")
"""Faults of reads. A lost read is like one that was never sent, a repeated one like a single one; Queries of shards are alike."""
