"""Principals that an operator may name in the settings, and those that synth refuses with what to write instead."""

from pathlib import Path

import pytest

from infra.settings import SettingsError, StackSettings, read_settings

ACCOUNT = "123456789012"
IAM = f"arn:aws:iam::{ACCOUNT}"
STS = f"arn:aws:sts::{ACCOUNT}"
SSO = "AWSReservedSSO_DataScience_0123456789abcdef"
WRITE = (
    "write the ARN of an IAM user (arn:aws:iam::123456789012:user/anna) or of a role (arn:aws:iam::123456789012:role/analysts),"
    " or a unique id (AIDA…, AROA…)"
)
WRITE_ROLE = "write a role's ARN, as in arn:aws:iam::123456789012:role/analysts"
ACCOUNT_IS_NOBODY = "you cannot name a whole account or its root user: name its users or roles, each by its ARN"
NAME_THE_ROLE = f"everybody who assumes this role can choose this session name: name the role, {IAM}:role/ops,"


def settings(tmp_path: Path, *, users: str = "", ownership: str = "") -> StackSettings:
    """Read settings with these lines in the environment and in the section of owners."""
    path = tmp_path / "scheduler.toml"
    path.write_text(
        f"""
[environments.python]
compute_types = ["small"]
{users}
[compute_types.small]
vcpu = 1
memory_gib = 4
[ownership]
{ownership}
"""
    )
    return read_settings(path)


REFUSED = {
    "everybody": ("*", f"patterns are not supported, name each principal separately; {WRITE}"),
    "nobody": ("", f"an empty string names nobody; {WRITE}"),
    "a blank": (" ", f"an empty string names nobody; {WRITE}"),
    "a space": (f"{IAM}:user/anna ", "it starts or ends with a space; remove the space"),
    "a name": ("anna", f"it is not an ARN, and the same name can exist in several accounts; {WRITE}"),
    "a service": ("ec2.amazonaws.com", f"it is not an ARN, and the same name can exist in several accounts; {WRITE}"),
    "a mail address": ("anna@example.com", "it is not an ARN"),
    "an account": (ACCOUNT, ACCOUNT_IS_NOBODY),
    "the root user": (f"{IAM}:root", ACCOUNT_IS_NOBODY),
    "a policy": (
        f"{IAM}:policy/team/analysts",
        "it is a policy, which signs no requests: name the users or roles that have it",
    ),
    "a managed policy": ("arn:aws:iam::aws:policy/ReadOnlyAccess", "it is a policy, which signs no requests"),
    "a federated user": (f"{STS}:federated-user/bob", "the caller of GetFederationToken chooses this name"),
    "a group": (
        f"{IAM}:group/analysts",
        "requests do not contain the groups of a user: name the group's users, or a role",
    ),
    "an instance profile": (f"{IAM}:instance-profile/hub", "it is an instance profile: name its role"),
    "an identity provider": (f"{IAM}:saml-provider/okta", "it is an identity provider: name the role"),
    "a bucket": ("arn:aws:s3:::bucket", "'' is not an account id of 12 digits"),
    "a function": (
        f"arn:aws:lambda:eu-central-1:{ACCOUNT}:function:f",
        f"it is not the ARN of a user or role; {WRITE}",
    ),
    "a role of another service": (f"arn:aws:s3::{ACCOUNT}:role/ops", f"it is not the ARN of a user or role; {WRITE}"),
    "a role with its path": (
        f"{IAM}:role/team/ops",
        f"requests do not contain the path of a role; write {IAM}:role/ops",
    ),
    "an Identity Center role with its path": (
        f"{IAM}:role/aws-reserved/sso.amazonaws.com/eu-central-1/{SSO}",
        f"requests do not contain the path of a role; write {IAM}:role/{SSO}",
    ),
    "a role without a name": (f"{IAM}:role/", f"it is not the ARN of a user or role; {WRITE}"),
    "a partition": (
        f"arn:amazon:iam::{ACCOUNT}:role/ops",
        "there is no partition 'amazon'; choose one of aws, aws-cn,",
    ),
    "a short account": ("arn:aws:iam::12345:role/ops", "'12345' is not an account id of 12 digits"),
    "no account": ("arn:aws:iam:::role/ops", "'' is not an account id of 12 digits"),
    "a region": (f"arn:aws:iam:eu-central-1:{ACCOUNT}:role/ops", f"it is not the ARN of a user or role; {WRITE}"),
    "a pattern of roles": (f"{IAM}:role/team-*", "patterns are not supported"),
    "a pattern of accounts": ("arn:aws:iam::*:role/ops", "patterns are not supported"),
    "a pattern of sessions": (f"{STS}:assumed-role/{SSO}/*", "patterns are not supported"),
    "a session": (f"{STS}:assumed-role/ops/anna", NAME_THE_ROLE),
    "a session without a name": (f"{STS}:assumed-role/ops", f"it is not the ARN of a user or role; {WRITE}"),
    "a session of IAM": (f"{IAM}:assumed-role/ops/anna", f"it is not the ARN of a user or role; {WRITE}"),
    "an access key": ("AKIAIOSFODNN7EXAMPLE", "it is the id of an access key: name the user who owns the key"),
    "a temporary key": ("ASIAIOSFODNN7EXAMPLE", "it is the id of a temporary access key: name the user or the role"),
    "a group's id": ("AGPAIOSFODNN7EXAMPLE", "requests do not contain the groups of a user"),
    "a policy's id": ("ANPAIOSFODNN7EXAMPLE", "it is a policy"),
    "a session's id": (
        "AROAIOSFODNN7EXAMPLE:anna",
        "a session has no id: write its ARN, or the role's id",
    ),
    "a short id": ("AIDA1234", f"it is not an ARN, and the same name can exist in several accounts; {WRITE}"),
}


@pytest.mark.parametrize(("principal", "message"), REFUSED.values(), ids=REFUSED)
@pytest.mark.parametrize("setting", ["environments.python.users", "ownership.admins"])
def test_synth_rejects_principals_that_cannot_send_requests(
    setting: str, principal: str, message: str, tmp_path: Path
) -> None:
    line = f'{setting.rpartition(".")[2]} = ["{IAM}:user/ok", "{principal}"]'
    with pytest.raises(SettingsError) as raised:
        settings(tmp_path, **{"users" if "users" in setting else "ownership": line})
    text = str(raised.value)
    assert text.count("\n") == 0
    assert text.startswith(f"scheduler.toml: {setting}")
    assert message in text
    assert repr(principal) in text or not principal.strip()


ROLES_REFUSED = {
    "everything": ("*", f"patterns are not supported, name each principal separately; {WRITE_ROLE}"),
    "nothing": ("", f"an empty string names nobody; {WRITE_ROLE}"),
    "a name": ("hub", f"it is not an ARN, and the same name can exist in several accounts; {WRITE_ROLE}"),
    "a pattern": (f"{IAM}:role/hub-*", "patterns are not supported"),
    "a path": (f"{IAM}:role/service/hub", f"requests do not contain the path of a role; write {IAM}:role/hub"),
    "a user": (f"{IAM}:user/anna", f"it is not the ARN of a role; {WRITE_ROLE}"),
    "a session": (f"{STS}:assumed-role/hub/anna", f"it is not the ARN of a role; {WRITE_ROLE}"),
    "an account": (ACCOUNT, ACCOUNT_IS_NOBODY),
    "a policy": (f"{IAM}:policy/hub", "it is a policy"),
    "an id": ("AROAIOSFODNN7EXAMPLE", "it is not an ARN"),
    "Identity Center": (f"{IAM}:role/{SSO}", "IAM Identity Center sets the session names of this role"),
}


@pytest.mark.parametrize(("role", "message"), ROLES_REFUSED.values(), ids=ROLES_REFUSED)
def test_session_name_roles_must_be_role_arns(role: str, message: str, tmp_path: Path) -> None:
    with pytest.raises(SettingsError) as raised:
        settings(tmp_path, ownership=f'session_name_roles = ["{role}"]')
    assert str(raised.value).startswith("scheduler.toml: ownership.session_name_roles.0: ")
    assert message in str(raised.value)


@pytest.mark.parametrize("setting", ["admins", "session_name_roles", "users"])
def test_a_principal_may_be_listed_only_once(setting: str, tmp_path: Path) -> None:
    line = f'{setting} = ["{IAM}:role/hub", "{IAM}:role/hub"]'
    with pytest.raises(SettingsError, match=f"{setting}: {IAM}:role/hub is listed twice"):
        settings(tmp_path, users=line) if setting == "users" else settings(tmp_path, ownership=line)


@pytest.mark.parametrize(
    "principal",
    [
        f"{IAM}:user/anna",
        f"{IAM}:user/team/a/anna@example.com",
        f"{IAM}:role/ops",
        f"{IAM}:role/{SSO}",
        f"{STS}:assumed-role/{SSO}/anna@example.com",
        f"{STS}:assumed-role/hub/anna",
        "arn:aws-us-gov:iam::999999999999:role/ops",
        "AIDAJ45Q7YFFAREXAMPLE",
        "AROAIDPPEZS35WEXAMPLE",
    ],
)
def test_users_roles_and_trusted_sessions_are_accepted(principal: str, tmp_path: Path) -> None:
    listed = f'session_name_roles = ["{IAM}:role/hub"]\nadmins = ["{principal}"]'
    chosen = settings(tmp_path, users=f'users = ["{principal}"]', ownership=listed)
    assert chosen.ownership.admins == chosen.environments["python"].users == (principal,)


@pytest.mark.parametrize("listed", ["arn:aws:iam::999999999999:role/ops", "arn:aws-cn:iam::123456789012:role/ops"])
def test_only_sessions_of_the_listed_role_are_trusted(listed: str, tmp_path: Path) -> None:
    lines = f'session_name_roles = ["{listed}"]\nadmins = ["{STS}:assumed-role/ops/anna"]'
    with pytest.raises(SettingsError, match="can choose this session name"):
        settings(tmp_path, ownership=lines)


@pytest.mark.parametrize(
    "role", ["*", "", "data", f"{IAM}:role/*", f"{IAM}:user/anna", f"{IAM}:policy/data", "arn:aws:iam::1:role/r"]
)
def test_a_task_role_must_be_the_arn_of_a_role(role: str, tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"^scheduler.toml: environments.python.task_role_arn: "):
        settings(tmp_path, users=f'task_role_arn = "{role}"\nusers = ["{IAM}:user/anna"]')


def test_a_task_role_may_have_a_path(tmp_path: Path) -> None:
    arn = f"{IAM}:role/team/data"
    chosen = settings(tmp_path, users=f'task_role_arn = "{arn}"\nusers = ["{IAM}:user/anna"]')
    assert chosen.environments["python"].task_role_arn == arn
