"""What a cell prints: carriage returns, and the limits on each of its streams."""

import pytest
from nbformat import NotebookNode
from nbformat.v4 import new_output

from runner.cell_log import MAX_STREAM_CHARACTERS, CellLog, apply_carriage_returns


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a\rb", "b"),
        ("a\r\nb", "a\r\nb"),
        ("1%\r2%\r", "2%\r"),
        ("\r1\n\r2\n", "1\n2\n"),
        ("x" * 10, "x" * 10),
        ("a\rb\nc", "b\nc"),
    ],
)
def test_a_carriage_return_restarts_the_line(text: str, shown: str) -> None:
    assert apply_carriage_returns(text) == shown


def text_of(outputs: list[NotebookNode], name: str) -> str:
    return "".join(output.text for output in outputs if output.get("name") == name)


@pytest.fixture
def log() -> CellLog:
    log = CellLog()
    log.start_cell(1, 2)
    return log


def test_progress_bars_count_only_once_towards_the_limit(log: CellLog, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")
    outputs: list[NotebookNode] = []
    for percent in range(20_000):
        log.write("stderr", f"\r{percent:100d}")
        log.add(outputs, "stderr", f"\r{percent:100d}")

    log.write("stdout", "printed\n")
    log.end_cell()
    assert caplog.messages == ["printed", f"{19_999:100d}"]
    assert text_of(outputs, "stderr") == f"{19_999:100d}"


def test_text_up_to_the_limit_is_complete(log: CellLog) -> None:
    outputs: list[NotebookNode] = []
    for _ in range(MAX_STREAM_CHARACTERS // 100):
        log.add(outputs, "stdout", "x" * 99 + "\n")

    assert text_of(outputs, "stdout") == ("x" * 99 + "\n") * (MAX_STREAM_CHARACTERS // 100)
    assert log.cut_cells == []


@pytest.mark.parametrize("lines_per_chunk", [7, 10_000, 400_000])
def test_the_beginning_and_the_end_of_a_long_stream_are_kept(log: CellLog, lines_per_chunk: int) -> None:
    outputs: list[NotebookNode] = []
    lines = [f"{number:09}\n" for number in range(400_000)]
    for start in range(0, len(lines), lines_per_chunk):
        log.add(outputs, "stdout", "".join(lines[start : start + lines_per_chunk]))

    text = text_of(outputs, "stdout")
    beginning, _, end = text.partition("\n[… ")
    note, _, end = end.partition("]\n")
    left_out = int(note.split()[0].replace(",", ""))
    assert text.startswith("000000000\n000000001\n")
    assert text.endswith("000399998\n000399999\n")
    assert (len(beginning), len(end)) >= (490_000, 490_000)
    assert (beginning + "\n" + end).splitlines()[-1] == "000399999"
    assert {len(line) for line in (beginning + end).splitlines()} <= {0, 9}, "cut at the ends of lines"
    assert len(beginning) + len(end) + left_out == 4_000_000
    assert len(outputs) < 40, "chunks are joined, and none is empty"
    assert len(text) < MAX_STREAM_CHARACTERS * 1.3
    assert log.cut_cells == [1]


def test_60_000_warnings_do_not_hide_the_result(log: CellLog) -> None:
    outputs: list[NotebookNode] = []
    for number in range(60_000):
        log.add(outputs, "stderr", f"FutureWarning: {number} is deprecated, use something else\n")
    log.add(outputs, "stdout", "result: 42\n")

    assert text_of(outputs, "stdout") == "result: 42\n"
    assert log.cut_cells == [1]


def test_other_outputs_stay_in_their_places_and_their_new_indexes_are_returned(log: CellLog) -> None:
    outputs: list[NotebookNode] = []
    displayed: dict[int, int] = {}
    cuts = 0
    for number in range(300):
        if number % 100 == 50:
            displayed[len(outputs)] = number
            outputs.append(new_output("display_data", {"text/plain": str(number)}))  # type: ignore[no-untyped-call]
        assert log.add(outputs, "stderr", ".") == {}
        if new_indexes := log.add(outputs, "stdout", f"{number:03}" + "x" * 9_996 + "\n"):
            displayed = {new_indexes[index]: value for index, value in displayed.items()}
            cuts += 1

    assert cuts > 1
    assert text_of(outputs, "stderr") == "." * 300
    assert [outputs[index].data["text/plain"] for index in displayed] == ["50", "150", "250"]


def test_cleared_output_is_not_cut_output(log: CellLog) -> None:
    outputs: list[NotebookNode] = []
    log.add(outputs, "stdout", "x" * 2_000_000)
    assert log.cut_cells == [1]
    outputs.clear()
    log.add(outputs, "stdout", "after\n")
    assert (text_of(outputs, "stdout"), log.cut_cells) == ("after\n", [])


def test_the_next_cell_has_its_own_limit(log: CellLog) -> None:
    log.add([], "stdout", "x" * 2_000_000)
    log.start_cell(2, 2)
    outputs: list[NotebookNode] = []
    log.add(outputs, "stdout", "x" * 900_000)
    assert text_of(outputs, "stdout") == "x" * 900_000
    assert log.cut_cells == [1]


def test_the_log_has_the_beginning_and_the_end_of_each_stream(log: CellLog, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")
    for number in range(0, 200_000, 10):
        log.write("stderr", "".join(f"{line:09}\n" for line in range(number, number + 10)))
    log.write("stdout", "result: 42\n")
    log.end_cell()

    lines = "\n".join(caplog.messages).splitlines()
    assert lines[0] == "000000000"
    assert lines.index("result: 42") < len(lines) - 900
    assert "[… 1,490,000 characters are not in the log; the end:]" in lines
    assert lines[-1] == "000199999"
