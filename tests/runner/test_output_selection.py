"""Which outputs survive the limits."""

import random
from pathlib import Path

import pytest

from runner.output_selection import Selection, select_outputs
from runner.uploads import MAX_PUT_BYTES, Output


def output(path: str, size_bytes: int = 1000) -> Output:
    return Output(format="files", path=path, source=Path(path), size_bytes=size_bytes)


def select(*outputs: Output, max_files: int = 1000, max_bytes: int = 1 << 31) -> Selection:
    return select_outputs(outputs, max_files=max_files, max_bytes=max_bytes)


def names(outputs: object) -> list[str]:
    return sorted(output.path for output in outputs)  # type: ignore[attr-defined]


def test_within_the_limits_every_output_is_separate() -> None:
    selection = select(output("a"), output("b/c.csv", 0), max_files=2, max_bytes=1000)
    assert (names(selection.separate), selection.packed, selection.left_out) == (["a", "b/c.csv"], (), [])


@pytest.mark.parametrize("result", ["zz_result.parquet", "out/zz_result.csv", "zz_result.csv", "out/part/summary.csv"])
def test_thousands_of_small_files_do_not_push_out_a_result(result: str) -> None:
    parts = [output(f"out/part-{number:04}.csv") for number in range(1050)]
    selection = select(*parts, output(result, 50_000))
    assert len(selection.separate) == 999
    assert result in names(selection.separate)
    assert len(selection.packed) == 52, "more files than the limit are in one zip"
    assert selection.left_out == []


def test_a_huge_file_does_not_push_out_others_and_is_not_pushed_out() -> None:
    parts = [output(f"part-{number}.bin", 1_000_000) for number in range(3000)]
    results = [output(f"result.{suffix}", 5_000_000) for suffix in ("csv", "html", "json")]
    model = output("model.pt", 1_900_000_000)
    selection = select(*parts, *results, model, max_files=10_000)
    kept = set(names(selection.separate))
    assert {"model.pt", "result.csv", "result.html", "result.json", "part-0.bin"} <= kept
    assert len(kept) + len(selection.left_out) == 3004
    assert 2_000_000_000 < sum(output.size_bytes for output in selection.separate) <= 1 << 31


def test_a_file_that_can_never_fit_affects_no_other() -> None:
    selection = select(output("big.bin", 3 << 30), *(output(f"{number}.csv") for number in range(3000)))
    assert names(selection.left_out) == ["big.bin"]
    assert (len(selection.separate), len(selection.packed)) == (999, 2001)


def test_one_upload_cannot_be_larger_than_s3_allows() -> None:
    selection = select(output("big", MAX_PUT_BYTES + 1), output("a", MAX_PUT_BYTES), max_bytes=1 << 40)
    assert (names(selection.separate), names(selection.left_out)) == (["a"], ["big"])


def test_without_room_for_a_file_everything_is_left_out() -> None:
    selection = select(output("a"), output("b"), max_files=0)
    assert (selection.separate, selection.packed, names(selection.left_out)) == ((), (), ["a", "b"])


@pytest.mark.parametrize("seed", range(200))
def test_properties_of_a_selection(seed: int) -> None:
    pick = random.Random(seed)
    found = {
        f"{pick.choice(['', 'a/', f'run-{pick.randrange(30)}/', 'é/'])}{pick.choice('xyz')}{pick.randrange(40)}{pick.choice(['', '.csv', '.png'])}"
        for _ in range(pick.randrange(120))
    }
    outputs = [output(path, pick.choice([0, 10, 1000, 10**6, 10**9])) for path in sorted(found)]
    max_files, max_bytes = pick.randrange(60), pick.choice([0, 1000, 10**5, 10**7, 10**10])

    selection = select(*outputs, max_files=max_files, max_bytes=max_bytes)
    shuffled = pick.sample(outputs, len(outputs))

    everything = [*selection.separate, *selection.packed, *selection.left_out]
    assert sorted(everything, key=lambda each: each.path) == outputs, "each output is in exactly one place"
    assert len(selection.separate) + bool(selection.packed) <= max_files
    assert sum(each.size_bytes for each in (*selection.separate, *selection.packed)) <= max_bytes
    assert select(*shuffled, max_files=max_files, max_bytes=max_bytes) == selection, (
        "the order of listing does not count"
    )
    if sum(each.size_bytes for each in outputs) <= max_bytes and len(outputs) <= max_files:
        assert len(selection.separate) == len(outputs)
