"""Admins on the deployed stack list owners, disable and enable one, stop its jobs, and take over its definitions."""

import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

import pytest

from chalicelib.services.owners import CACHE_TIME
from jupyter_scheduler_aws.api.job_models import JobStatus
from jupyter_scheduler_aws.client import Client
from jupyter_scheduler_aws.errors import ConflictError, NotAllowedError, SchedulerApiError
from tests.deployed.conftest import NotebookMaker
from tests.support.deployed import Deployed
from tests.support.owners import new_owner

pytestmark = pytest.mark.local_cloud

YEARLY = "0 4 1 1 *"
REASON = "left the company"


@dataclass(frozen=True)
class Somebody:
    """Return an owner who is not an admin."""

    client: Client
    owner_id: str


@pytest.fixture(scope="module")
def admin(deployed: Deployed) -> Iterator[Client]:
    """Return the admin in the settings of the stack."""
    with admin_client(deployed) as client:
        yield client


@pytest.fixture
def somebody(deployed: Deployed, admin: Client) -> Iterator[Somebody]:
    """Create an owner; enable them at the end, so that their resources can be deleted."""
    with new_owner(deployed) as owner, owner.client() as client:
        made = Somebody(client, client.health().owner_id)
        yield made
        if any(owner.disabled for owner in admin.list_owners() if owner.owner_id == made.owner_id):
            admin.enable_owner(made.owner_id)
            wait_until_known()


def admin_client(deployed: Deployed, of_owner: str | None = None) -> Client:
    return Client(deployed.api_url, region=deployed.region, session=deployed.admin_session, owner_id=of_owner)


def wait_until_known() -> None:
    """Wait until every process of the API knows who is disabled: each caches it, and nobody knows which one answers."""
    time.sleep(CACHE_TIME.total_seconds() + 1)


def test_the_service_recognizes_admins(admin: Client, client: Client) -> None:
    assert admin.health().admin
    assert not client.health().admin


def test_admins_see_every_owner_who_has_created_something(
    admin: Client, somebody: Somebody, notebook: NotebookMaker
) -> None:
    begun = datetime.now(UTC).replace(microsecond=0)
    somebody.client.schedule(notebook("1"), cron=YEARLY)
    shown = admin.get_owner(somebody.owner_id)
    assert shown in list(admin.list_owners(page_size=2))
    assert shown.arn == somebody.client.health().arn
    assert shown.first_seen >= begun
    assert shown.disabled is None


def test_only_admins_see_or_change_owners(somebody: Somebody, admin: Client, notebook: NotebookMaker) -> None:
    somebody.client.schedule(notebook("1"), cron=YEARLY)
    for attempt in (
        lambda: list(somebody.client.list_owners()),
        lambda: somebody.client.get_owner(somebody.owner_id),
        lambda: somebody.client.disable_owner(somebody.owner_id),
        lambda: somebody.client.enable_owner(somebody.owner_id),
    ):
        with pytest.raises(NotAllowedError):
            attempt()
    assert admin.get_owner(somebody.owner_id).disabled is None


def test_a_disabled_owner_has_no_access_until_enabled(
    deployed: Deployed, admin: Client, somebody: Somebody, notebook: NotebookMaker
) -> None:
    definition_id = somebody.client.schedule(notebook("1"), cron=YEARLY)
    admin.disable_owner(somebody.owner_id, reason=REASON)
    disabled = admin.get_owner(somebody.owner_id).disabled
    assert disabled is not None
    assert (disabled.by.owner_id, disabled.reason) == (admin.health().owner_id, REASON)
    wait_until_known()
    with pytest.raises(NotAllowedError, match=REASON) as refused:
        next(somebody.client.list_jobs(page_size=1), None)
    assert refused.value.code == "owner_disabled"
    with pytest.raises(NotAllowedError, match=REASON):
        somebody.client.submit(notebook("2"))
    with admin_client(deployed, somebody.owner_id) as on_behalf, pytest.raises(SchedulerApiError, match=REASON):
        on_behalf.run_definition(definition_id)

    admin.enable_owner(somebody.owner_id)
    assert admin.get_owner(somebody.owner_id).disabled is None
    wait_until_known()
    job = somebody.client.wait(somebody.client.run_definition(definition_id))
    assert job.status == JobStatus.COMPLETED


def test_a_job_shows_who_stopped_it(
    deployed: Deployed, admin: Client, somebody: Somebody, notebook: NotebookMaker
) -> None:
    job_id = somebody.client.submit(notebook("import time\ntime.sleep(600)"))
    with admin_client(deployed, somebody.owner_id) as on_behalf:
        on_behalf.stop_job(job_id)
    job = somebody.client.wait(job_id)
    assert job.status == JobStatus.STOPPED
    assert job.stopped_by is not None
    assert job.stopped_by.owner_id == admin.health().owner_id


def test_a_definition_that_was_taken_over_runs_as_the_admins(
    deployed: Deployed, admin: Client, somebody: Somebody, notebook: NotebookMaker
) -> None:
    old_id = somebody.client.schedule(notebook("word = 1\nprint(word)"), cron=YEARLY, parameters={"word": 2})
    with admin_client(deployed, somebody.owner_id) as on_behalf:
        own_id = on_behalf.take_over_definition(old_id)
        assert on_behalf.take_over_definition(old_id) == own_id
    try:
        own, old = admin.get_definition(own_id), somebody.client.get_definition(old_id)
        assert (own.active, old.active) == (True, False)
        assert (own.schedule, own.parameters) == (old.schedule, old.parameters)
        assert old.taken_over is not None
        assert (old.taken_over.definition_id, old.taken_over.by.owner_id) == (own_id, admin.health().owner_id)
        assert admin.wait(admin.run_definition(own_id)).status == JobStatus.COMPLETED
    finally:
        admin.delete_definition(own_id)


def test_an_admin_cannot_disable_themself(admin: Client, notebook: NotebookMaker) -> None:
    definition_id = admin.schedule(notebook("1"), cron=YEARLY)
    try:
        with pytest.raises(ConflictError, match="disable yourself"):
            admin.disable_owner(admin.health().owner_id)
    finally:
        admin.delete_definition(definition_id)
