"""What cells print, in the executed notebook."""

from collections.abc import Callable

from tests.runner.conftest import Runner, notebook
from tests.runner.fake_service import FakeService

Order = Callable[..., None]


def test_the_middle_of_what_a_cell_prints_is_cut_and_a_warning_names_the_cell(
    runner: Runner, service: FakeService, order: Order
) -> None:
    source = """
        import sys
        for n in range(60_000): print(f'FutureWarning: {n} is deprecated, use something else', file=sys.stderr)
        print('result: 42')
    """
    order(notebook("pass", source, "for _ in range(30):\n    print('x' * 99_999)\nprint('end')", "print('next')"))

    code, running = runner.run()

    assert code == 0
    assert runner.text(2).count("FutureWarning: 0 is deprecated") == 1
    assert "FutureWarning: 59999 is deprecated" in runner.text(2)
    assert "result: 42\n" in runner.text(2)
    assert "characters of stderr are left out here" in runner.text(2)
    assert 990_000 < len(runner.text(3)) < 1_300_000
    assert runner.text(3).endswith("x\nend\n")
    assert (runner.text(4), running.lines.count("| next")) == ("next\n", 1)
    assert {"| result: 42", "| end"} <= set(running.lines)
    (warning,) = service.reports[0]["warnings"]
    assert (warning["code"], warning["names"]) == ("text_cut", ["cell 2", "cell 3"])


def test_a_display_is_updated_after_text_before_it_was_cut(runner: Runner, order: Order) -> None:
    source = """
        from IPython.display import display
        for n in range(20): print(str(n) + 'x' * 99_999)
        shown = display('old', display_id=True)
        for n in range(20): print(str(n) + 'x' * 99_999)
        shown.update('new')
    """
    order(notebook(source))

    assert runner.run()[0] == 0

    outputs = runner.output().cells[0].outputs
    assert [output.data["text/plain"] for output in outputs if output.output_type == "display_data"] == ["'new'"]


def test_chunks_of_a_stream_are_joined_and_a_progress_bar_becomes_one_line(runner: Runner, order: Order) -> None:
    order(notebook("for n in range(5): print(f'\\r{n}', end='', flush=True)\nprint()\nprint('end')"))

    assert runner.run()[0] == 0

    assert [output.text for output in runner.output().cells[0].outputs] == ["4\nend\n"]
