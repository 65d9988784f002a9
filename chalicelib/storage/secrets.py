"""The runner key: the stack's one secret, which ECS puts into each container."""

from functools import cached_property
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mypy_boto3_secretsmanager import SecretsManagerClient

__all__ = ["RunnerKey"]


class RunnerKey:
    """Reads the key once in a process's life."""

    def __init__(self, client: "SecretsManagerClient", arn: str) -> None:
        self._client = client
        self._arn = arn

    @cached_property
    def value(self) -> str:
        """The key itself."""
        return self._client.get_secret_value(SecretId=self._arn)["SecretString"]
