"""The CDK app: one stack with everything that the service needs in an AWS account."""

__all__: list[str] = []
