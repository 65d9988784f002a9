"""Groups of jobs: how they are named, and which tag their jobs have."""

import secrets

__all__ = ["group_tag", "new_group"]


def new_group() -> str:
    """Return a random name for a group."""
    return secrets.token_hex(4)


def group_tag(group: str) -> str:
    """Return the tag of a group's jobs."""
    return f"group:{group}"
