"""The stack's secret, that launch codes and session tokens are made with."""

from functools import cached_property
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mypy_boto3_secretsmanager import SecretsManagerClient

__all__ = ["LaunchSecret"]


class LaunchSecret:
    """Reads the secret once in a process's life."""

    def __init__(self, client: "SecretsManagerClient", arn: str) -> None:
        self._client = client
        self._arn = arn

    @cached_property
    def value(self) -> str:
        """The secret itself."""
        return self._client.get_secret_value(SecretId=self._arn)["SecretString"]
