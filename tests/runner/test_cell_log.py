"""What a cell prints: carriage returns, and the limit of a cell."""

import pytest

from runner.cell_log import MAX_CELL_CHARACTERS, CellLog, apply_carriage_returns


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


def test_progress_bars_count_only_once_towards_the_limit(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")
    log = CellLog()
    log.start_cell(1, 1)
    for percent in range(20_000):
        log.write("stderr", f"\r{percent:100d}")

    assert log.write("stdout", "printed\n") == "printed\n"
    log.end_cell()
    assert caplog.messages == ["cell 1 of 1", "printed", f"{19_999:100d}"]


def test_a_cell_is_cut_once_and_the_next_has_its_own_limit() -> None:
    log = CellLog()
    log.start_cell(1, 2)
    kept = "".join(log.write("stdout", "x" * 99_999 + "\n") for _ in range(20))

    assert kept.count("left out") == 1
    assert kept[:MAX_CELL_CHARACTERS].count("x") == 999_990
    assert log.write("stdout", "more") == ""
    log.start_cell(2, 2)
    assert log.write("stdout", "more") == "more"
