"""Requests with other conditions are compared in `test_dynamodb_queries.py`; here are those that are left to MiniStack."""

import pytest

from local_cloud.key_condition import Comparison, UnsupportedConditionError, parse_key_condition

_KINDS = {"=": "EQ", "<": "LT", ">": "GT", "<>": "NE", "(": "LPAREN", ")": "RPAREN", ",": "COMMA"}
_VALUE = {"S": "x"}


def tokens(text: str) -> list[tuple[str, str]]:
    """Return the tokens of a text whose tokens are separated by blanks."""
    prefixes = {":": "VALUE_REF", "#": "NAME_REF"}
    return [(_KINDS.get(word, prefixes.get(word[0], "IDENT")), word) for word in text.split()]


def parse(text: str) -> dict[str, Comparison]:
    return parse_key_condition(tokens(text), {"#o": "owner", "#s": "id"}, {":a": _VALUE, ":b": _VALUE})


def test_conditions_are_joined_by_and_outside_of_between() -> None:
    assert parse("( #o = :a ) and ( id BETWEEN :a AND :b )") == {
        "owner": Comparison("EQ", (_VALUE,)),
        "id": Comparison("BETWEEN", (_VALUE, _VALUE)),
    }


def test_operands_can_change_places() -> None:
    assert parse(":a < #s") == {"id": Comparison("GT", (_VALUE,))}


@pytest.mark.parametrize(
    "text",
    [
        "",
        "#o",
        "#o = :a OR #s = :b",
        "NOT #o = :a",
        "#o <> :a",
        "#o = #s",
        "#o = :a AND",
        "#o = :a AND #o = :b",
        "#x = :a",
        "#o = :c",
        "begins_with ( :a , #s )",
        "#s BETWEEN :a",
    ],
)
def test_any_other_condition_is_unsupported(text: str) -> None:
    with pytest.raises(UnsupportedConditionError):
        parse(text)
