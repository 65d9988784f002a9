"""The bucket for snapshots and outputs."""

import math
from collections.abc import Sequence
from typing import Final

from aws_cdk import Duration, RemovalPolicy
from aws_cdk.aws_iam import AnyPrincipal, Effect, PolicyStatement
from aws_cdk.aws_s3 import BlockPublicAccess, Bucket, BucketEncryption, CorsRule, HttpMethods, LifecycleRule
from constructs import Construct

from chalicelib.config import Limits, Retention
from infra.nag_acknowledgments import explain

__all__ = ["Storage", "days_until_the_net"]

_MAX_SIGNATURE_AGE_MS: Final = 3_600_000
"""Oldest signature [ms] that the bucket takes: an hour, the longest that the service signs a download for. Uploads are signed for
15 minutes and end by their own expiry; this bounds what a stolen key of a function could sign."""

_MARGIN_DAYS: Final = 30
"""How much later than the records [d] the net over the jobs' files lies, so that it never takes what a record still shows."""


class Storage(Construct):
    """One private bucket: `uploads/`, `definitions/` and `jobs/`.

    There are no versions: a snapshot is never overwritten, and of outputs only the last state counts; with versions, deleting a job
    would leave its data. Names of origins are not a protection here (what opens the bucket is a signature, and no browser adds one
    by itself), so any origin is the default.

    Parameters
    ----------
    cors_origins
        Origins of web pages that may use presigned URLs.
    limits, retention
        Longest run and how long jobs are kept: together they place the net over `jobs/`.
    removal_policy
        What becomes of the bucket when the stack is destroyed.
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
                sid="OnlyYoungSignatures",
                effect=Effect.DENY,
                principals=[AnyPrincipal()],
                actions=["s3:*"],
                resources=[self.bucket.arn_for_objects("*")],
                conditions={"NumericGreaterThan": {"s3:signatureAge": _MAX_SIGNATURE_AGE_MS}},
            )
        )
        explain(
            self,
            "S1",
            "Every request for URLs leaves an audit line with caller, owner and job (docs/operation.md#audit); what is then done"
            " with a URL is not logged: that takes CloudTrail data events, or server access logs in a second bucket.",
        )


def days_until_the_net(limits: Limits, retention: Retention) -> int | None:
    """Age [d] at which a job's files go whatever the records say; None if jobs are kept for ever."""
    if retention.jobs_days == 0:
        return None
    return retention.jobs_days + math.ceil(limits.max_timeout_minutes / (24 * 60)) + _MARGIN_DAYS


def _lifecycle(limits: Limits, retention: Retention) -> list[LifecycleRule]:
    rules = [
        LifecycleRule(id="uploads-that-no-job-took", prefix="uploads/", expiration=Duration.days(1)),
        LifecycleRule(id="unfinished-multipart-uploads", abort_incomplete_multipart_upload_after=Duration.days(1)),
    ]
    if days := days_until_the_net(limits, retention):
        rules.append(LifecycleRule(id="net-over-jobs", prefix="jobs/", expiration=Duration.days(days)))
    return rules
