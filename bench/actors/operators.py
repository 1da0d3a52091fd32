"""People of the use case. The test plays them: it decides when, they act through the same messages as systems."""

from bench.actors.base import Actor, Handler
from bench.bus import Bus, Delivery
from bench.messages import BeginAutomation, VoltageOutOfRangeEvent
from bench.names import Information, Party
from instruments.errors import WaitTimeout


class DistributionOperations(Actor):
    """Operators at the DMS station; they see the alerts that the DMS shows them."""

    party = Party.DISTRIBUTION_OPERATIONS

    def __init__(self, bus: Bus) -> None:
        super().__init__(bus)
        self._seen: Delivery | None = None
        bus.listeners.append(self._look_at_dms)

    def handlers(self) -> dict[Information, Handler]:
        """Understand nothing by themselves: a person acts when the test says so."""
        return {}

    def acknowledge_alert(self) -> None:
        """Acknowledge the event on the DMS's screen."""
        alert = self._alert()
        self.send(
            self.party, Information.VOLTAGE_EVENT, alert.message.payload, alert.message.correlation, (alert.citation,)
        )

    def begin_automation(self) -> None:
        """Start the DER automation application for the acknowledged event."""
        alert = self._alert()
        payload = BeginAutomation(event=alert.message.correlation)
        correlation = alert.message.correlation
        self.send(Party.DER_AUTOMATION, Information.BEGIN_AUTOMATION, payload, correlation, (alert.citation,))

    def _look_at_dms(self, delivery: Delivery) -> None:
        message = delivery.message
        if message.receiver is Party.DMS and isinstance(message.payload, VoltageOutOfRangeEvent):
            self._seen = delivery

    def _alert(self) -> Delivery:
        if self._seen is None:
            raise WaitTimeout("no voltage alert has reached the Distribution Management System: nothing to acknowledge")
        return self._seen
