"""Holds a row's message against the world: its subject, its wire exchange, and the physics of the plant."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from itertools import chain
from typing import Protocol

from bench.bus import Delivery, Priority
from bench.evidence import Evidence
from bench.measurement import Measurement, PowerReading
from bench.messages.equipment import (
    AffectedArea,
    AssetCommand,
    EquipmentState,
    EquipmentStatus,
    Kind,
    OperationalCommand,
    Payload,
    SelectedAssets,
    SystemCondition,
    SystemStatus,
    VarSwitchingOrder,
    VoltageOutOfRangeEvent,
)
from bench.messages.names import Information, Party
from bench.messages.occurrences import further_of
from bench.messages.resources import DispatchRequest
from bench.truth.range_a import RANGE_A_LOWER_V, RANGE_A_UPPER_V, ServiceVoltages
from bench.use_case.call_judge import CallField, CallJudge
from bench.use_case.dispatch_judge import DispatchJudge, sequence_of
from bench.use_case.model import Row
from bench.use_case.plan_judge import PlanField, PlanJudge
from bench.use_case.record_judge import RecordJudge

SUBJECTS: Mapping[str, Kind] = {
    **dict.fromkeys(("1.3", "1.4"), "battery"),
    **dict.fromkeys(("1.5", "1.6", "1.7", "1.8", "1.9", "3.6"), "capacitor"),
    **dict.fromkeys(("1.10", "1.11", "1.12", "1.13", "3.7"), "tap_changer"),
}
"""Which kind of equipment a branch of the step table is about."""

SWITCHED: frozenset[Kind] = frozenset({"capacitor", "tap_changer"})
"""Equipment with a position, which can be held against the plant at any time; power is judged when it is commanded."""

INVERTERS = frozenset({Party.UTILITY_INVERTER, Party.CUSTOMER_INVERTER})
"""What the wire of a piece of equipment reaches first; what is behind it need not have a wire of its own."""

COMMANDS = (OperationalCommand, VarSwitchingOrder, DispatchRequest)
"""What has to be written to equipment; to have read it commands nothing."""

PICTURE_AGE_S = 600.0
"""How old the DMS's picture of equipment may be that nobody has commanded, s."""
PREDICTION_TOLERANCE_V = 0.6
"""How far the application's linear prediction may lie from a full power flow, V on the 120 V base."""


class Field(Protocol):
    """The plant and the instruments, as the judge may ask them."""

    def effect(self, command: AssetCommand, since_s: float) -> Measurement | None:
        """Measure what a command asked for, by another source than the device; None before there is anything."""
        ...

    def holds(self, state: EquipmentState, age_s: float = ...) -> str | None:
        """Say in what a device's report contradicts the plant and the instruments; None when it stands."""
        ...

    def power(self, device: str) -> PowerReading | None:
        """Return the latest power of a device by another source than the device."""
        ...

    def voltages_after(self, commands: tuple[AssetCommand, ...]) -> tuple[float, float]:
        """Solve the plant's present state with the commands carried out; lowest and highest service voltage, V."""
        ...

    @property
    def banks(self) -> frozenset[str]:
        """The controls of all capacitor banks on the feeder."""
        ...

    def reach_v(self, highest_v: float) -> float:
        """Return how high all of the utility's own equipment can raise the lowest service voltage, V.

        No service may come above `highest_v` by it.
        """
        ...


@dataclass(frozen=True)
class Der:
    """What the judge knows of dispatched DER.

    `meters`: the credit meter of each; `read_after_s`: how long after the start of requests those are read, s;
    `since_s`: from when on the limit of a row counts that no other row begins, None before its time.
    """

    field: PlanField
    meters: Mapping[str, str]
    read_after_s: float
    since_s: Callable[[Row], float | None]


@dataclass(frozen=True)
class Wiring:
    """Which endpoint a party of the use case is, for an instance of a row; None where it has no wire of its own."""

    endpoint: Callable[[Party, str], str | None]


class PlantJudge:
    """The judge of a run: knows the plant's true voltages, the instruments' measurements and the wire log."""

    def __init__(
        self,
        voltages: ServiceVoltages,
        field: Field,
        calls: CallField,
        wiring: Wiring,
        evidence: Evidence,
        der: Der,
    ) -> None:
        self._voltages = voltages
        self._field = field
        self._wiring = wiring
        self._evidence = evidence
        self._alerts: dict[str, VoltageOutOfRangeEvent] = {}
        self._alerted_at = ""
        self._call_field = calls
        self._calls: dict[str, CallJudge] = {}
        self._der = der
        self._dispatch, self._plans = (
            DispatchJudge(field, der.meters, der.read_after_s),
            PlanJudge(der.field, der.meters),
        )
        self._records = RecordJudge(self._alerts)
        self._told_dms: dict[str, float] = {}
        self._selected: SelectedAssets | None = None
        self._status: dict[str, EquipmentState] = {}
        self._shown: SystemCondition | None = None

    def witness(self, delivery: Delivery) -> None:
        """Take what no row of the scenario is about, but what later rows rest on."""
        self._dispatch.witness(delivery)
        self._plans.witness(delivery)
        self._call_of(delivery.message.correlation).witness(delivery)
        chosen = delivery.message
        if isinstance(chosen.payload, SelectedAssets) and chosen.producer is chosen.receiver:
            self._selected = chosen.payload

    def selects(self, row: Row, payload: Payload) -> bool:
        """Whether a payload speaks of the kind of equipment that the row's branch is about."""
        subject = subject_of(row)
        kind = _kind_of(payload)
        if subject is not None and kind is not None and subject != kind:
            return False
        return self._dispatch.selects(row, payload) and self._call_of("").selects(row, payload)

    def _call_of(self, correlation: str) -> CallJudge:
        """Return who follows a call: each further one is followed by itself."""
        name = further_of(correlation)
        if name not in self._calls:
            first = self._call_of("") if name else None
            self._calls[name] = CallJudge(self._call_field, self._evidence, self._alerts, first)
        return self._calls[name]

    def instance(self, row: Row, payload: Payload) -> str:
        """Name the meter, device, request or customer of a payload."""
        asked = self._dispatch.instance(payload)
        if asked is not None and row.per in {"device", "meter"}:
            return asked
        if row.per == "meter" and isinstance(payload, VoltageOutOfRangeEvent):
            return payload.meter
        if row.per == "device" and isinstance(payload, OperationalCommand):
            return payload.command.device
        if row.per == "device" and isinstance(payload, EquipmentStatus):
            return payload.equipment.device
        if row.per == "device" and isinstance(payload, VarSwitchingOrder):
            return payload.device
        return self._call_of("").instance(row, payload) if row.per in {"meter", "customer"} else ""

    def required(self, row: Row, time_s: float, occurrence: str = "") -> Mapping[str, float | None]:
        """Return the meters that are out of range, devices and customers that were selected, or the one instance."""
        if sequence_of(row) is not None:
            self._dispatch.needed_from_s = self._plans.needed_from_s
            return self._dispatch.required(row, time_s)
        if row.limit_from != "rows":
            return self._begun(row, time_s)
        if row.information == Information.VOLTAGE_EVENT:
            return dict.fromkeys(self._alerts) if row.per == "meter" else {"": None}
        if row.per in {"meter", "customer"}:
            return self._call_of(occurrence).required(row)
        return dict.fromkeys(self._devices(row)) if row.per == "device" else {"": None}

    def _devices(self, row: Row) -> list[str]:
        """A block goes to every bank, a command to the devices that were selected."""
        if row.information == Information.BLOCK_VAR_SWITCHING:
            return sorted(self._field.banks)
        commands = self._selected.commands if self._selected else ()
        return [command.device for command in commands if command.kind == subject_of(row)]

    def _begun(self, row: Row, time_s: float) -> dict[str, float | None]:
        """Return what a stimulus or a time of day calls for, with the time from which the limit runs."""
        if row.per == "meter":
            return dict(self._voltages.must_have_flagged(time_s))
        since_s = self._der.since_s(row)
        return {} if since_s is None else {"": since_s}

    def pending(self, row: Row, time_s: float) -> set[str]:
        """Return meters that have been out of range for an interval already."""
        if sequence_of(row) is not None:
            self._dispatch.needed_from_s = self._plans.needed_from_s
            return self._dispatch.pending(row)
        return self._voltages.may_soon_flag(time_s) if row.limit_from == "stimulus" and row.per == "meter" else set()

    def objection(self, row: Row, delivery: Delivery) -> str | None:
        """Check the wire first, then the content."""
        if missing := self._no_wire(row, delivery):
            return missing
        return self._untrue(row, delivery) if sequence_of(row) is None else self._dispatch.untrue(delivery)

    def remark(self, row: Row, delivery: Delivery) -> str:
        """Say that a row inside one piece of equipment is derived, where what is inside has not shown it itself."""
        if row.wire != "inside":
            return ""
        name = self.instance(row, delivery.message.payload)
        message = delivery.message
        outer = {self._wiring.endpoint(p, name) for p in (message.producer, message.receiver) if p in INVERTERS}
        inner = {self._wiring.endpoint(p, name) for p in (message.producer, message.receiver) if p not in INVERTERS}
        cited = {self._evidence.endpoint_of(citation) for citation in message.evidence} - {None}
        if (inner - outer) & cited:
            return ""
        wire = ", ".join(sorted(end for end in outer if end)) or "its inverter"
        return f"derived: on the wire of {wire} alone, integrated as a precondition says, with its effect measured"

    def vacant(self, row: Row, occurrence: str = "") -> str | None:
        """Say why a row concerns none of the called customers' meters."""
        is_calls = row.per == "meter" and sequence_of(row) is None and row.information != Information.VOLTAGE_EVENT
        return self._call_of(occurrence).vacant(row) if is_calls else None

    def not_rightly_absent(self, row: Row) -> str | None:  # noqa: ARG002  all that stay away do so for one reason
        """Say why load had to be reduced; None where the DER sufficed."""
        return self._plans.not_rightly_absent()

    def effect(self, row: Row, instance: str, since_s: float, occurrence: str = "") -> Measurement | None:
        """Measure the effect of the command that a device was selected for, or of the call on a customer."""
        if row.per == "customer":
            return self._call_of(occurrence).effect(row, instance, self._voltages.time_s)
        if sequence_of(row) is not None:
            return self._dispatch.effect(row, instance, since_s)
        command = next((c for c in (self._selected.commands if self._selected else ()) if c.device == instance), None)
        measured = self._field.effect(command, since_s) if command else None
        return replace(measured, row=row.number) if measured else None

    def _no_wire(self, row: Row, delivery: Delivery) -> str | None:
        if row.wire == "none":
            return None
        name = self.instance(row, delivery.message.payload)
        parties = (delivery.message.producer, delivery.message.receiver)
        expected = {e for party in parties if (e := self._wiring.endpoint(party, name))}
        cited = [c for c in delivery.message.evidence if self._evidence.endpoint_of(c) in expected]
        commands = isinstance(delivery.message.payload, COMMANDS)
        if cited and (not commands or any(self._evidence.was_written(citation) for citation in cited)):
            return None
        if cited:
            return f"{delivery.citation} commands {name}, but cites nothing that was written to it"
        wanted = " or ".join(sorted(expected)) or "its device"
        return f"{delivery.citation} cites no wire exchange with {wanted}"

    def _untrue(self, row: Row, delivery: Delivery) -> str | None:  # noqa: PLR0911  one line a payload
        match delivery.message.payload:
            case VoltageOutOfRangeEvent() as alert:
                return self._alert(row, alert, delivery)
            case AffectedArea() as area:
                return self._area(area, delivery.sent_s)
            case SelectedAssets() as selected:
                return self._selection(row, selected)
            case OperationalCommand(command=command):
                return self._unselected(command)
            case EquipmentStatus(equipment=state):
                return self._report(row, state)
            case SystemStatus() as picture:
                return self._picture(picture)
            case SystemCondition() as condition:
                return self._condition(row, condition, delivery.sent_s)
        return (
            self._call_of(delivery.message.correlation).untrue(row, delivery)
            or self._records.untrue(delivery.message.payload)
            or self._plans.untrue(row, delivery)
        )

    def _unselected(self, command: AssetCommand) -> str | None:
        chosen = self._selected.commands if self._selected else ()
        return None if command in chosen else f"{command} is not what was selected"

    def _alert(self, row: Row, alert: VoltageOutOfRangeEvent, delivery: Delivery) -> str | None:
        if delivery.message.information is not Information.VOLTAGE_EVENT or row.limit_from != "stimulus":
            known = self._alerts.get(alert.meter)
            if delivery.message.receiver is Party.DMS:
                self._told_dms.setdefault(alert.meter, delivery.time_s)
            return None if known == alert else f"tells {alert}, but the meter sent {known}"
        if not self._voltages.is_meter(alert.meter):
            return f"names a meter {alert.meter!r} that the feeder does not have"
        self._note_alert(row, alert)
        if delivery.message.priority < Priority.ALERT:
            return f"{alert.meter} sent its alert as ordinary traffic, which waits its turn on the link"
        return self._healthy(alert, delivery) or self._misread(alert.meter, alert.voltage_v, delivery.sent_s)

    def _note_alert(self, row: Row, alert: VoltageOutOfRangeEvent) -> None:
        """Keep an alert; the first of a further occurrence lets go of those before it."""
        if row.number != self._alerted_at:
            self._alerts.clear()
            self._told_dms.clear()
            self._alerted_at = row.number
        self._alerts[alert.meter] = alert

    def _healthy(self, alert: VoltageOutOfRangeEvent, delivery: Delivery) -> str | None:
        if self._voltages.was_recently_out(alert.meter, alert.condition, delivery.sent_s):
            return None
        limit = f"below {RANGE_A_LOWER_V:.0f}" if alert.condition == "under" else f"above {RANGE_A_UPPER_V:.0f}"
        return (
            f"{alert.meter} reports {alert.condition}-voltage, but its service is at "
            f"{self._voltages.latest(alert.meter):.2f} V by the feeder model and was never {limit} V before"
        )

    def _misread(self, meter: str, voltage_v: float, time_s: float) -> str | None:
        if not self._voltages.is_meter(meter):
            return f"names a meter {meter!r} that the feeder does not have"
        if self._voltages.could_read(meter, voltage_v, time_s):
            return None
        true_v = self._voltages.latest(meter)
        return f"{voltage_v:.2f} V is told of {meter}, but its service is at {true_v:.2f} V by the feeder model"

    def _area(self, area: AffectedArea, time_s: float) -> str | None:
        unheard = set(area.affected_meters) - set(self._alerts)
        if unheard:
            return f"names meters that never alerted: {', '.join(sorted(unheard))}"
        left_out = {alert for alert, told_s in self._told_dms.items() if told_s < time_s} - set(area.affected_meters)
        if left_out:
            return f"leaves out meters that alerted: {', '.join(sorted(left_out))}"
        if not area.voltage_v:
            return "tells no voltages"
        misread = (self._misread(meter, v, time_s) for meter, v in area.voltage_v.items())
        misreported = map(self._shown_as, area.equipment)
        return next((m for m in chain(misread, misreported) if m), None)

    def _shown_as(self, state: EquipmentState) -> str | None:
        """Object to equipment that gives no values, and to positions that are not those of the plant."""
        if state.trouble:
            return f"nothing is known of {state.device}: {state.trouble}"
        return self._field.holds(state) if state.kind in SWITCHED else None

    def _condition(self, row: Row, condition: SystemCondition, time_s: float) -> str | None:
        """Hold what operators are shown against the plant: why the utility's own equipment cannot clear the event."""
        if row.kind == "driven":
            return None if condition == self._shown else "is not what the operators were shown"
        self._shown = condition
        misread = (self._misread(meter, v, time_s) for meter, v in condition.voltage_v.items())
        misreported = map(self._shown_as, condition.equipment)
        found = chain(misread, misreported, [self._call_of("").load_untrue(condition.system_load_kw)])
        return next((m for m in found if m), None) or self._sufficient(condition)

    def _sufficient(self, condition: SystemCondition) -> str | None:
        """Object where the equipment alone could bring every service back, as far as good meters can tell."""
        misled = self._mispredicted(condition.commands, condition.predicted_lowest_v, condition.predicted_highest_v)
        if misled:
            return misled
        guard_v = self._voltages.guard_v
        reach_v = self._field.reach_v(RANGE_A_UPPER_V - guard_v)
        if reach_v < RANGE_A_LOWER_V + guard_v:
            return None
        return f"the utility's own equipment could raise the lowest service to {reach_v:.2f} V: nobody has to shed load"

    def _selection(self, row: Row, selected: SelectedAssets) -> str | None:
        if row.kind != "computation":
            return None if selected == self._selected else "differs from the assets that were selected"
        self._selected = selected
        return self._mispredicted(selected.commands, selected.predicted_lowest_v, selected.predicted_highest_v)

    def _mispredicted(self, commands: tuple[AssetCommand, ...], lowest_v: float, highest_v: float) -> str | None:
        lowest, highest = self._field.voltages_after(commands)
        for what, told, found in (("lowest", lowest_v, lowest), ("highest", highest_v, highest)):
            if abs(told - found) > PREDICTION_TOLERANCE_V:
                return f"predicts {told:.2f} V as {what} service voltage; an independent power flow gives {found:.2f} V"
        return None

    def _report(self, row: Row, state: EquipmentState) -> str | None:
        if row.kind == "computation":
            known = self._status.get(state.device)
            return None if known == state else f"enters {state}, but was told {known}"
        self._status[state.device] = state
        return self._field.holds(state)

    def _picture(self, picture: SystemStatus) -> str | None:
        shown = {state.device: state for state in picture.equipment}
        wrong = [d for d, state in self._status.items() if state.kind == picture.updated and shown.get(d) != state]
        if wrong:
            return f"does not show the reported state of {', '.join(wrong)}"
        updated = (state for state in shown.values() if state.kind == picture.updated and state.kind in SWITCHED)
        return next((misreported for state in updated if (misreported := self._shown_wrongly(state))), None)

    def _shown_wrongly(self, state: EquipmentState) -> str | None:
        """Hold what is shown against the plant; what was not commanded may have moved by itself since it was read."""
        commanded = state.device in self._status
        return self._field.holds(state) if commanded else self._field.holds(state, PICTURE_AGE_S)


def subject_of(row: Row) -> Kind | None:
    """Return the kind of equipment that a row's branch is about, None for rows about no equipment."""
    return SUBJECTS.get(".".join(row.number.split(".")[:2]))


def _kind_of(payload: Payload) -> Kind | None:
    if isinstance(payload, OperationalCommand):
        return payload.command.kind
    if isinstance(payload, EquipmentStatus):
        return payload.equipment.kind
    if isinstance(payload, VarSwitchingOrder):
        return "capacitor"
    return payload.updated if isinstance(payload, SystemStatus) else None
