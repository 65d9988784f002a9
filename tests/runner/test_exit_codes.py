import re

from runner.exit_codes import Code
from tests.runner.conftest import RUNNER_CONTAINER


def test_exit_codes_match_the_protocol() -> None:
    protocol = (RUNNER_CONTAINER.parent / "docs" / "runner-protocol.md").read_text()

    documented = dict(re.findall(r"^\| `(\w+)` \| (\d+) \|", protocol, re.MULTILINE))

    assert documented == {code: str(code.exit_code) for code in Code}
    assert len(set(documented.values())) == len(documented)
