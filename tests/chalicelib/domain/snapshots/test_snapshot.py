import io
import json
import struct
import zipfile
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.domain.snapshots.snapshot import check_notebook, check_package
from chalicelib.domain.snapshots.zip_rules import PackageLimits
from chalicelib.errors import RequestError, TooLargeError, UnprocessableError
from tests.support.hostile_zips import FINE, HOSTILE, MOST_BYTES, MOST_FILES, with_notebook

LIMIT = 10_000
PACKAGE_LIMITS = PackageLimits(max_notebook_bytes=LIMIT, max_unpacked_bytes=MOST_BYTES, max_unpacked_files=MOST_FILES)
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
    limits = replace(PACKAGE_LIMITS, max_notebook_bytes=limit)
    check_package(io.BytesIO(raw), "a.ipynb", kernel=kernel, limits=limits)


@pytest.mark.parametrize("kernel", [None, "", "python3"])
def test_a_notebook_with_a_kernel_can_be_run_anywhere(kernel: str | None) -> None:
    check_notebook(content(), "a.ipynb", kernel=kernel)


def test_the_environments_kernel_is_the_default() -> None:
    check_notebook(content(metadata={}), "a.ipynb", kernel="python3")


@pytest.mark.parametrize(
    "metadata",
    [{}, None, [], "x", {"kernelspec": None}, {"kernelspec": {}}, {"kernelspec": {"name": ""}}, {"kernelspec": "ir"}],
)
@pytest.mark.parametrize("kernel", [None, ""])
def test_a_notebook_without_a_kernel_is_rejected(metadata: Any, kernel: str | None) -> None:
    with pytest.raises(UnprocessableError, match=r"a\.ipynb names no kernel\. Open it in JupyterLab"):
        check_notebook(content(metadata=metadata), "a.ipynb", kernel=kernel)


@given(st.binary() | st.text().map(str.encode))
def test_random_bytes_are_rejected(raw: bytes) -> None:
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
def test_random_json_is_rejected(value: dict[str, Any]) -> None:
    try:
        check_notebook(json.dumps(value).encode(), "a.ipynb", kernel=None)
    except UnprocessableError:
        return
    assert value["nbformat"] in (2, 3, 4)
    assert value["metadata"]["kernelspec"]["name"]


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity"])
def test_nan_and_infinity_are_accepted_as_by_python(number: str) -> None:
    """Outputs contain them, because nbformat writes what `json` writes."""
    raw = content(metadata={**WITH_KERNEL, "n": float(number.lower()), "t": [f"{number}, not a number"]})
    assert number.encode() in raw
    check_notebook(raw, "a.ipynb", kernel=None)


METHODS = [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED]


@pytest.mark.parametrize("compression", METHODS)
def test_a_folder_with_the_notebook_at_its_root_is_accepted(compression: int) -> None:
    check(zipped({"data/x.csv": b"1", "a.ipynb": content()}, compression))


@pytest.mark.parametrize("name", ["folder/a.ipynb", "A.ipynb", "a.ipynb/", "b.ipynb"])
def test_the_notebook_must_be_at_the_root(name: str) -> None:
    with pytest.raises(UnprocessableError, match=r"no a\.ipynb at its root"):
        check(zipped({name: content()}))


def test_the_same_rules_apply_to_a_notebook_in_a_folder() -> None:
    for raw, message in ((b"x", "not JSON"), (content(metadata={}), "names no kernel")):
        with pytest.raises(UnprocessableError, match=message):
            check(zipped({"a.ipynb": raw}))
    check(zipped({"a.ipynb": content(metadata={})}), kernel="python3")


def test_a_notebook_of_the_largest_size_is_accepted_and_one_byte_more_is_rejected() -> None:
    raw = content()
    check(zipped({"a.ipynb": raw}), limit=len(raw))
    with pytest.raises(TooLargeError, match=rf"a\.ipynb has {len(raw)} bytes; at most {len(raw) - 1} are allowed"):
        check(zipped({"a.ipynb": raw}), limit=len(raw) - 1)


def test_a_zip_bomb_is_rejected_by_its_directory_and_not_read_beyond_the_limit() -> None:
    with pytest.raises(TooLargeError):
        check(zipped({"a.ipynb": b" " * 50_000_000}))
    bomb = bytearray(zipped({"a.ipynb": b" " * 50_000_000}))
    for signature, offset in ((b"PK\x03\x04", 22), (b"PK\x01\x02", 24)):
        place = bomb.index(signature) + offset
        bomb[place : place + 4] = struct.pack("<I", 100)
    with pytest.raises(UnprocessableError):
        check(bytes(bomb))


def test_an_encrypted_folder_zip_is_rejected() -> None:
    raw = bytearray(zipped({"a.ipynb": content()}))
    for signature, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        raw[raw.index(signature) + offset] |= 1
    with pytest.raises(UnprocessableError, match=r"'a\.ipynb': it is encrypted"):
        check(bytes(raw))


@pytest.mark.parametrize("compression", METHODS)
def test_a_damaged_folder_zip_is_rejected_wherever_the_damage_is(compression: int) -> None:
    """Change one byte at each position: the zip is still accepted if it does not matter, and rejected otherwise."""
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
def test_a_truncated_folder_zip_is_rejected(compression: int) -> None:
    whole = zipped({"a.ipynb": content()}, compression)
    for length in range(len(whole)):
        with pytest.raises(UnprocessableError):
            check(whole[:length])


@given(st.binary(max_size=200), st.integers(0, 300), st.sampled_from(METHODS))
def test_forged_folder_zips_are_rejected(junk: bytes, place: int, compression: int) -> None:
    raw = bytearray(zipped({"a.ipynb": content(), "b": b"1"}, compression))
    raw[place : place + len(junk)] = junk
    try:
        check(bytes(raw))
    except RequestError as error:
        assert error.status in (413, 422)  # noqa: PT017 - some damage does not matter


@pytest.mark.filterwarnings("ignore:Duplicate name")
@pytest.mark.parametrize("name", HOSTILE)
def test_a_zip_that_the_runner_cannot_unpack_is_rejected_before_the_job_exists(name: str) -> None:
    with pytest.raises((TooLargeError, UnprocessableError)) as raised:
        check(HOSTILE[name]())
    assert "input folder" in raised.value.message


def test_a_folder_with_the_most_allowed_files_is_accepted() -> None:
    check(with_notebook(*((f"d/{number}.txt", b"") for number in range(MOST_FILES - 1))))


@pytest.mark.filterwarnings("ignore:Duplicate name")
@pytest.mark.parametrize("name", FINE)
def test_a_zip_that_the_runner_unpacks_is_accepted(name: str) -> None:
    check(FINE[name][0]())


def test_a_directory_of_many_chunks_is_read_completely() -> None:
    raw = with_notebook(*(("n" * 200 + f"/{number:05d}" + "n" * 200, b"") for number in range(5000)))
    limits = replace(PACKAGE_LIMITS, max_unpacked_files=5001)
    check_package(io.BytesIO(raw), "a.ipynb", kernel=None, limits=limits)
    with pytest.raises(TooLargeError, match="more than 5,000 files"):
        check_package(io.BytesIO(raw), "a.ipynb", kernel=None, limits=replace(limits, max_unpacked_files=5000))
