"""The kinds of principals that may own jobs, and the errors for all others."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.domain.authorization.principal import Principal, PrincipalKind, identify_principal
from chalicelib.errors import NotAllowedError

ACCOUNT = "123456789012"
USER = f"arn:aws:iam::{ACCOUNT}:user/team/a/ann"
USER_ID = "AIDAANNANNANNANNANN12"
ROLE_ID = "AROAROLEROLEROLEROLE1"
HUB = f"arn:aws:iam::{ACCOUNT}:role/hub"
SSO = "AWSReservedSSO_DataScience_0123456789abcdef"
NAMES = st.from_regex(r"\A[\w+=,.@-]{2,64}\Z", fullmatch=True).filter(str.isascii)


def identify(user_arn: str, unique_id: str, *listed: str) -> Principal:
    return identify_principal(user_arn=user_arn, unique_id=unique_id, session_name_roles=listed)


def session(role: str, name: str, *listed: str, account: str = ACCOUNT, aws: str = "aws") -> Principal:
    return identify(f"arn:{aws}:sts::{account}:assumed-role/{role}/{name}", f"{ROLE_ID}:{name}", *listed)


def test_an_iam_user_is_its_unique_id() -> None:
    principal = identify(USER, USER_ID)
    assert (principal.kind, principal.principal_id) == (PrincipalKind.IAM_USER, USER_ID)
    assert principal.names == (USER, USER_ID)


def test_a_person_of_identity_center_is_the_role_with_the_session_name() -> None:
    principal = session(SSO, "ann@example.com")
    assert (principal.kind, principal.principal_id) == (
        PrincipalKind.IDENTITY_CENTER_SESSION,
        f"{ROLE_ID}:ann@example.com",
    )
    assert principal.names == (
        f"arn:aws:sts::{ACCOUNT}:assumed-role/{SSO}/ann@example.com",
        f"arn:aws:iam::{ACCOUNT}:role/{SSO}",
        ROLE_ID,
    )


def test_a_session_of_a_listed_role_is_the_role_with_the_session_name() -> None:
    principal = session("hub", "ann", HUB)
    assert (principal.kind, principal.principal_id) == (PrincipalKind.LISTED_ROLE_SESSION, f"{ROLE_ID}:ann")
    assert principal.names == (f"arn:aws:sts::{ACCOUNT}:assumed-role/hub/ann", HUB, ROLE_ID)


@pytest.mark.parametrize(("account", "aws"), [("999999999999", "aws"), (ACCOUNT, "aws-cn")])
def test_a_role_of_the_same_name_in_another_account_is_not_listed(account: str, aws: str) -> None:
    assert session("hub", "ann", HUB, account=account, aws=aws).kind is PrincipalKind.ROLE


@given(NAMES)
def test_a_session_of_another_role_is_identified_by_the_role_alone(name: str) -> None:
    principal = session("Analysts", name)
    assert (principal.kind, principal.principal_id) == (PrincipalKind.ROLE, ROLE_ID)
    assert principal.names == (f"arn:aws:iam::{ACCOUNT}:role/Analysts", ROLE_ID)


@pytest.mark.parametrize("role", ["MyAWSReservedSSO_X", "awsreservedsso_X"])
def test_a_role_with_a_name_similar_to_identity_centers_is_an_ordinary_role(role: str) -> None:
    assert session(role, "ann").kind is PrincipalKind.ROLE


@pytest.mark.parametrize("aws", ["aws", "aws-cn", "aws-us-gov", "aws-eusc", "aws-iso-b"])
def test_every_partition_is_supported(aws: str) -> None:
    assert session("Analysts", "one", aws=aws).names == (f"arn:{aws}:iam::{ACCOUNT}:role/Analysts", ROLE_ID)
    assert identify(USER.replace("arn:aws:", f"arn:{aws}:"), USER_ID).principal_id == USER_ID


@pytest.mark.parametrize(
    ("user_arn", "unique_id", "message"),
    [
        (f"arn:aws:sts::{ACCOUNT}:federated-user/bob", f"{ACCOUNT}:bob", "the caller of GetFederationToken chose"),
        (f"arn:aws:iam::{ACCOUNT}:root", ACCOUNT, "the root user of an account"),
        (
            f"arn:aws:sts::{ACCOUNT}:assumed-root/bob",
            ACCOUNT,
            "a kind of principal that the scheduler does not support",
        ),
        (f"arn:aws:iam::{ACCOUNT}:group/analysts", USER_ID, "a kind of principal"),
        (f"arn:amazon:iam::{ACCOUNT}:user/ann", USER_ID, "a kind of principal"),
        ("arn:aws:iam::1:user/ann", USER_ID, "a kind of principal"),
        (f"arn:aws:sts::{ACCOUNT}:assumed-role/hub/ann/bob", f"{ROLE_ID}:ann/bob", "a kind of principal"),
        (f"arn:aws:sts::{ACCOUNT}:assumed-role/hub/", f"{ROLE_ID}:", "a kind of principal"),
        (f"{USER}\nx", USER_ID, "a kind of principal"),
        ("lambda.amazonaws.com", "", "a kind of principal"),
        (USER, "", "sent no unique id"),
        (USER, f"{ROLE_ID}:ann", "sent no unique id"),
        (USER, "AKIAANNANNANNANNANN12", "sent no unique id"),
        (f"arn:aws:sts::{ACCOUNT}:assumed-role/hub/ann", "", "sent no unique id"),
        (f"arn:aws:sts::{ACCOUNT}:assumed-role/hub/ann", ROLE_ID, "sent no unique id"),
        (f"arn:aws:sts::{ACCOUNT}:assumed-role/hub/ann", f"{ROLE_ID}:bob", "sent no unique id"),
        (f"arn:aws:sts::{ACCOUNT}:assumed-role/hub/ann", f"{USER_ID}:ann", "sent no unique id"),
    ],
)
def test_other_principals_are_rejected_with_advice(user_arn: str, unique_id: str, message: str) -> None:
    with pytest.raises(NotAllowedError) as refused:
        identify(user_arn, unique_id, HUB)
    assert message in refused.value.message
    assert "Sign with the credentials of an IAM user" in refused.value.message
