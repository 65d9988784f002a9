"""The network of the runners: the stack's own small VPC, or an operator's."""

from collections.abc import Sequence
from typing import Literal

from aws_cdk.aws_ec2 import (
    GatewayVpcEndpointAwsService,
    GatewayVpcEndpointOptions,
    IVpc,
    Peer,
    Port,
    SecurityGroup,
    SubnetConfiguration,
    SubnetType,
    Vpc,
)
from constructs import Construct

from infra.nag_acknowledgments import acknowledge
from infra.settings import NetworkSection

__all__ = ["Network"]

_ZONES = 2
"""Number of zones of the stack's own VPC by default: two find capacity more often than one, and every region has two."""


class Network(Construct):
    """Subnets and security groups for runners.

    The stack's own VPC costs nothing while nothing runs: it has public subnets, public addresses during a run, and no NAT gateway (which
    is billed by the hour). The runners' security group allows no inbound traffic. Traffic to S3 uses the gateway endpoint, which is
    free. An operator's VPC is imported without look-ups, so that synth needs no credentials.

    Parameters
    ----------
    settings
        The section `[network]`.
    """

    def __init__(self, scope: Construct, construct_id: str, *, settings: NetworkSection) -> None:
        super().__init__(scope, construct_id)
        self.vpc: IVpc = (
            self._make_vpc(settings.availability_zones)
            if settings.vpc_id is None
            else self._import_vpc(settings.vpc_id)
        )
        self.subnet_ids = list(settings.subnet_ids) or [subnet.subnet_id for subnet in self.vpc.public_subnets]
        self.security_group_ids = list(settings.security_group_ids) or [self._make_security_group(settings.egress)]
        self.assign_public_ip = settings.assign_public_ip

    def _make_vpc(self, zones: Sequence[str]) -> Vpc:
        vpc = Vpc(
            self,
            "Vpc",
            max_azs=None if zones else _ZONES,
            availability_zones=list(zones) or None,
            nat_gateways=0,
            # CDK would restrict the default group by a custom resource; nothing uses that group.
            restrict_default_security_group=False,
            subnet_configuration=[SubnetConfiguration(name="Runners", subnet_type=SubnetType.PUBLIC, cidr_mask=20)],
            gateway_endpoints={"Files": GatewayVpcEndpointOptions(service=GatewayVpcEndpointAwsService.S3)},
        )
        acknowledge(
            vpc,
            "VPC7",
            "Nothing listens in this VPC and no inbound traffic is allowed. Flow logs would record what notebooks download from"
            " the internet, and are billed by the gigabyte. Operators who need them can use their own VPC.",
        )
        return vpc

    def _import_vpc(self, vpc_id: str) -> IVpc:
        # CDK requires a zone; no subnet is imported, so its value does not matter.
        return Vpc.from_vpc_attributes(self, "OperatorsVpc", vpc_id=vpc_id, availability_zones=["any"])

    def _make_security_group(self, egress: Literal["all", "https"]) -> str:
        """Create a security group without inbound rules.

        A runner needs at least HTTPS: the API, S3, the image registry, and CloudWatch Logs use port 443. Name resolution always works: no
        security group filters the VPC's resolver and the task's metadata address (Amazon VPC User Guide, Control traffic to your
        resources using security groups).
        """
        out = {"all": "everything out", "https": "HTTPS out"}[egress]
        group = SecurityGroup(
            self,
            "RunnersGroup",
            vpc=self.vpc,
            description=f"Runners: nothing in, {out}",
            allow_all_outbound=egress == "all",
        )
        if egress == "https":
            for peer in (Peer.any_ipv4(), Peer.any_ipv6()):
                group.add_egress_rule(peer, Port.HTTPS, "API, files, image, log, and whatever else has HTTPS")
        return group.security_group_id
