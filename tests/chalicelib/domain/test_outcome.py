import json
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.domain.ecs_failure import classify_stopped_task
from chalicelib.domain.outcome import (
    MESSAGE_CHARACTERS,
    OUTCOMES,
    RUNNER_CODES,
    Fault,
    OutcomeCode,
    make_outcome,
)
from chalicelib.domain.sanitize import sanitize_text
from chalicelib.domain.task_state import TaskState

TEXTS = json.loads(Path(__file__).parents[2].joinpath("data", "texts.json").read_text(encoding="utf-8"))
PROTOCOL = Path(__file__).parents[3] / "docs" / "runner-protocol.md"


def exit_codes_of_the_protocol() -> dict[int, str | None]:
    """Parse the table of exit codes; None if the runner reports nothing."""
    rows = re.findall(r"^\| (?:`(\w+)`|—) \| (\d+) \|", PROTOCOL.read_text(encoding="utf-8"), re.MULTILINE)
    return {int(exit_code): code or None for code, exit_code in rows}


@pytest.mark.parametrize("code", OUTCOMES)
def test_every_outcome_has_a_title_and_a_message(code: OutcomeCode) -> None:
    kind, outcome = OUTCOMES[code], make_outcome(code)
    assert re.fullmatch(r"[A-Z].*[a-z]", kind.title)
    assert kind.advice.endswith(".") or code == "succeeded"
    assert outcome.message == kind.advice
    assert make_outcome(code, "a message").message == "a message"


@pytest.mark.parametrize("text", TEXTS, ids=[text["name"] for text in TEXTS])
def test_messages_are_sanitized(text: dict[str, str]) -> None:
    assert sanitize_text(text["text"]) == text["plain"]
    assert make_outcome("notebook_error", f"m{text['text']}").message == f"m{text['plain']}".strip()


@given(st.text(st.characters() | st.sampled_from("\x1b[]\x9b\x9d\x07;m\\\u202e\u200d\ud800")))
def test_sanitized_text_stays_unchanged(text: str) -> None:
    plain = sanitize_text(text)
    assert sanitize_text(plain) == plain
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]", plain)
    plain.encode()


@pytest.mark.parametrize("piece", ["\x9d", "\x1b]", "\x9b0", "\x1b[;", "\x1bP ", "\x1b(", "\u200d"])
def test_a_long_text_is_scanned_once(piece: str) -> None:
    assert "\x1b" not in sanitize_text(piece * 500_000), "a pattern that restarts at each piece would take hours"


def test_long_messages_are_truncated() -> None:
    assert len(make_outcome("notebook_error", "x" * 5000).message) == MESSAGE_CHARACTERS
    assert make_outcome("notebook_error", "\x1b[2J").message == OUTCOMES[OutcomeCode.NOTEBOOK_ERROR].advice


def test_an_outcome_is_retryable_unless_the_same_job_would_end_the_same() -> None:
    hopeless = {code for code in OUTCOMES if not make_outcome(code).retryable}
    assert hopeless == {
        *("succeeded", "stopped", "input_problem", "environment_problem"),
        *("image_problem", "configuration_problem", "not_allowed", "owner_disabled"),
    }


def test_an_unknown_code_is_rejected() -> None:
    with pytest.raises(ValueError, match="no_such_code"):
        make_outcome("no_such_code")


def test_exit_codes_match_the_protocol() -> None:
    documented = exit_codes_of_the_protocol()
    known = {kind.exit_code: code for code, kind in OUTCOMES.items() if kind.exit_code is not None}
    assert len(known) == sum(kind.exit_code is not None for kind in OUTCOMES.values())
    assert {number: code for number, code in documented.items() if code} | {20: None, 21: None} == documented
    assert known == {number: code or "connection_lost" for number, code in documented.items() if number != 20}


def test_a_runner_may_report_the_codes_that_the_protocol_lists() -> None:
    assert {code for code in exit_codes_of_the_protocol().values() if code} == RUNNER_CODES


def stopped_task(stop_code: str, reason: str, exit_code: int | None, container_reason: str) -> TaskState:
    return TaskState(
        task_arn="arn",
        last_status="STOPPED",
        desired_status="STOPPED",
        run_id=None,
        launch=None,
        stop_code=stop_code,
        stopped_reason=reason,
        exit_code=exit_code,
        container_reason=container_reason,
    )


def classify(
    stop_code: str = "EssentialContainerExited",
    reason: str = "Essential container in task exited",
    exit_code: int | None = None,
    container_reason: str = "",
) -> str:
    return classify_stopped_task(stopped_task(stop_code, reason, exit_code, container_reason))[0]


@pytest.mark.parametrize(
    ("code", "expected"),
    [(kind.exit_code, code) for code, kind in OUTCOMES.items() if kind.exit_code] + [(1, "container_gone")],
)
def test_an_exit_code_replaces_a_lost_report(code: int, expected: str) -> None:
    assert classify(exit_code=code) == expected


def test_exit_code_0_without_a_report_is_no_success() -> None:
    """A wrong image may exit with 0 without running anything."""
    assert classify(exit_code=0) == "container_gone"


OOM = "OutOfMemoryError: Container killed due to memory usage"


@pytest.mark.parametrize(("exit_code", "container_reason"), [(137, OOM), (1, OOM), (None, OOM)])
def test_a_full_memory_is_recognized(exit_code: int | None, container_reason: str) -> None:
    assert classify(exit_code=exit_code, container_reason=container_reason) == "out_of_memory"


def test_exit_code_137_alone_shows_no_lack_of_memory() -> None:
    code, message = classify_stopped_task(stopped_task("EssentialContainerExited", "", 137, ""))
    assert code == "container_gone"
    assert "SIGKILL" in message


def test_exit_code_137_after_a_stop_request_is_not_out_of_memory() -> None:
    """`StopTask` also ends with SIGKILL if the runner does not exit in time."""
    code, message = classify_stopped_task(stopped_task("UserInitiated", "sweep: no heartbeat", 137, ""))
    assert (code, message) == ("container_gone", "sweep: no heartbeat")
    assert classify("UserInitiated", exit_code=12) == "stopped"
    assert classify("UserInitiated", exit_code=137, container_reason=OOM) == "out_of_memory"


@pytest.mark.parametrize("stop_code", ["SpotInterruption", "TerminationNotice"])
@pytest.mark.parametrize("exit_code", [None, 17, 137, 143])
def test_a_spot_interruption_is_recognized_whatever_the_exit_code(stop_code: str, exit_code: int | None) -> None:
    assert classify(stop_code, "Your Spot Task was interrupted.", exit_code) == "spot_reclaimed"


def test_a_failed_start_is_classified_by_its_cause() -> None:
    """`test_ecs_failure.py` has every cause."""
    reason = "CannotPullContainerError: pull image manifest has been retried 5 time(s): failed to resolve ref x"
    assert classify("TaskFailedToStart", reason) == "image_problem"
    assert classify("TaskFailedToStart", "Task failed to start", container_reason=reason) == "image_problem"
    assert classify("TaskFailedToStart", "") == "never_started"


TEXTS_OF_ECS = st.sampled_from(["", "SpotInterruption", "TaskFailedToStart", "UserInitiated", OOM])


@given(TEXTS_OF_ECS | st.text(), TEXTS_OF_ECS | st.text(), st.none() | st.integers(-1, 300), TEXTS_OF_ECS | st.text())
def test_every_description_of_a_stopped_task_has_an_outcome(
    stop_code: str, reason: str, exit_code: int | None, container_reason: str
) -> None:
    code, _ = classify_stopped_task(stopped_task(stop_code, reason, exit_code, container_reason))
    assert OUTCOMES[code].fault is not Fault.NONE or code == "stopped"


@pytest.mark.parametrize(
    ("message", "cell", "expected"),
    [
        ("Cell 2 of 3 (`y = 5`) raised ValueError: x", 2, "Cell 2 of 3 (`y = 5`) raised ValueError: x"),
        ("The kernel ended by itself in cell 12 of 30.", 12, "The kernel ended by itself in cell 12 of 30."),
        ("The kernel ended by itself in cell 12 of 30.", 1, "In cell 1: The kernel ended by itself in cell 12 of 30."),
        ("ValueError: no data", 2, "In cell 2: ValueError: no data"),
        ("ValueError: no data", None, "ValueError: no data"),
    ],
)
def test_the_message_names_the_cell_once(message: str, cell: int | None, expected: str) -> None:
    assert make_outcome("notebook_error", message, cell=cell).message == expected


def test_without_a_message_the_cell_and_the_advice_are_said() -> None:
    message = make_outcome("kernel_died", cell=7).message
    assert message == f"In cell 7: {OUTCOMES[OutcomeCode.KERNEL_DIED].advice}"


def test_a_long_message_with_its_cell_is_within_the_limit() -> None:
    message = make_outcome("notebook_error", "x" * (2 * MESSAGE_CHARACTERS), cell=7).message
    assert message.startswith("In cell 7: xxx")
    assert len(message) == MESSAGE_CHARACTERS
