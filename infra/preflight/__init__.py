"""Checks, by read-only calls, that the account can take the stack before anything is deployed."""

__all__: list[str] = []
