"""The local cloud: the whole stack on one machine, deployed to an emulated AWS with the same CDK app as to a real account."""

__all__: list[str] = []
