"""The bucket for snapshots and outputs."""

import math
from collections.abc import Sequence
from typing import Final

from aws_cdk import Duration, RemovalPolicy
from aws_cdk.aws_iam import AnyPrincipal, Effect, PolicyStatement
from aws_cdk.aws_s3 import BlockPublicAccess, Bucket, BucketEncryption, CorsRule, HttpMethods, LifecycleRule
from constructs import Construct

from chalicelib.config import Limits, Retention
from infra.nag_acknowledgments import acknowledge

__all__ = ["Storage", "job_file_expiration_days"]

_MAX_SIGNATURE_AGE_MS: Final = 3_600_000
"""Maximum age of a signature [ms]: an hour, the longest lifetime of a presigned download. Presigned uploads expire after 15 minutes by
themselves; this limit bounds what a stolen key of a function could sign."""

_EXTRA_DAYS: Final = 30
"""Days between the expiration of a job's record and that of its files, so that S3 never deletes files of an existing job."""


class Storage(Construct):
    """One private bucket: `uploads/`, `definitions/` and `jobs/`.

    It has no versioning: a snapshot is never overwritten, only the latest state of an output counts, and a deleted job's data must not
    remain. Every origin is allowed by default: the bucket requires a signature, and no browser adds one by itself.

    Parameters
    ----------
    cors_origins
        Origins of web pages that may use presigned URLs.
    limits, retention
        Longest run and retention of jobs, which determine when files under `jobs/` expire.
    removal_policy
        What happens to the bucket when the stack is destroyed.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        cors_origins: Sequence[str],
        limits: Limits,
        retention: Retention,
        removal_policy: RemovalPolicy,
    ) -> None:
        super().__init__(scope, construct_id)
        self.bucket = Bucket(
            self,
            "Bucket",
            encryption=BucketEncryption.S3_MANAGED,
            enforce_ssl=True,
            block_public_access=BlockPublicAccess.BLOCK_ALL,
            versioned=False,
            removal_policy=removal_policy,
            lifecycle_rules=_lifecycle(limits, retention),
            cors=[
                CorsRule(
                    allowed_origins=list(cors_origins),
                    allowed_methods=[HttpMethods.GET, HttpMethods.HEAD, HttpMethods.PUT, HttpMethods.POST],
                    allowed_headers=["*"],
                    exposed_headers=["ETag"],
                    max_age=3000,
                )
            ],
        )
        self.bucket.add_to_resource_policy(
            PolicyStatement(
                sid="OnlyRecentSignatures",
                effect=Effect.DENY,
                principals=[AnyPrincipal()],
                actions=["s3:*"],
                resources=[self.bucket.arn_for_objects("*")],
                conditions={"NumericGreaterThan": {"s3:signatureAge": _MAX_SIGNATURE_AGE_MS}},
            )
        )
        acknowledge(
            self,
            "S1",
            "Every request for URLs writes an audit line with caller, owner, and job (docs/operation.md#audit). The use of a URL"
            " is not logged: that requires CloudTrail data events, or server access logs in a second bucket.",
        )


def job_file_expiration_days(limits: Limits, retention: Retention) -> int | None:
    """Return the age [d] at which S3 deletes a job's files, whatever its record says; None if jobs are kept forever."""
    if retention.jobs_days == 0:
        return None
    return retention.jobs_days + math.ceil(limits.max_timeout_minutes / (24 * 60)) + _EXTRA_DAYS


def _lifecycle(limits: Limits, retention: Retention) -> list[LifecycleRule]:
    rules = [
        LifecycleRule(id="expire-unused-uploads", prefix="uploads/", expiration=Duration.days(1)),
        LifecycleRule(
            id="abort-unfinished-multipart-uploads", abort_incomplete_multipart_upload_after=Duration.days(1)
        ),
    ]
    if days := job_file_expiration_days(limits, retention):
        rules.append(LifecycleRule(id="expire-job-files", prefix="jobs/", expiration=Duration.days(days)))
    return rules
