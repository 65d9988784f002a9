"""The part of docs/access.md about runners: no signature replaces the proof of a run."""

from typing import Final

from tests.support.http_api import ANNA, BOB, Response
from tests.support.principals import ADMINS, NO_OWNERS, settings_with_admins
from tests.support.runs import Run
from tests.support.scheduler import scheduler

REFUSED_RUN: Final = {401, 403, 404, 409}


def test_a_signature_gives_no_access_to_a_run() -> None:
    with scheduler(settings_with_admins()) as local:
        own, other = local.start(), local.start(api=local.api.as_user(BOB))
        for arn in (None, ANNA, *ADMINS.values(), *NO_OWNERS.values()):
            api = local.api.as_user(arn)
            for token in ("", own.token):
                found = [each.status for each in _each_call(Run(other.task, token=token, api=api))]
                assert set(found) <= REFUSED_RUN, (arn, found)
            assert Run(other.task, api=api).check_in("b", launch_code="0" * 64).status in REFUSED_RUN
        assert [each.status for each in _each_call(own)] == [200] * 4


def _each_call(run: Run) -> list[Response]:
    output = {"format": "ipynb", "path": "report.ipynb", "size_bytes": 1, "content_type": "application/json"}
    return [run.work_order(), run.heartbeat(), run.output_urls(output), run.report()]
