"""Settings of every AWS client: timeouts, retries, and the endpoint of S3 in presigned URLs."""

from typing import Any, Final

from botocore.config import Config

__all__ = ["CLIENT_CONFIG", "PYNAMODB_SETTINGS", "S3_CONFIG", "S3_CONNECTIONS"]

_CONNECT_TIMEOUT_SECONDS: Final = 2
_READ_TIMEOUT_SECONDS: Final = 6
_ATTEMPTS: Final = 3
"""With botocore's backoff of at most 1 s and 2 s, one call takes at most 3 * (2 + 6) + 3 = 27 s: less than the shortest timeout of a
function, the API's 29 s. Otherwise Lambda would end the function before its call has failed, and nobody would learn why."""

_RETRIES: Final[dict[str, Any]] = {"mode": "standard", "total_max_attempts": _ATTEMPTS}

S3_CONNECTIONS: Final = 32
"""Parallel calls of one copy, each on its own connection."""

CLIENT_CONFIG: Final = Config(
    connect_timeout=_CONNECT_TIMEOUT_SECONDS,
    read_timeout=_READ_TIMEOUT_SECONDS,
    retries=_RETRIES,  # type: ignore[arg-type] # its stubs want a TypedDict
)
"""For every client."""

S3_CONFIG: Final = CLIENT_CONFIG.merge(
    Config(
        signature_version="s3v4",
        max_pool_connections=S3_CONNECTIONS,
        s3={"addressing_style": "path", "us_east_1_regional_endpoint": "regional"},
    )
)
"""For S3. Presigned URLs need Signature Version 4. Path-style addresses work with every endpoint and every bucket name. In us-east-1
botocore signs for the global endpoint by default (`us_east_1_regional_endpoint` in its configuration reference), but a VPC's interface
endpoint for S3 serves regional names only (Amazon S3 user guide, "AWS PrivateLink for Amazon S3")."""

PYNAMODB_SETTINGS: Final[dict[str, Any]] = {
    "connect_timeout_seconds": _CONNECT_TIMEOUT_SECONDS,
    "read_timeout_seconds": _READ_TIMEOUT_SECONDS,
    "max_retry_attempts": _ATTEMPTS - 1,
}
"""The same for pynamodb, which makes its own DynamoDB clients and counts retries, not attempts."""
