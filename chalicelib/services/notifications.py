"""Notifications: requests deliveries for events, delivers them, and requests those again that failed."""

import logging
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime

from chalicelib.config import SchedulerSettings
from chalicelib.domain.background_work import BackgroundWork
from chalicelib.domain.events.event import Event
from chalicelib.domain.notifications.delivery import (
    Delivery,
    DeliveryState,
    after_failure,
    after_success,
    make_delivery,
    requested_again,
)
from chalicelib.domain.notifications.message import Message
from chalicelib.domain.notifications.subscription import Subscription
from chalicelib.observability import count, count_background_failure
from chalicelib.services.background_work import OutOfTimeError
from chalicelib.services.clock import Clock
from chalicelib.services.undelivered import UndeliveredService
from chalicelib.storage.notification_channels import ChannelError, NotificationChannels
from chalicelib.storage.notification_table import NotificationTable

__all__ = ["NotificationRequestService", "NotificationService", "NotificationSweepService"]

_log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class NotificationRequestService:
    """Stores the deliveries of events."""

    notifications: NotificationTable
    clock: Clock

    def request(
        self, event: Event, subscriptions: Iterable[str], compose: Callable[[], Message], *, of_definition: bool
    ) -> None:
        """Request the deliveries of an event. Requesting them again changes nothing.

        Parameters
        ----------
        event
            The event.
        subscriptions
            Who is told, and when.
        compose
            Composes the message; called only if somebody is told.
        of_definition
            Whether the event is about a job of a definition.
        """
        if event.is_repeated:
            return
        wanted = [
            each
            for each in map(Subscription.parse, subscriptions)
            if each.wants(event.kind, of_definition=of_definition)
        ]
        message = compose() if wanted else None
        for subscription in dict.fromkeys(wanted):
            if message is not None:
                self.notifications.put_new(make_delivery(event, subscription, message, self.clock()))


@dataclass(frozen=True, kw_only=True)
class NotificationService:
    """Delivers what is requested."""

    settings: SchedulerSettings
    notifications: NotificationTable
    channels: NotificationChannels
    undelivered: UndeliveredService
    clock: Clock

    def deliver(self, delivery_id: str) -> None:
        """Deliver a message, unless that has been done, and store what became of it.

        If the function is killed between the two, the message is delivered again five minutes later.

        Raises
        ------
        AwsError
            If DynamoDB failed; the sweep requests the delivery again.
        """
        delivery = self.notifications.get(delivery_id)
        if delivery is None or delivery.state is not DeliveryState.REQUESTED:
            return
        after = self._try(delivery)
        if after.state is DeliveryState.FAILED:
            self.undelivered.note(after)
        self.notifications.change(delivery, after)
        count("NotificationsSent" if after.state is DeliveryState.SENT else "NotificationsFailed")

    def _try(self, delivery: Delivery) -> Delivery:
        channel = self.settings.channels.get(delivery.channel)
        if channel is None:
            error = f"the operator has removed the channel {delivery.channel!r}."
            return after_failure(delivery, error, self.clock(), is_permanent=True)
        try:
            self.channels.send(channel, delivery)
        except ChannelError as error:
            count_background_failure(BackgroundWork.NOTIFICATIONS)
            ids = {"owner_id": delivery.owner_id, "delivery_id": delivery.delivery_id, "channel": delivery.channel}
            _log.warning("notification not delivered: %s", error, extra=ids)
            return after_failure(delivery, str(error), self.clock(), is_permanent=error.is_permanent)
        except Exception:  # noqa: BLE001 - else it would be requested again for ever
            count_background_failure(BackgroundWork.NOTIFICATIONS)
            _log.exception("notification not delivered", extra={"delivery_id": delivery.delivery_id})
            return after_failure(delivery, "the service has a fault; see its log.", self.clock(), is_permanent=False)
        return after_success(delivery, self.clock())


@dataclass(frozen=True, kw_only=True)
class NotificationSweepService:
    """Requests deliveries again that are due."""

    notifications: NotificationTable
    clock: Clock

    def request_due(self, until: datetime) -> None:
        """Request each delivery that waits for another attempt, or whose function was killed; each change triggers the function.

        Raises
        ------
        OutOfTimeError
            If there was no time for all of them; the next sweep continues.
        """
        for delivery_id in self.notifications.due(self.clock()):
            if self.clock() >= until:
                raise OutOfTimeError
            delivery = self.notifications.get(delivery_id)
            if delivery is not None and not delivery.state.is_final:
                self.notifications.change(delivery, requested_again(delivery, self.clock()))
