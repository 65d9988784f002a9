"""What jupyter-scheduler asks its execution manager, where nothing is executed on the Jupyter server."""

from typing import Final

from jupyter_scheduler.executors import ExecutionManager
from jupyter_scheduler.models import JobFeature

__all__ = ["AwsExecutionManager"]

_MISSING: Final = {JobFeature.email_notifications, JobFeature.output_filename_template}


class AwsExecutionManager(ExecutionManager):  # type: ignore[misc]
    """Says what jobs can do; runners in the cloud execute them."""

    def execute(self) -> None:
        """Refuse: nothing runs here.

        Raises
        ------
        NotImplementedError
            Always.
        """
        raise NotImplementedError("Jobs run on AWS, not on the Jupyter server.")

    @classmethod
    def supported_features(cls, _class: object = None) -> dict[JobFeature, bool]:
        """Say which features there are; jupyter-scheduler hands the class over a second time."""
        return {feature: feature not in _MISSING for feature in JobFeature}
