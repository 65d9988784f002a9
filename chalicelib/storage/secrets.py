"""The runner key: the stack's only secret, which ECS passes to each container."""

from functools import cached_property
from typing import TYPE_CHECKING

from chalicelib.storage.aws_errors import aws_errors

if TYPE_CHECKING:
    from mypy_boto3_secretsmanager import SecretsManagerClient

__all__ = ["RunnerKey"]


class RunnerKey:
    """Reads the key once per process."""

    def __init__(self, client: "SecretsManagerClient", arn: str) -> None:
        self._client = client
        self._arn = arn

    @cached_property
    def value(self) -> str:
        """The key."""
        with aws_errors():
            return self._client.get_secret_value(SecretId=self._arn)["SecretString"]
