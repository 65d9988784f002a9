import re

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
