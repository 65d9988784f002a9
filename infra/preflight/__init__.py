"""What a deployment needs of the account, checked by read-only calls before anything is made."""

__all__: list[str] = []
