"""The key condition of a DynamoDB query: which partition, and which range of sort keys.

Only the grammar of the DynamoDB developer guide, "Key condition expressions for the Query operation": comparisons joined by AND.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

__all__ = ["Comparison", "UnsupportedConditionError", "parse_key_condition"]

_Token = tuple[str, str]
"""Kind and text, as MiniStack's tokenizer returns them."""

_SIGNS: Final = {"EQ": "EQ", "LT": "GT", "LE": "GE", "GT": "LT", "GE": "LE"}
"""Each operator, and what it becomes when its operands change paths."""

_PUNCTUATION: Final = ("LPAREN", "RPAREN", "COMMA", "EOF")
"""What does not change the meaning where conditions are only joined by AND."""


class UnsupportedConditionError(ValueError):
    """The condition is not one of the grammar."""


@dataclass(frozen=True)
class Comparison:
    """One comparison of an attribute."""

    operator: str
    """`EQ`, `LT`, `LE`, `GT`, `GE`, `BETWEEN` or `BEGINS_WITH`."""

    values: tuple[Mapping[str, Any], ...]
    """Two for `BETWEEN`, else one."""


def parse_key_condition(
    tokens: Sequence[_Token], names: Mapping[str, str], values: Mapping[str, Mapping[str, Any]]
) -> dict[str, Comparison]:
    """Return the comparison of each attribute.

    Parameters
    ----------
    names
        What `#name` stands for.
    values
        What `:value` stands for.

    Raises
    ------
    UnsupportedConditionError
        If the condition is anything else.
    """
    comparisons: dict[str, Comparison] = {}
    for clause in _clauses([token for token in tokens if token[0] not in _PUNCTUATION]):
        attribute, comparison = _comparison(clause, names, values)
        if attribute in comparisons:
            raise UnsupportedConditionError(f"two conditions on {attribute}")
        comparisons[attribute] = comparison
    return comparisons


def _clauses(tokens: Sequence[_Token]) -> Iterator[list[_Token]]:
    """Split at each AND that does not belong to BETWEEN."""
    clause: list[_Token] = []
    in_between = False
    for token in tokens:
        word = _word(token)
        if word == "AND" and not in_between:
            yield clause
            clause = []
            continue
        in_between = word == "BETWEEN" or (in_between and word != "AND")
        clause.append(token)
    yield clause


def _comparison(
    clause: Sequence[_Token], names: Mapping[str, str], values: Mapping[str, Mapping[str, Any]]
) -> tuple[str, Comparison]:
    match [_word(token) or token[0] for token in clause]:
        case ["BEGINS_WITH", "IDENT" | "NAME_REF", "VALUE_REF"]:
            operator, name, operands = "BEGINS_WITH", clause[1], clause[2:]
        case ["IDENT" | "NAME_REF", "BETWEEN", "VALUE_REF", "AND", "VALUE_REF"]:
            operator, name, operands = "BETWEEN", clause[0], [clause[2], clause[4]]
        case ["IDENT" | "NAME_REF", sign, "VALUE_REF"] if sign in _SIGNS:
            operator, name, operands = sign, clause[0], clause[2:]
        case ["VALUE_REF", sign, "IDENT" | "NAME_REF"] if sign in _SIGNS:
            operator, name, operands = _SIGNS[sign], clause[2], clause[:1]
        case _:
            raise UnsupportedConditionError(" ".join(text for _, text in clause))
    attribute = names.get(name[1]) if name[0] == "NAME_REF" else name[1]
    if attribute is None or any(text not in values for _, text in operands):
        raise UnsupportedConditionError("a name or a value is not defined")
    return attribute, Comparison(operator, tuple(values[text] for _, text in operands))


def _word(token: _Token) -> str | None:
    """Return a word of the grammar in upper case, None for anything else."""
    word = token[1].upper()
    return word if token[0] == "IDENT" and word in ("AND", "BETWEEN", "BEGINS_WITH") else None
