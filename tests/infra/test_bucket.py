"""The bucket is private, and forgets what nobody needs."""

from typing import Any

import pytest

from chalicelib.config import Limits, Retention
from infra.bucket import job_file_expiration_days
from tests.infra.synthesized import Synthesized, as_list


@pytest.fixture
def denials(stack: Synthesized) -> list[dict[str, Any]]:
    statements = stack.one("AWS::S3::BucketPolicy")["PolicyDocument"]["Statement"]
    assert {each["Effect"] for each in statements} == {"Deny"}
    return list(statements)


def test_the_bucket_is_not_public(stack: Synthesized) -> None:
    bucket = stack.one("AWS::S3::Bucket")
    assert set(bucket["PublicAccessBlockConfiguration"].values()) == {True}
    assert "VersioningConfiguration" not in bucket


def test_the_bucket_requires_tls(denials: list[dict[str, Any]]) -> None:
    assert {"Bool": {"aws:SecureTransport": "false"}} in [each["Condition"] for each in denials]


def test_old_signatures_are_denied_for_every_action_on_objects(denials: list[dict[str, Any]]) -> None:
    (statement,) = [each for each in denials if "NumericGreaterThan" in each["Condition"]]
    assert statement["Condition"] == {"NumericGreaterThan": {"s3:signatureAge": 3_600_000}}
    assert as_list(statement["Action"]) == ["s3:*"]
    assert statement["Principal"] == {"AWS": "*"}


def test_uploads_expire_after_a_day_and_job_files_after_their_records(stack: Synthesized) -> None:
    rules = {rule["Id"]: rule for rule in stack.one("AWS::S3::Bucket")["LifecycleConfiguration"]["Rules"]}
    assert rules["expire-unused-uploads"]["Prefix"] == "uploads/"
    assert rules["expire-unused-uploads"]["ExpirationInDays"] == 1
    assert rules["abort-unfinished-multipart-uploads"]["AbortIncompleteMultipartUpload"] == {"DaysAfterInitiation": 1}
    assert rules["expire-job-files"]["Prefix"] == "jobs/"
    assert rules["expire-job-files"]["ExpirationInDays"] == 90 + 7 + 30


def test_files_do_not_expire_if_jobs_are_kept_forever(operators: Synthesized) -> None:
    rules = operators.one("AWS::S3::Bucket")["LifecycleConfiguration"]["Rules"]
    assert "expire-job-files" not in [rule["Id"] for rule in rules]


@pytest.mark.parametrize(
    ("days", "minutes", "net"), [(0, 60, None), (1, 1, 32), (1, 1440, 32), (1, 1441, 33), (90, 10_080, 127)]
)
def test_job_files_expire_after_the_longest_run(days: int, minutes: int, net: int | None) -> None:
    limits = Limits(default_timeout_minutes=1, max_timeout_minutes=minutes)
    assert job_file_expiration_days(limits, Retention(jobs_days=days)) == net


def test_web_pages_may_upload_and_download(stack: Synthesized, operators: Synthesized) -> None:
    (rule,) = stack.one("AWS::S3::Bucket")["CorsConfiguration"]["CorsRules"]
    assert rule["AllowedOrigins"] == ["*"]
    assert set(rule["AllowedMethods"]) == {"GET", "HEAD", "PUT", "POST"}
    (rule,) = operators.one("AWS::S3::Bucket")["CorsConfiguration"]["CorsRules"]
    assert rule["AllowedOrigins"] == ["https://lab.example"]
