import pytest
from hypothesis import given
from hypothesis import strategies as st

from local_cloud.ordered_index import KeyRange, OrderedIndex, prefix_end

_TEXTS = st.text(st.sampled_from("ab\ud7ff\uffff\U0010ffff"), max_size=4)


def index_of(*texts: str) -> OrderedIndex:
    return OrderedIndex((("owner", text), "owner", (text, "owner")) for text in texts)


def read(index: OrderedIndex, key_range: KeyRange, *, forward: bool = True) -> list[str]:
    return [text for _, text in index.read("owner", key_range, forward=forward)]


@pytest.mark.parametrize(
    ("key_range", "expected"),
    [
        (KeyRange(), "abcd"),
        (KeyRange(lowest="b"), "bcd"),
        (KeyRange(lowest="b", includes_lowest=False), "cd"),
        (KeyRange(highest="c"), "abc"),
        (KeyRange(highest="c", includes_highest=False), "ab"),
        (KeyRange(lowest="b", highest="b"), "b"),
        (KeyRange(lowest="x"), ""),
        (KeyRange(lowest="d", highest="a"), ""),
    ],
)
def test_a_range_is_read_in_both_directions(key_range: KeyRange, expected: str) -> None:
    index = index_of(*"dbca")
    assert read(index, key_range) == list(expected)
    assert read(index, key_range, forward=False) == list(reversed(expected))


def test_a_page_starts_after_a_position_that_may_not_exist_any_more() -> None:
    index = index_of(*"abd")
    for position, forward, expected in (("b", True, "d"), ("c", True, "d"), ("b", False, "a"), ("c", False, "ba")):
        page = index.read("owner", after=(position, "owner"), forward=forward)
        assert [text for _, text in page] == list(expected)


def test_an_item_that_changes_its_sort_key_moves() -> None:
    index = index_of(*"ab")
    index.put(("owner", "a"), "owner", ("c", "owner"))
    assert read(index, KeyRange()) == ["b", "a"]
    index.put(("owner", "a"), "team", ("c", "owner"))
    assert read(index, KeyRange()) == ["b"]
    assert index.get("team") == [("owner", "a")]


def test_removing_the_last_item_removes_its_partition() -> None:
    index = index_of("a")
    for _ in range(2):
        index.remove(("owner", "a"))
    assert index.get("owner", [("no", "key")]) == [("no", "key")]


@given(prefix=_TEXTS, text=_TEXTS)
def test_exactly_the_texts_with_a_prefix_are_between_it_and_its_end(prefix: str, text: str) -> None:
    end = prefix_end(prefix)
    assert (prefix <= text and (end is None or text < end)) == text.startswith(prefix)


@given(prefix=st.binary(max_size=3), value=st.binary(max_size=4))
def test_exactly_the_bytes_with_a_prefix_are_between_it_and_its_end(prefix: bytes, value: bytes) -> None:
    end = prefix_end(prefix)
    assert (prefix <= value and (end is None or value < end)) == value.startswith(prefix)
