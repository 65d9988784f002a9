import pytest

from runner.exit_codes import Code
from runner.outcomes import Outcome, clean_text, describe_cell_error, describe_early_end


def test_messages_are_sanitized_and_shortened() -> None:
    assert clean_text("\x1b[0;31mred\x1b[0m\x07 \udc80 \x1b]8;;http://x\x07link") == "red ? link"
    assert len(clean_text("x" * 3000)) == 2000
    outcome = Outcome(code=Code.NOTEBOOK_ERROR, message="\x1b[1m" + "y" * 3000, cell=1, error_name="E")
    assert len(outcome.as_json()["message"]) == 2000


@pytest.mark.parametrize(
    ("name", "value", "part"),
    [
        ("ModuleNotFoundError", "No module named 'sklearn.foo'", "does not have the module 'sklearn'"),
        ("ImportError", "cannot import name 'x'", "ImportError: cannot import name 'x'"),
        ("MemoryError", "", "choose a compute type with more"),
        ("OSError", "[Errno 28] No space left on device", "The disk of the container is full"),
        ("KeyError", "'a'", "KeyError: 'a'"),
    ],
)
def test_the_message_explains_what_a_cell_raised(name: str, value: str, part: str) -> None:
    assert part in describe_cell_error(name=name, value=value, environment="python")


@pytest.mark.parametrize(
    ("reason", "message"),
    [
        (Code.STOPPED, "The run was stopped before its first cell."),
        (Code.TIMEOUT, "The run reached its maximum run time (0:01:30) before its first cell."),
        (Code.TERMINATED, "The container was terminated before its first cell: Spot capacity was reclaimed"),
    ],
)
def test_the_message_of_a_run_that_ended_before_its_first_cell_says_why(reason: Code, message: str) -> None:
    outcome = describe_early_end(reason, timeout_seconds=90)
    assert (outcome.code, outcome.cell) == (reason, None)
    assert outcome.message.startswith(message)
