import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from chalicelib.config import Environment, Ownership
from chalicelib.domain.authorization.ownership import Caller, caller_from_identity, may_use
from tests.support.http_api import unique_id_of

ACCOUNT = "123456789012"
NOBODY_SPECIAL = Ownership()
NAMES = st.from_regex(r"\A[A-Za-z0-9_+=,.@-]{2,64}\Z")
IDS = st.from_regex(r"\A[A-Z0-9]{17}\Z")
ARN = f"arn:aws:iam::{ACCOUNT}"
STS = f"arn:aws:sts::{ACCOUNT}"
SSO = "AWSReservedSSO_DataScience_0123456789abcdef"


def caller(user_arn: str, *, unique_id: str | None = None, ownership: Ownership = NOBODY_SPECIAL) -> Caller:
    chosen = unique_id_of(user_arn) if unique_id is None else unique_id
    return caller_from_identity(user_arn=user_arn, unique_id=chosen, ownership=ownership)


def session(role: str, name: str, ownership: Ownership = NOBODY_SPECIAL) -> Caller:
    return caller(f"{STS}:assumed-role/{role}/{name}", ownership=ownership)


def test_a_user_who_is_renamed_is_the_same_owner() -> None:
    one, other = (caller(f"{ARN}:user/{name}", unique_id="AIDAANNANNANNANNANN12") for name in ("ann", "anna"))
    assert one.owner_id == other.owner_id


def test_a_recreated_user_with_the_same_name_is_another_owner() -> None:
    one, other = (caller(f"{ARN}:user/ann", unique_id=f"AIDAANNANNANNANN{number}") for number in ("1234", "5678"))
    assert one.owner_id != other.owner_id


@given(NAMES, NAMES)
def test_a_role_is_one_owner_whatever_its_sessions_are_called(one: str, other: str) -> None:
    assert session("Analysts", one).owner_id == session("Analysts", other).owner_id
    assert session("Analysts", one).owner_id.startswith("analysts-")


@given(NAMES, NAMES)
def test_users_of_identity_center_are_different_owners(one: str, other: str) -> None:
    owners = {session(SSO, each).owner_id for each in (one, other)}
    assert len(owners) == len({one, other})


def test_owner_ids_of_identity_center_users_are_readable() -> None:
    assert session(SSO, "ann@example.com").owner_id.startswith("ann-example-com-")


def test_the_operator_may_trust_the_session_names_of_a_role() -> None:
    trusting = Ownership(session_name_roles=(f"{ARN}:role/JupyterHub",))
    assert session("JupyterHub", "ann", trusting).owner_id != session("JupyterHub", "bob", trusting).owner_id
    assert session("Other", "ann", trusting).owner_id == session("Other", "bob", trusting).owner_id


IDENTITIES = st.one_of(
    st.tuples(NAMES, IDS).map(lambda each: (f"{ARN}:user/{each[0]}", f"AIDA{each[1]}")),
    st.tuples(NAMES, IDS, NAMES).map(
        lambda each: (f"{STS}:assumed-role/{each[0]}/{each[2]}", f"AROA{each[1]}:{each[2]}")
    ),
    st.tuples(IDS, NAMES).map(
        lambda each: (f"{STS}:assumed-role/AWSReservedSSO_P_{each[0]}/{each[1]}", f"AROA{each[0]}:{each[1]}")
    ),
)


def principal_by_hand(arn: str, unique_id: str) -> str:
    """Return the identity according to the design: the id for a plain role, everything for anybody else."""
    plain_role = ":assumed-role/" in arn and "/AWSReservedSSO_" not in arn
    return unique_id.partition(":")[0] if plain_role else unique_id


@given(IDENTITIES, IDENTITIES)
def test_two_principals_never_share_an_owner_id(one: tuple[str, str], other: tuple[str, str]) -> None:
    assume(principal_by_hand(*one) != principal_by_hand(*other))
    owners = {caller(arn, unique_id=unique_id).owner_id for arn, unique_id in (one, other)}
    assert len(owners) == 2


@pytest.mark.parametrize(
    ("admin", "is_admin"),
    [
        (f"{ARN}:role/Operators", True),
        (unique_id_of(f"{STS}:assumed-role/Operators/ann").partition(":")[0], True),
        (f"{ARN}:role/Operator", False),
        ("arn:aws:iam::999999999999:role/Operators", False),
        (f"{ARN}:user/ann", False),
    ],
)
def test_the_sessions_of_a_role_are_named_by_the_role(admin: str, *, is_admin: bool) -> None:
    assert session("Operators", "ann", Ownership(admins=(admin,))).is_admin is is_admin


@pytest.mark.parametrize("role", ["Operators", SSO])
def test_the_arn_of_a_session_counts_only_if_its_name_cannot_be_chosen(role: str) -> None:
    chosen = Ownership(admins=(f"{STS}:assumed-role/{role}/ann",))
    assert session(role, "ann", chosen).is_admin is (role == SSO)
    assert not session(role, "bob", chosen).is_admin


def test_a_session_of_a_listed_role_may_be_an_admin() -> None:
    chosen = Ownership(admins=(f"{STS}:assumed-role/hub/ann",), session_name_roles=(f"{ARN}:role/hub",))
    assert session("hub", "ann", chosen).is_admin
    assert not session("hub", "bob", chosen).is_admin


@pytest.mark.parametrize("name", [f"{ARN}:user/ann", unique_id_of(f"{ARN}:user/ann")])
def test_a_user_may_be_an_admin(name: str) -> None:
    chosen = Ownership(admins=(name,))
    assert caller(f"{ARN}:user/ann", ownership=chosen).is_admin
    assert not caller(f"{ARN}:user/ann2", ownership=chosen).is_admin


def test_an_environment_is_open_to_all_or_to_those_it_names() -> None:
    everybody = Environment(compute_types=("small",))
    named = Environment(compute_types=("small",), users=(f"{ARN}:role/Analysts",))
    assert may_use(everybody, ())
    assert may_use(named, session("Analysts", "ann").principal.names)
    assert not may_use(named, session("Others", "ann").principal.names)
    assert not may_use(named, ())
