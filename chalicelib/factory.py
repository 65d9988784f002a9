"""The composition root: the only module that connects services and stores. Everything is made on first use.

A service's class is imported where it is made, so that each function loads only the services that it uses.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, cast

from chalicelib.background_services import BackgroundServices
from chalicelib.config import load_settings
from chalicelib.resources import Resources

if TYPE_CHECKING:
    from chalicelib.services.definition_runs import DefinitionRunService
    from chalicelib.services.definitions import DefinitionService
    from chalicelib.services.jobs import JobService
    from chalicelib.services.outputs import OutputService
    from chalicelib.services.owners import OwnerService
    from chalicelib.services.runs import RunService
    from chalicelib.services.take_over import TakeOverService
    from chalicelib.services.uploads import UploadService

__all__ = ["Factory", "factory", "use"]


@dataclass(frozen=True, kw_only=True)
class Factory(BackgroundServices):
    """Makes the services of one process: those for requests here, those for background work in its base."""

    @cached_property
    def jobs(self) -> JobService:
        """The service for users' jobs."""
        from chalicelib.services.jobs import JobService

        return JobService(
            settings=self.settings,
            jobs=self._job_table,
            lists=self._job_lists,
            marks=self._marks,
            snapshots=self._snapshots,
            tokens=self._tokens,
            wake_ups=self._wake_ups,
            owners=self.owners,
            admission=self._admission,
            copies=self._copies,
            clock=self.clock,
        )

    @cached_property
    def owners(self) -> OwnerService:
        """The service for owners."""
        from chalicelib.services.owners import OwnerService

        return OwnerService(owners=self._owner_table, clock=self.clock)

    @cached_property
    def definitions(self) -> DefinitionService:
        """The service for users' definitions."""
        from chalicelib.services.definitions import DefinitionService

        return DefinitionService(
            settings=self.settings,
            definitions=self._definition_table,
            snapshots=self._snapshots,
            tokens=self._tokens,
            sync=self.schedule_sync,
            owners=self.owners,
            admission=self._admission,
            copies=self._copies,
            clock=self.clock,
        )

    @cached_property
    def take_over(self) -> TakeOverService:
        """The service that takes definitions over."""
        from chalicelib.services.take_over import TakeOverService

        return TakeOverService(
            settings=self.settings,
            definitions=self._definition_table,
            files=self._files,
            sync=self.schedule_sync,
            owners=self.owners,
            admission=self._admission,
            copies=self._copies,
            clock=self.clock,
        )

    @cached_property
    def definition_runs(self) -> DefinitionRunService:
        """The service that runs definitions on request."""
        from chalicelib.services.definition_runs import DefinitionRunService

        return DefinitionRunService(
            settings=self.settings,
            definitions=self._definition_table,
            jobs=self._job_table,
            files=self._files,
            wake_ups=self._wake_ups,
            tokens=self._tokens,
            owners=self.owners,
            admission=self._admission,
            copies=self._copies,
            clock=self.clock,
        )

    @cached_property
    def uploads(self) -> UploadService:
        """The service for uploads of snapshots."""
        from chalicelib.services.uploads import UploadService

        return UploadService(files=self._files, limits=self.settings.limits, clock=self.clock)

    @cached_property
    def outputs(self) -> OutputService:
        """The service for files and logs of jobs."""
        from chalicelib.services.outputs import OutputService

        return OutputService(files=self._files, logs=self._logs)

    @cached_property
    def runs(self) -> RunService:
        """The service for runners."""
        from chalicelib.services.output_budget import OutputBudgetService
        from chalicelib.services.runs import RunService

        return RunService(
            settings=self.settings,
            jobs=self._job_table,
            marks=self._marks,
            files=self._files,
            runner_key=self._runner_key,
            budgets=OutputBudgetService(limits=self.settings.limits, marks=self._marks, clock=self.clock),
            completion=self._completion,
            results=self._results,
            clock=self.clock,
        )


class _InUse:
    """The factory that this process uses."""

    factory: Factory | None = None


def use(chosen: Factory | None) -> None:
    """Use this factory from now on; None makes a new one from the environment."""
    _InUse.factory = chosen


def factory() -> Factory:
    """Return this process's factory, made on first use from the bundle's settings and the function's environment."""
    if _InUse.factory is None:
        use(Factory(settings=load_settings(), resources=Resources(os.environ)))
    return cast("Factory", _InUse.factory)
