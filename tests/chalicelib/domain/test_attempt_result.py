"""Results of attempts: what is kept of what a runner reports."""

from chalicelib.domain.attempt_result import limit_warnings, make_warning


def test_a_warning_is_sanitized_and_shortened() -> None:
    warning = make_warning("some_code", "  a\x1b[31mb\x00 " + "x" * 1000, names=["n" * 500] * 30)
    assert (len(warning.message), warning.message[:3], warning.message[-1]) == (500, "ab ", "…")
    assert (len(warning.names), warning.count, len(warning.names[0])) == (20, 30, 200)


def test_a_count_may_be_larger_than_the_number_of_names() -> None:
    assert make_warning("some_code", "text", names=["a"], count=2000).count == 2000


def test_messages_are_kept_before_names() -> None:
    warnings = [make_warning("some_code", "m" * 500, names=["n" * 200] * 20) for _ in range(30)]
    kept = limit_warnings(warnings)
    assert [len(warning.message) for warning in kept] == [500] * 8
    assert not any(warning.names for warning in kept)
    assert all(warning.count == 20 for warning in kept)


def test_names_are_kept_while_there_is_room() -> None:
    (first, second) = limit_warnings([make_warning("some_code", "m", names=["n" * 200] * 20) for _ in range(2)])
    assert (len(first.names), len(second.names)) == (19, 0)
