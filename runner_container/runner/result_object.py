"""The result object: how the attempt ended, stored beside its outputs before it is reported.

If the report is lost, the service reads the object when the container has ended. So the runner keeps a presigned form that it got while
the service could be reached.
"""

import json
import logging
import time
from collections.abc import Mapping
from typing import Any, Final

from runner.errors import RefusedError, TransferError, UnreachableError
from runner.presigned_transfers import upload_form
from runner.scheduler_api import SchedulerApi

__all__ = ["ResultObject"]

_LOG = logging.getLogger(__name__)
_OLD_SECONDS: Final = 300
"""A form is valid for 15 minutes: one that is renewed after 5 is valid for at least 10 more if the service becomes unreachable."""
_FORBIDDEN: Final = 403
"""The response of S3 if a form has expired."""


class ResultObject:
    """Stores the result of an attempt. Safe to use from several threads.

    Parameters
    ----------
    api
        Returns a new form if the one at hand has expired.
    form
        The first form: a URL, and fields to send before the file.
    """

    def __init__(self, api: SchedulerApi, form: Mapping[str, Any]) -> None:
        self._api = api
        self._form = form
        self._renewed = time.monotonic()
        self._is_stored = False

    @property
    def is_form_old(self) -> bool:
        """Whether the form should be renewed."""
        return time.monotonic() - self._renewed >= _OLD_SECONDS

    def renew(self, form: Mapping[str, Any]) -> None:
        """Use another form from now on."""
        self._form, self._renewed = form, time.monotonic()

    def store(self, body: Mapping[str, Any]) -> bool:
        """Store the body of the report, unless it is stored already. Return whether it is.

        Raises
        ------
        RunRevokedError
            If the run no longer belongs to this container.
        """
        if not self._is_stored:
            try:
                self._upload(json.dumps(body).encode())
            except (TransferError, UnreachableError, RefusedError) as error:
                _LOG.warning("the result could not be stored: %s", error)
            else:
                self._is_stored = True
        return self._is_stored

    def _upload(self, data: bytes) -> None:
        try:
            upload_form(data, url=self._form["url"], fields=self._form["fields"])
        except TransferError as error:
            if error.status != _FORBIDDEN:
                raise
            response = self._api.heartbeat({"phase": "uploading", "result_form": True})
            self.renew(response["result_form"])
            upload_form(data, url=self._form["url"], fields=self._form["fields"])
