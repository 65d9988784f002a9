import re

import pytest

from runner.exit_codes import EXIT_CONNECTION_LOST, EXIT_RUN_REVOKED, EXIT_WRONG_SETTINGS, Code
from runner.init import main as init
from tests.runner.conftest import RUNNER_CONTAINER

PROTOCOL = (RUNNER_CONTAINER.parent / "docs" / "runner-protocol.md").read_text(encoding="utf-8")


def test_exit_codes_match_the_protocol() -> None:
    documented = dict(re.findall(r"^\| `(\w+)` \| (\d+) \|", PROTOCOL, re.MULTILINE))

    assert documented == {code: str(code.exit_code) for code in Code}
    assert len(set(documented.values())) == len(documented)


def test_exit_codes_without_an_outcome_match_the_protocol() -> None:
    documented = dict(re.findall(r"^\| — \| (\d+) \| ([\w ]+): ", PROTOCOL, re.MULTILINE))

    assert documented == {str(EXIT_RUN_REVOKED): "run revoked", str(EXIT_CONNECTION_LOST): "connection lost"}


def test_init_has_the_runners_exit_code_for_wrong_settings() -> None:
    assert init.EXIT_WRONG_SETTINGS == EXIT_WRONG_SETTINGS


def test_init_has_the_exit_code_of_a_lack_of_memory() -> None:
    assert Code.OUT_OF_MEMORY.exit_code == init.EXIT_OUT_OF_MEMORY


@pytest.mark.parametrize(
    ("code", "kills_before", "kills", "expected"),
    [
        (-9, 0, 1, 15),
        (-9, 1, 1, 137),
        (-9, None, None, 137),
        (-9, None, 1, 137),
        (-15, 0, 1, 143),
        (0, 0, 1, 0),
        (10, 0, 1, 10),
    ],
)
def test_memory_is_blamed_for_the_end_of_the_runner_only_if_a_counter_shows_it(
    code: int, kills_before: int | None, kills: int | None, expected: int
) -> None:
    assert init.exit_code(code, kills_before=kills_before, kills=kills) == expected
