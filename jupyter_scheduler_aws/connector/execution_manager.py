"""The execution manager of jupyter-scheduler. Nothing runs on the Jupyter server."""

from typing import Final

from jupyter_scheduler.executors import ExecutionManager
from jupyter_scheduler.models import JobFeature

__all__ = ["AwsExecutionManager"]

_UNSUPPORTED: Final = {JobFeature.email_notifications, JobFeature.output_filename_template}


class AwsExecutionManager(ExecutionManager):  # type: ignore[misc]
    """Lists the supported features. Runners on AWS execute the jobs."""

    def execute(self) -> None:
        """Raise an error, because nothing runs here.

        Raises
        ------
        NotImplementedError
            Always.
        """
        raise NotImplementedError("Jobs run on AWS, not on the Jupyter server.")

    @classmethod
    def supported_features(cls, _class: object = None) -> dict[JobFeature, bool]:
        """Return the supported features. jupyter-scheduler passes the class a second time."""
        return {feature: feature not in _UNSUPPORTED for feature in JobFeature}
