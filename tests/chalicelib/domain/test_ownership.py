import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from chalicelib.config import Environment, Ownership
from chalicelib.domain.ownership import Caller, caller_from_identity, may_use

ACCOUNT = "123456789012"
NOBODY_SPECIAL = Ownership()
NAMES = st.from_regex(r"\A[\w+=,.@-]{1,64}\Z")
IDS = st.from_regex(r"\A[A-Z0-9]{16,21}\Z")
ARN = f"arn:aws:iam::{ACCOUNT}"


def user(name: str, unique_id: str = "AIDAANN", ownership: Ownership = NOBODY_SPECIAL, aws: str = "aws") -> Caller:
    return caller_from_identity(
        user_arn=f"arn:{aws}:iam::{ACCOUNT}:user/{name}", unique_id=unique_id, ownership=ownership
    )


def session(
    role: str, name: str, *, role_id: str = "AROAROLE", ownership: Ownership = NOBODY_SPECIAL, aws: str = "aws"
) -> Caller:
    arn = f"arn:{aws}:sts::{ACCOUNT}:assumed-role/{role}/{name}"
    return caller_from_identity(user_arn=arn, unique_id=f"{role_id}:{name}" if role_id else "", ownership=ownership)


def test_an_iam_user_is_itself() -> None:
    caller = user("team/a/ann")
    assert caller.principal == "AIDAANN"
    assert caller.owner_id == user("renamed").owner_id
    assert caller.identity_arns == (f"{ARN}:user/team/a/ann",)


def test_a_user_made_anew_under_an_old_name_is_somebody_else() -> None:
    assert user("ann", "AIDAOLD").owner_id != user("ann", "AIDANEW").owner_id


def test_the_root_of_the_account_is_one_owner() -> None:
    caller = caller_from_identity(user_arn=f"{ARN}:root", unique_id=ACCOUNT, ownership=NOBODY_SPECIAL)
    assert (caller.principal, caller.owner_id[:5]) == (ACCOUNT, "root-")


def test_a_federated_user_is_itself() -> None:
    arn = f"arn:aws:sts::{ACCOUNT}:federated-user/bob"
    caller = caller_from_identity(user_arn=arn, unique_id=f"{ACCOUNT}:bob", ownership=NOBODY_SPECIAL)
    assert (caller.principal, caller.owner_id[:4]) == (f"{ACCOUNT}:bob", "bob-")


@given(NAMES, NAMES)
def test_a_role_is_one_owner_whatever_its_sessions_are_called(one: str, other: str) -> None:
    assert session("Analysts", one).owner_id == session("Analysts", other).owner_id
    assert session("Analysts", one).owner_id.startswith("analysts-")


@given(NAMES, NAMES)
def test_people_of_identity_center_are_told_apart(one: str, other: str) -> None:
    role = "AWSReservedSSO_DataScience_0123456789abcdef"
    owners = {session(role, each).owner_id for each in (one, other)}
    assert len(owners) == len({one, other})


def test_people_of_identity_center_can_be_recognised() -> None:
    caller = session("AWSReservedSSO_DataScience_0123456789abcdef", "ann@example.com")
    assert caller.owner_id.startswith("ann-example-com-")


def test_the_operator_may_trust_the_session_names_of_a_role() -> None:
    trusting = Ownership(session_name_roles=("JupyterHub",))
    assert session("JupyterHub", "ann", ownership=trusting).owner_id != (
        session("JupyterHub", "bob", ownership=trusting).owner_id
    )
    assert session("Other", "ann", ownership=trusting).owner_id == session("Other", "bob", ownership=trusting).owner_id


def test_a_role_that_only_looks_like_identity_centers_is_not_trusted() -> None:
    for role in ("MyAWSReservedSSO_X", "awsreservedsso_X"):
        assert session(role, "ann").owner_id == session(role, "bob").owner_id


@pytest.mark.parametrize("aws", ["aws", "aws-cn", "aws-us-gov", "aws-iso-b"])
def test_every_partition_is_read_alike(aws: str) -> None:
    caller = session("Analysts", "one", aws=aws)
    assert caller.principal == "AROAROLE"
    assert caller.identity_arns == (caller.arn, f"arn:{aws}:iam::{ACCOUNT}:role/Analysts")
    assert user("ann", aws=aws).owner_id == user("ann").owner_id


def test_a_role_without_an_id_is_told_by_account_and_name() -> None:
    assert session("Analysts", "one", role_id="").principal == f"{ACCOUNT}/Analysts"


IDENTITIES = st.one_of(
    st.tuples(NAMES, IDS).map(lambda each: (f"{ARN}:user/{each[0]}", f"AIDA{each[1]}")),
    st.tuples(NAMES, IDS, NAMES).map(
        lambda each: (f"arn:aws:sts::{ACCOUNT}:assumed-role/{each[0]}/{each[2]}", f"AROA{each[1]}:{each[2]}")
    ),
    st.tuples(IDS, NAMES).map(
        lambda each: (
            f"arn:aws:sts::{ACCOUNT}:assumed-role/AWSReservedSSO_P_{each[0]}/{each[1]}",
            f"AROA{each[0]}:{each[1]}",
        )
    ),
    NAMES.map(lambda name: (f"arn:aws:sts::{ACCOUNT}:federated-user/{name}", f"{ACCOUNT}:{name}")),
    st.just((f"{ARN}:root", ACCOUNT)),
)


def principal_by_hand(arn: str, unique_id: str) -> str:
    """Say who it is as the design does: a plain role is its id, anybody else all of theirs."""
    plain_role = ":assumed-role/" in arn and "/AWSReservedSSO_" not in arn
    return unique_id.partition(":")[0] if plain_role else unique_id


@given(IDENTITIES, IDENTITIES)
def test_two_principals_never_share_an_owner_id(one: tuple[str, str], other: tuple[str, str]) -> None:
    assume(principal_by_hand(*one) != principal_by_hand(*other))
    owners = {
        caller_from_identity(user_arn=arn, unique_id=unique_id, ownership=NOBODY_SPECIAL).owner_id
        for arn, unique_id in (one, other)
    }
    assert len(owners) == 2


@pytest.mark.parametrize(
    ("admin", "is_admin"),
    [
        (f"{ARN}:role/Operators", True),
        (f"arn:aws:sts::{ACCOUNT}:assumed-role/Operators/ann", True),
        (f"{ARN}:role/Operator", False),
        ("Operators", False),
        (f"arn:aws:sts::{ACCOUNT}:assumed-role/Operators/bob", False),
        ("arn:aws:iam::999999999999:role/Operators", False),
    ],
)
def test_admins_are_named_by_a_session_or_its_role(admin: str, is_admin: bool) -> None:
    assert session("Operators", "ann", ownership=Ownership(admins=(admin,))).is_admin is is_admin


def test_a_user_may_be_an_admin() -> None:
    chosen = Ownership(admins=(f"{ARN}:user/ann",))
    assert user("ann", ownership=chosen).is_admin
    assert not user("ann2", ownership=chosen).is_admin


def test_an_environment_is_open_to_all_or_to_those_it_names() -> None:
    everybody = Environment(compute_types=("small",))
    named = Environment(compute_types=("small",), users=(f"{ARN}:role/Analysts",))
    assert may_use(everybody, ())
    assert may_use(named, session("Analysts", "ann").identity_arns)
    assert not may_use(named, session("Others", "ann").identity_arns)
    assert not may_use(named, ())
