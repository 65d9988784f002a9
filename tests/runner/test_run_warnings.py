"""The warnings of a run."""

import re

from runner.run_warnings import RunWarnings, WarningCode
from tests.runner.conftest import RUNNER_CONTAINER


def test_every_code_is_documented() -> None:
    text = (RUNNER_CONTAINER.parent / "docs" / "troubleshooting.md").read_text(encoding="utf-8")
    section = text.partition("\n## Warnings\n")[2].partition("\n## ")[0]
    by_the_service = ["notification_failed"]
    documented = re.findall(r"^\| `(\w+)` \|", section, re.MULTILINE)
    assert documented == [*by_the_service, *(code.value for code in WarningCode)]


def test_a_warning_names_some_and_counts_all() -> None:
    warnings = RunWarnings()
    warnings.add(
        WarningCode.OUTPUTS_SKIPPED, "m" * 1000, names=[f"{number:03}\x1b[31m" + "n" * 300 for number in range(50)]
    )
    warnings.add(WarningCode.OUTPUTS_SKIPPED, "Second.")
    first, second = warnings.as_json()
    assert (first["code"], first["count"], len(first["names"])) == ("outputs_skipped", 50, 20)
    assert (len(first["message"]), len(first["names"][0])) == (500, 200)
    assert first["names"][0].startswith("000nnn")
    assert second == {"code": "outputs_skipped", "message": "Second.", "names": [], "count": 0}


def test_a_report_has_at_most_20_warnings() -> None:
    warnings = RunWarnings()
    for number in range(30):
        warnings.add(WarningCode.OUTPUTS_SKIPPED, str(number))
    assert [warning["message"] for warning in warnings.as_json()] == [str(number) for number in range(20)]
