from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jupyter_scheduler_aws.parameters import decode_parameter, encode_parameters

_LITERALS = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner) | st.tuples(inner, inner),
    max_leaves=5,
)


@given(_LITERALS)
def test_encoded_parameters_decode_to_the_same_values(value: Any) -> None:
    text = encode_parameters({"x": value})["x"]

    assert decode_parameter(text) == value
    assert type(decode_parameter(text)) is type(value)


def test_plain_text_is_not_quoted() -> None:
    assert encode_parameters({"who": "Anna", "month": "2026-10"}) == {"who": "Anna", "month": "2026-10"}


@pytest.mark.parametrize("value", [object(), float("inf"), range(3)])
def test_value_without_a_literal_is_refused(value: object) -> None:
    with pytest.raises(TypeError, match="'x'"):
        encode_parameters({"x": value})
