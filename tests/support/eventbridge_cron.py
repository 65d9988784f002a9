"""The oracle for the `cron` expressions that the service writes: the local cloud's evaluator behind a stricter syntax.

Of the syntax in EventBridge Scheduler's user guide the service needs little, so all else is refused here, documented or not:
names, steps, `W`, leading zeros, and years.
"""

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Final

from local_cloud.schedule_expression import CronExpression, InvalidExpressionError, parse_expression

__all__ = ["MAX_LENGTH", "EventBridgeCron", "UndocumentedExpressionError"]

MAX_LENGTH: Final = 256
"""Longest `ScheduleExpression` of the API."""

_NUMBER: Final = r"(?:0|[1-9][0-9]?)"
_RANGE: Final = rf"{_NUMBER}(?:-{_NUMBER})?"
_LIST: Final = rf"(?:\*|{_RANGE}(?:,{_RANGE})*)"
_EXPRESSION: Final = re.compile(
    rf"cron\({_LIST} {_LIST} (?:\?|L|{_LIST}) {_LIST} (?:\?|[1-7]L|[1-7]#[1-5]|{_LIST}) \*\)"
)


class UndocumentedExpressionError(ValueError):
    """The user guide does not describe the expression, or the service must not write it."""


@dataclass(frozen=True)
class EventBridgeCron:
    """One expression, evaluated on local time."""

    expression: CronExpression

    @classmethod
    def parse(cls, text: str) -> "EventBridgeCron":
        if not _EXPRESSION.fullmatch(text) or len(text) > MAX_LENGTH:
            raise UndocumentedExpressionError(f"{text} is not cron(<five fields> *) in {MAX_LENGTH} characters")
        try:
            expression = parse_expression(text, "UTC", anchor=datetime.min.replace(tzinfo=UTC))
        except InvalidExpressionError as error:
            raise UndocumentedExpressionError(str(error)) from error
        assert isinstance(expression, CronExpression)
        return cls(expression)

    def matches(self, local: datetime) -> bool:
        return self.expression.matches(local)

    def names_day(self, day: date) -> bool:
        return self.expression.matches_date(day)
