import io
import json
import struct
import zipfile
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.domain.snapshot import check_notebook, check_package
from chalicelib.errors import RequestError, TooLargeError, UnprocessableError

LIMIT = 10_000
WITH_KERNEL = {"kernelspec": {"name": "python3", "display_name": "Python 3"}}


def notebook(**changes: Any) -> dict[str, Any]:
    return {"cells": [], "metadata": WITH_KERNEL, "nbformat": 4, "nbformat_minor": 5, **changes}


def content(**changes: Any) -> bytes:
    return json.dumps(notebook(**changes)).encode()


def zipped(
    members: dict[str, bytes], compression: int = zipfile.ZIP_DEFLATED, *, mode: str = "w", before: bytes = b""
) -> bytes:
    file = io.BytesIO(before)
    file.seek(0, io.SEEK_END)
    with zipfile.ZipFile(file, "a" if before else "w", compression) as package:
        for name, each in members.items():
            package.writestr(name, each)
    return file.getvalue()


def check(raw: bytes, *, kernel: str | None = None, limit: int = LIMIT) -> None:
    check_package(io.BytesIO(raw), "a.ipynb", kernel=kernel, max_notebook_bytes=limit)


@pytest.mark.parametrize("kernel", [None, "", "python3"])
def test_a_notebook_with_a_kernel_can_be_run_anywhere(kernel: str | None) -> None:
    check_notebook(content(), "a.ipynb", kernel=kernel)


def test_an_environments_kernel_stands_in() -> None:
    check_notebook(content(metadata={}), "a.ipynb", kernel="python3")


@pytest.mark.parametrize(
    "metadata",
    [{}, None, [], "x", {"kernelspec": None}, {"kernelspec": {}}, {"kernelspec": {"name": ""}}, {"kernelspec": "ir"}],
)
@pytest.mark.parametrize("kernel", [None, ""])
def test_a_notebook_without_a_kernel_is_told(metadata: Any, kernel: str | None) -> None:
    with pytest.raises(UnprocessableError, match=r"a\.ipynb names no kernel\. Open it in JupyterLab"):
        check_notebook(content(metadata=metadata), "a.ipynb", kernel=kernel)


@pytest.mark.parametrize(
    ("raw", "said"),
    [
        (b"", "not JSON"),
        (b"print(1)", "not JSON"),
        (b"\xff\xfe\xfa", "not JSON"),
        (b"PK\x03\x04", "not JSON"),
        (b"[" * 100_000, "not JSON"),
        (b'{"a":' * 100_000, "not JSON"),
        (b"9" * 5000, "not JSON"),
        (b"null", "has no cells"),
        (b"[]", "has no cells"),
        (b"{}", "has no cells"),
        (content(cells={}), "has no cells"),
        (content(cells=None), "has no cells"),
        (content(nbformat=3), "old notebook format"),
        (content(nbformat=True), "old notebook format"),
        (content(nbformat="4"), "old notebook format"),
        (content(nbformat=None), "old notebook format"),
        (json.dumps({"worksheets": [], "nbformat": 3}).encode(), "old notebook format"),
    ],
)
def test_what_is_no_notebook_is_told(raw: bytes, said: str) -> None:
    with pytest.raises(UnprocessableError, match=said) as told:
        check_notebook(raw, "a.ipynb", kernel="python3")
    assert told.value.message.startswith("a.ipynb ")


@given(st.binary() | st.text().map(str.encode))
def test_no_bytes_do_worse_than_be_refused(raw: bytes) -> None:
    with pytest.raises(UnprocessableError):
        check_notebook(raw, "a.ipynb", kernel=None)
    with pytest.raises(UnprocessableError):
        check(raw)


@given(
    st.dictionaries(
        st.sampled_from(["cells", "worksheets", "metadata", "nbformat", "nbformat_minor"]),
        st.recursive(
            st.none() | st.booleans() | st.integers() | st.text(),
            lambda inner: st.lists(inner) | st.dictionaries(st.sampled_from(["kernelspec", "name"]), inner),
            max_leaves=5,
        ),
    )
)
def test_no_json_does_worse_than_be_refused(value: dict[str, Any]) -> None:
    try:
        check_notebook(json.dumps(value).encode(), "a.ipynb", kernel=None)
    except UnprocessableError:
        return
    assert value["nbformat"] >= 4
    assert value["metadata"]["kernelspec"]["name"]


METHODS = [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA]


@pytest.mark.parametrize("compression", METHODS)
def test_a_folder_with_its_notebook_at_the_root_can_be_run(compression: int) -> None:
    check(zipped({"data/x.csv": b"1", "a.ipynb": content()}, compression))


def test_a_zip_behind_something_else_is_a_zip() -> None:
    check(zipped({"a.ipynb": content()}, before=b"#!/bin/sh\n"))


@pytest.mark.parametrize("name", ["folder/a.ipynb", "A.ipynb", "./a.ipynb", "../a.ipynb", "/a.ipynb", "b.ipynb"])
def test_the_notebook_must_be_at_the_root(name: str) -> None:
    with pytest.raises(UnprocessableError, match=r"no a\.ipynb at its root"):
        check(zipped({name: content()}))


def test_the_notebook_in_a_folder_is_held_to_the_same_rules() -> None:
    for raw, said in ((b"x", "not JSON"), (content(metadata={}), "names no kernel")):
        with pytest.raises(UnprocessableError, match=said):
            check(zipped({"a.ipynb": raw}))
    check(zipped({"a.ipynb": content(metadata={})}), kernel="python3")


def test_a_notebook_as_large_as_allowed_is_taken_and_one_byte_more_is_not() -> None:
    raw = content()
    check(zipped({"a.ipynb": raw}), limit=len(raw))
    with pytest.raises(TooLargeError, match=rf"a\.ipynb has {len(raw)} bytes; at most {len(raw) - 1} are allowed"):
        check(zipped({"a.ipynb": raw}), limit=len(raw) - 1)


def test_a_bomb_is_told_by_what_it_says_and_never_read_beyond_the_limit() -> None:
    with pytest.raises(TooLargeError):
        check(zipped({"a.ipynb": b" " * 50_000_000}))
    bomb = bytearray(zipped({"a.ipynb": b" " * 50_000_000}))
    for signature, offset in ((b"PK\x03\x04", 22), (b"PK\x01\x02", 24)):
        place = bomb.index(signature) + offset
        bomb[place : place + 4] = struct.pack("<I", 100)
    with pytest.raises(UnprocessableError):
        check(bytes(bomb))


def test_an_encrypted_folder_is_refused() -> None:
    raw = bytearray(zipped({"a.ipynb": content()}))
    for signature, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        raw[raw.index(signature) + offset] |= 1
    with pytest.raises(UnprocessableError, match="without encryption"):
        check(bytes(raw))


@pytest.mark.parametrize("compression", METHODS)
def test_a_damaged_folder_is_refused_wherever_the_damage_is(compression: int) -> None:
    """One byte changed at each place: still fine where it does not matter, else refused, and never anything worse."""
    whole = zipped({"a.ipynb": content(), "b": b"1"}, compression)
    refused = 0
    for place in range(len(whole)):
        raw = bytearray(whole)
        raw[place] ^= 0xFF
        try:
            check(bytes(raw))
        except RequestError:
            refused += 1
    assert refused > len(whole) / 3


@pytest.mark.parametrize("compression", METHODS)
def test_a_folder_cut_short_is_refused(compression: int) -> None:
    whole = zipped({"a.ipynb": content()}, compression)
    for length in range(len(whole)):
        with pytest.raises(UnprocessableError):
            check(whole[:length])


@given(st.binary(max_size=200), st.integers(0, 300), st.sampled_from(METHODS))
def test_no_forged_folder_does_worse_than_be_refused(junk: bytes, place: int, compression: int) -> None:
    raw = bytearray(zipped({"a.ipynb": content(), "b": b"1"}, compression))
    raw[place : place + len(junk)] = junk
    try:
        check(bytes(raw))
    except RequestError as error:
        assert error.status in (413, 422)  # noqa: PT017 - some damage does not matter
