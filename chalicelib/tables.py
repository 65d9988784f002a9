"""The stores of the four tables; `factory.py` gives them to the services. Everything is made on first use."""

from dataclasses import dataclass
from functools import cached_property

from pynamodb.connection import Connection

from chalicelib.resources import Resources
from chalicelib.storage.clients import PYNAMODB_SETTINGS
from chalicelib.storage.definition_table import DefinitionTable
from chalicelib.storage.items import DefinitionItem, JobItem, MarkItem, OwnerItem, bind
from chalicelib.storage.job_lists import JobLists
from chalicelib.storage.job_table import JobTable
from chalicelib.storage.mark_table import MarkTable
from chalicelib.storage.owner_table import OwnerTable

__all__ = ["Tables"]


@dataclass(frozen=True)
class Tables:
    """Makes the stores of one process's tables."""

    resources: Resources

    @cached_property
    def _job_item(self) -> type[JobItem]:
        return bind(JobItem, self.resources.jobs_table, self.resources.region)

    @cached_property
    def _mark_item(self) -> type[MarkItem]:
        return bind(MarkItem, self.resources.marks_table, self.resources.region)

    @cached_property
    def _owner_item(self) -> type[OwnerItem]:
        return bind(OwnerItem, self.resources.owners_table, self.resources.region)

    @cached_property
    def _connection(self) -> Connection:
        return Connection(region=self.resources.region, **PYNAMODB_SETTINGS)

    @cached_property
    def _job_table(self) -> JobTable:
        return JobTable(self._job_item, self._mark_item, self._connection)

    @cached_property
    def _definition_table(self) -> DefinitionTable:
        model = bind(DefinitionItem, self.resources.definitions_table, self.resources.region)
        return DefinitionTable(model, jobs=self._job_item, marks=self._mark_item, connection=self._connection)

    @cached_property
    def _job_lists(self) -> JobLists:
        return JobLists(self._job_item)

    @cached_property
    def _marks(self) -> MarkTable:
        return MarkTable(self._mark_item)

    @cached_property
    def _owner_table(self) -> OwnerTable:
        return OwnerTable(self._owner_item)
