"""People of the use case. The test plays them: it decides when, they act through the same messages as systems."""

from bench.actors.base import Actor, Handler
from bench.actors.resource_operators import ResourceDesk
from bench.bus import Bus, Delivery
from bench.messages.customers import DemandResponseEvent
from bench.messages.equipment import AlertAcknowledgement, BeginAutomation, SystemCondition, VoltageOutOfRangeEvent
from bench.messages.names import Information, Party
from instruments.errors import WaitTimeout


class DistributionOperations(Actor):
    """Operators at the DMS station; they see the alerts and the condition of the system that the DMS shows them."""

    party = Party.DISTRIBUTION_OPERATIONS

    def __init__(self, bus: Bus, reduction_kw: float, duration_s: float) -> None:
        """Take how much demand response they order when they have to, kW, and for how long, s."""
        super().__init__(bus)
        self._reduction_kw, self._duration_s = reduction_kw, duration_s
        self._seen: Delivery | None = None
        self._condition: Delivery | None = None
        self.desk = ResourceDesk(self, duration_s)
        bus.listeners.append(self._look_at_dms)

    def handlers(self) -> dict[Information, Handler]:
        """Understand nothing by themselves: a person acts when the test says so."""
        return {}

    def acknowledge_alert(self) -> None:
        """Acknowledge the event on the DMS's screen."""
        alert = self._alert()
        event, cited = alert.message.correlation, (alert.citation,)
        self.send(self.party, Information.VOLTAGE_EVENT, alert.message.payload, event, cited)
        acknowledgement = AlertAcknowledgement(event=event)
        self.send(Party.DMS, Information.ALERT_ACKNOWLEDGEMENT, acknowledgement, event, cited)

    def begin_automation(self) -> None:
        """Start the DER automation application for the acknowledged event."""
        alert = self._alert()
        payload = BeginAutomation(event=alert.message.correlation)
        correlation = alert.message.correlation
        self.send(Party.DER_AUTOMATION, Information.BEGIN_AUTOMATION, payload, correlation, (alert.citation,))

    def review_condition(self) -> None:
        """Look at the condition of the system and find that customers have to shed load."""
        shown, _ = self._shown_condition()
        message = shown.message
        self.send(self.party, message.information, message.payload, message.correlation, (shown.citation,))

    def order_demand_response(self) -> None:
        """Order demand response for the present load and the affected area.

        Raises WaitTimeout where no condition has been shown, or one without the feeder's load.
        """
        shown, condition = self._shown_condition()
        if condition.system_load_kw is None:
            raise WaitTimeout("the feeder has no meter at its head: the present load is not known")
        order = DemandResponseEvent(
            event=condition.event,
            system_load_kw=condition.system_load_kw,
            affected_meters=condition.affected_meters,
            voltage_v=condition.voltage_v,
            reduction_kw=self._reduction_kw,
            duration_s=self._duration_s,
        )
        correlation, cited = shown.message.correlation, (shown.citation,)
        self.send(Party.RESOURCE_CONTROL, Information.DEMAND_RESPONSE_EVENT, order, correlation, cited)

    def _look_at_dms(self, delivery: Delivery) -> None:
        message = delivery.message
        if message.receiver is Party.DMS and isinstance(message.payload, VoltageOutOfRangeEvent):
            self._seen = delivery
        elif message.receiver is self.party and message.producer is Party.DMS:
            self._condition = delivery

    def _shown_condition(self) -> tuple[Delivery, SystemCondition]:
        payload = self._condition.message.payload if self._condition else None
        if self._condition is None or not isinstance(payload, SystemCondition):
            raise WaitTimeout("the Distribution Management System shows no system condition: nothing to decide on")
        return self._condition, payload

    def _alert(self) -> Delivery:
        if self._seen is None:
            raise WaitTimeout("no voltage alert has reached the Distribution Management System: nothing to acknowledge")
        return self._seen
