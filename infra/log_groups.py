"""Log groups, all with the same retention and removal policy."""

from typing import Final

from aws_cdk import RemovalPolicy
from aws_cdk.aws_logs import LogGroup, RetentionDays
from constructs import Construct

__all__ = ["RETENTION", "LogGroups"]

RETENTION: Final[dict[int, RetentionDays]] = {
    1: RetentionDays.ONE_DAY,
    3: RetentionDays.THREE_DAYS,
    5: RetentionDays.FIVE_DAYS,
    7: RetentionDays.ONE_WEEK,
    14: RetentionDays.TWO_WEEKS,
    30: RetentionDays.ONE_MONTH,
    60: RetentionDays.TWO_MONTHS,
    90: RetentionDays.THREE_MONTHS,
    120: RetentionDays.FOUR_MONTHS,
    150: RetentionDays.FIVE_MONTHS,
    180: RetentionDays.SIX_MONTHS,
    365: RetentionDays.ONE_YEAR,
    400: RetentionDays.THIRTEEN_MONTHS,
    545: RetentionDays.EIGHTEEN_MONTHS,
    731: RetentionDays.TWO_YEARS,
    1096: RetentionDays.THREE_YEARS,
    1827: RetentionDays.FIVE_YEARS,
    3653: RetentionDays.TEN_YEARS,
}
"""CDK's names of the retention periods [d] that `infra.settings` allows."""


class LogGroups:
    """Creates log groups that share one retention and one removal policy.

    Parameters
    ----------
    retention_days
        How long events are kept [d]; a key of `RETENTION`.
    removal_policy
        What happens to a group when the stack is destroyed.
    """

    def __init__(self, *, retention_days: int, removal_policy: RemovalPolicy) -> None:
        self._retention = RETENTION[retention_days]
        self._removal_policy = removal_policy

    def make(self, scope: Construct, construct_id: str, *, name: str | None = None) -> LogGroup:
        """Create a log group; without a name CloudFormation chooses one."""
        return LogGroup(
            scope, construct_id, log_group_name=name, retention=self._retention, removal_policy=self._removal_policy
        )
