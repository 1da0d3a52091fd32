"""People of the use case. The test plays them: it decides when, they act through the same messages as systems."""

from collections.abc import Mapping
from typing import Protocol

from bench.actors.base import Actor, Handler
from bench.bus import Bus, Delivery
from bench.customer_messages import DemandResponseEvent
from bench.messages import AlertAcknowledgement, BeginAutomation, SystemCondition, VoltageOutOfRangeEvent
from bench.names import Information, Party
from instruments.errors import InstrumentError, WaitTimeout
from instruments.roles import CapacitorBankControl, LoadTapChangerControl


class DistributionOperations(Actor):
    """Operators at the DMS station; they see the alerts and the condition of the system that the DMS shows them."""

    party = Party.DISTRIBUTION_OPERATIONS

    def __init__(self, bus: Bus, reduction_kw: float, duration_s: float) -> None:
        """Take how much demand response they order when they have to, kW, and for how long, s."""
        super().__init__(bus)
        self._reduction_kw, self._duration_s = reduction_kw, duration_s
        self._seen: Delivery | None = None
        self._condition: Delivery | None = None
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


class Settings(Protocol):
    """Settings of a control by name."""

    def write(self, name: str, value: float | str | bool) -> None:
        """Write one and read it back."""
        ...


class AdjustableCapacitorControl(CapacitorBankControl, Protocol):
    """A capacitor control whose settings can be changed over its wire."""

    points: Settings


class AdjustableTapChangerControl(LoadTapChangerControl, Protocol):
    """A tap-changer control whose settings can be changed over its wire."""

    points: Settings


class ScadaConsole:
    """An operator at the SCADA console, who orders controls over their own wires and needs no application.

    Every method raises TransportError when a link fails and InstrumentError when a control refuses.
    """

    def __init__(
        self,
        capacitors: Mapping[str, AdjustableCapacitorControl],
        tap_changers: Mapping[str, AdjustableTapChangerControl],
    ) -> None:
        self._capacitors, self._tap_changers = capacitors, tap_changers

    def order_banks(self, close: bool) -> dict[str, str]:
        """Close or open every bank; return what each control said against it, empty where it took the order."""
        said = dict.fromkeys(self._capacitors, "")
        for name, control in self._capacitors.items():
            try:
                (control.close_bank if close else control.open_bank)()
            except InstrumentError as refusal:
                said[name] = str(refusal)
        return said

    def block_banks(self, blocked: bool) -> None:
        """Block or free the VAR logic of every capacitor control."""
        for control in self._capacitors.values():
            control.set_blocked(blocked)

    def block_tap_changers(self, blocked: bool) -> None:
        """Block or free every tap-changer control."""
        for control in self._tap_changers.values():
            control.set_blocked(blocked)

    def move_var_threshold(self, device: str, open_below_kvar: float) -> None:
        """Set the reactive power below which a capacitor control opens its bank."""
        self._capacitors[device].points.write("open_below_reactive_power", open_below_kvar)

    def move_band(self, device: str, centre_v: float) -> None:
        """Set the band centre of a tap-changer control, V on the PT secondary."""
        self._tap_changers[device].points.write("band_centre", centre_v)
