import pytest

from runner.parameters import typed, typed_parameters


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("5", 5),
        ("-2.5", -2.5),
        ("True", True),
        ("None", None),
        ('"5"', "5"),
        ("'a'", "a"),
        ("[1, 'a', (2,)]", [1, "a", [2]]),
        ("{'a': {'b': 1}}", {"a": {"b": 1}}),
        (" 5 ", 5),
        ("", ""),
        ("Anna", "Anna"),
        ("true", "true"),
        ("2026-10-01", "2026-10-01"),
        ("007", "007"),
        ("1e999", "1e999"),
        ("nan", "nan"),
        ("{1, 2}", "{1, 2}"),
        ("{1: 2}", "{1: 2}"),
        ("b'x'", "b'x'"),
        ("1+2j", "1+2j"),
        ("__import__('os')", "__import__('os')"),
        ("'unfinished", "'unfinished"),
        ("'\\d'", "\\d"),
        ("9" * 5000, "9" * 5000),
        ("(" * 5000, "(" * 5000),
        ("a\0b", "a\0b"),
    ],
)
def test_typed(text: str, value: object) -> None:
    made = typed(text)

    assert (made, type(made)) == (value, type(value))


def test_order_and_names_stay() -> None:
    assert list(typed_parameters({"b": "1", "a": "2"}).items()) == [("b", 1), ("a", 2)]
