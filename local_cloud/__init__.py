"""The whole stack on one machine: an emulated AWS, deployed to with the same CDK app as a real account."""

__all__: list[str] = []
