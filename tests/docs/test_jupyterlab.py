"""docs/jupyterlab.md names every setting of the connector, with its default, and none that does not exist."""

import re

from jupyter_scheduler_aws import AwsScheduler
from tests.docs.documents import table_rows

BY_HAND = {"api_url", "region", "profile"}
"""Settings whose default is empty; the document says what they mean then."""


def documented() -> dict[str, str]:
    rows = table_rows("docs/jupyterlab.md")
    return {match[1]: row[1] for row in rows if (match := re.fullmatch(r"`c\.AwsScheduler\.(\w+)`", row[0]))}


def test_every_setting_of_ours_is_documented() -> None:
    inherited = {"execution_manager_class", "staging_path", "log", "parent", "config"}
    traits = {name for name, trait in AwsScheduler.class_traits(config=True).items() if name not in inherited}
    assert documented().keys() == traits


def test_documented_defaults_are_the_codes() -> None:
    traits = AwsScheduler.class_traits(config=True)
    stated = {name: default.strip("`") for name, default in documented().items() if name not in BY_HAND}
    assert stated == {name: str(traits[name].default_value) for name in stated}
    assert all(traits[name].default_value == "" for name in BY_HAND)
