"""The output budget: distinct paths and their largest sizes, without the executed notebook."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.config import Limits
from chalicelib.domain.output_budget import MAX_PUT_BYTES, OutputFile, add_to_budget
from chalicelib.errors import TooLargeError

MIB = 1024 * 1024
LIMITS = Limits(max_output_mib=1, max_output_files=3)
NOTEBOOK = "report-out.ipynb"


def file(path: str, size_bytes: int = 1, file_format: str = "files") -> OutputFile:
    return OutputFile(file_format, path, size_bytes)


def test_a_path_counts_once_with_its_largest_size() -> None:
    sizes = add_to_budget([file("a", 5), file("a", 7), file("a", 6)], {}, LIMITS, notebook=NOTEBOOK)
    assert list(sizes.values()) == [7]
    assert add_to_budget([file("a", 7), file("a", 0)], sizes, LIMITS, notebook=NOTEBOOK) == sizes
    assert list(add_to_budget([file("a", 8)], sizes, LIMITS, notebook=NOTEBOOK).values()) == [8]


def test_the_same_path_of_another_format_is_another_file() -> None:
    sizes = add_to_budget([file("a"), file("a", file_format="html")], {}, LIMITS, notebook=NOTEBOOK)
    assert len(sizes) == 2


def test_the_number_of_files_is_limited() -> None:
    sizes = add_to_budget([file("a"), file("b"), file("c")], {}, LIMITS, notebook=NOTEBOOK)
    with pytest.raises(TooLargeError, match=r"4 files; limits\.max_output_files allows 3"):
        add_to_budget([file("d")], sizes, LIMITS, notebook=NOTEBOOK)
    assert add_to_budget([file("a", 9)], sizes, LIMITS, notebook=NOTEBOOK).keys() == sizes.keys()


def test_the_total_size_is_limited() -> None:
    sizes = add_to_budget([file("a", MIB - 1)], {}, LIMITS, notebook=NOTEBOOK)
    assert sum(add_to_budget([file("b", 1)], sizes, LIMITS, notebook=NOTEBOOK).values()) == MIB
    with pytest.raises(TooLargeError, match=r"1,048,577 bytes; limits\.max_output_mib allows 1,048,576"):
        add_to_budget([file("b", 2)], sizes, LIMITS, notebook=NOTEBOOK)


def test_no_file_is_larger_than_one_put_takes() -> None:
    limits = Limits(max_output_mib=10 * 1024 * 1024)
    assert add_to_budget([file("a", MAX_PUT_BYTES)], {}, limits, notebook=NOTEBOOK)
    for each in (file("a", MAX_PUT_BYTES + 1), file(NOTEBOOK, MAX_PUT_BYTES + 1, "ipynb")):
        with pytest.raises(TooLargeError, match="5 GiB"):
            add_to_budget([each], {}, limits, notebook=NOTEBOOK)


def test_the_executed_notebook_can_be_uploaded_when_the_budget_is_used_up() -> None:
    full = add_to_budget([file("a", MIB - 2), file("b"), file("c")], {}, LIMITS, notebook=NOTEBOOK)
    assert add_to_budget([file(NOTEBOOK, MIB, "ipynb")], full, LIMITS, notebook=NOTEBOOK) == full
    with pytest.raises(TooLargeError):
        add_to_budget([file(NOTEBOOK, MIB + 1, "ipynb")], full, LIMITS, notebook=NOTEBOOK)


@pytest.mark.parametrize("other", [file(NOTEBOOK), file("other.ipynb", file_format="ipynb")])
def test_no_other_output_counts_as_the_notebook(other: OutputFile) -> None:
    assert len(add_to_budget([other], {}, LIMITS, notebook=NOTEBOOK)) == 1


@given(st.lists(st.tuples(st.text(max_size=3), st.integers(min_value=0, max_value=MIB)), max_size=20))
def test_every_resolved_request_is_within_the_limits(requested: list[tuple[str, int]]) -> None:
    sizes = add_to_budget([], {}, LIMITS, notebook=NOTEBOOK)
    largest: dict[str, int] = {}
    for path, size in requested:
        try:
            sizes = add_to_budget([file(path, size)], sizes, LIMITS, notebook=NOTEBOOK)
        except TooLargeError:
            continue
        largest[path] = max(size, largest.get(path, 0))
    assert sorted(sizes.values()) == sorted(largest.values())
    assert len(largest) <= 3
    assert sum(largest.values()) <= MIB
