"""The schedule group of the definitions, and the role that sends their ticks."""

from aws_cdk import ArnFormat, RemovalPolicy, Stack
from aws_cdk.aws_iam import PolicyStatement, Role, ServicePrincipal
from aws_cdk.aws_scheduler import ScheduleGroup
from constructs import Construct

from infra.queues import Queues

__all__ = ["Schedules"]


class Schedules(Construct):
    """The schedule group, which is deleted with all its schedules when the stack is. The service writes the schedules.

    Parameters
    ----------
    queues
        The queues that receive ticks, and ticks that cannot be delivered.
    """

    def __init__(self, scope: Construct, construct_id: str, *, queues: Queues) -> None:
        super().__init__(scope, construct_id)
        self.group = ScheduleGroup(self, "Group", removal_policy=RemovalPolicy.DESTROY)
        self.role = self._make_role(queues)

    @property
    def schedule_arns(self) -> str:
        """ARN pattern of the group's schedules."""
        return Stack.of(self).format_arn(
            service="scheduler",
            resource="schedule",
            resource_name=f"{self.group.schedule_group_name}/*",
            arn_format=ArnFormat.SLASH_RESOURCE_NAME,
        )

    def _make_role(self, queues: Queues) -> Role:
        # Without conditions, anyone who may pass the role could use it in their own schedule.
        # A condition cannot be narrower than the group: EventBridge Scheduler does not send the ARN of the schedule.
        ours = {"aws:SourceAccount": Stack.of(self).account, "aws:SourceArn": self.group.schedule_group_arn}
        role = Role(
            self,
            "Role",
            assumed_by=ServicePrincipal("scheduler.amazonaws.com", conditions={"StringEquals": ours}),
            description="What EventBridge Scheduler does for a definition: send its ticks",
        )
        targets = [queues.tick.queue_arn, queues.dead_ticks.queue_arn]
        role.add_to_policy(PolicyStatement(actions=["sqs:SendMessage"], resources=targets))
        return role
