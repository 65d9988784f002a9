"""The stock server and ours get the same requests. The document lists each difference between their responses."""

from collections.abc import Iterator

import pytest

from tests.contract.run import Comparison
from tests.contract.servers import running_sides
from tests.contract.table import DOCUMENT, read_table
from tests.support.deployed import Deployed, deployed

__all__ = ["deployed"]

pytestmark = [pytest.mark.local_cloud, pytest.mark.timeout(900)]
"""On an idle machine, this takes two minutes."""


@pytest.fixture(scope="module")
def comparison(tmp_path_factory: pytest.TempPathFactory, deployed: Deployed) -> Iterator[Comparison]:
    with running_sides(tmp_path_factory.mktemp("differential"), deployed) as (stock, here):
        comparison = Comparison(stock, here)
        comparison.replay()
        comparison.settle()
        comparison.attack()
        comparison.tidy()
        yield comparison


def test_every_difference_is_in_the_document(comparison: Comparison) -> None:
    rows = read_table()
    unlisted = [
        f"{request} - {difference}"
        for request, difference in comparison.differences
        if not any(row.covers(request, difference) for row in rows)
    ]
    assert not unlisted, f"of {comparison.compared} requests, {DOCUMENT} does not list:\n" + "\n".join(unlisted)


def test_every_row_of_the_document_is_still_true(comparison: Comparison) -> None:
    idle = {str(row): parts for row in read_table() if (parts := row.idle_parts(comparison.differences))}
    assert not idle, f"rows of {DOCUMENT} that cover nothing, or less than they say:\n" + "\n".join(
        map(str, idle.items())
    )


def test_no_error_is_hidden_behind_a_generic_message(comparison: Comparison) -> None:
    assert not comparison.generic, "\n".join(comparison.generic)


def test_there_were_requests_enough(comparison: Comparison) -> None:
    assert comparison.compared > 91 + 150
