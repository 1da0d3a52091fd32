"""Holds the four sequences of dispatched DER, and the reads of their credit meters, against orders and instruments."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Protocol

from bench.bus import Delivery
from bench.measurement import Measurement, PowerReading
from bench.messages.customers import MeterData, MeterReadRequest
from bench.messages.equipment import AssetCommand, EquipmentState, EquipmentStatus, Kind, Payload
from bench.messages.names import Information
from bench.messages.resource_paths import PATHS
from bench.messages.resources import DispatchOrder, DispatchRequest, ResourceRequest
from bench.use_case.model import Row

BRANCHES = frozenset({"2.3", "2.4", "3.3", "3.4"})
"""Where the sequences of dispatched DER stand in the step tables."""
EARLY_S = 1.0
"""How much before its time a request may be sent, s."""
METER_SHARE, METER_KW = 0.01, 1.0
"""How far a told power may lie from what is measured where it flows: a share of it, and what changes meanwhile, kW."""


class DerField(Protocol):
    """What the judge asks of the places where DER deliver."""

    def effect(self, command: AssetCommand, since_s: float) -> Measurement | None:
        """Measure what a command asked for, by another source than the device; None before there is anything."""
        ...

    def holds(self, state: EquipmentState) -> str | None:
        """Say in what a device's report contradicts the instruments; None when it stands."""
        ...

    def power(self, device: str) -> PowerReading | None:
        """Return the latest power of a device by another source than the device."""
        ...


def sequence_of(row: Row) -> str | None:
    """Return the sequence of DER that a row belongs to, None for a row of none."""
    parts = row.number.split(".")
    return parts[2] if ".".join(parts[:2]) in BRANCHES and len(parts) > 2 else None  # noqa: PLR2004  branch, then letter


def device_of(request: str) -> str:
    """Return the device that a request is for."""
    return request.partition("@")[0]


class DispatchJudge:
    """Follows the requests that operators ordered; a device may have several in a day, each an instance of its own."""

    def __init__(self, field: DerField, meters: Mapping[str, str], read_after_s: float) -> None:
        """Take the credit meter of each DER, and how long after the start of requests those are read, s."""
        self._field, self._read_after_s = field, read_after_s
        self._device_of_meter = {meter: device for device, meter in meters.items()}
        self._meters = meters
        self.requests: dict[str, ResourceRequest] = {}
        self.needed_from_s = float("inf")

    def witness(self, delivery: Delivery) -> None:
        """Take operators' orders, which are in no row of their own."""
        order = delivery.message.payload
        if isinstance(order, DispatchOrder):
            self.requests |= {request.request: request for request in order.requests}

    def selects(self, row: Row, payload: Payload) -> bool:
        """Whether a payload is about a DER of the row's sequence; rows of no sequence want none of them."""
        device = self._subject(payload)
        wanted = sequence_of(row)
        if device is None:
            return wanted is None
        return wanted == self._sequences.get(device)

    def instance(self, payload: Payload) -> str | None:
        """Name the request or the meter that a payload is about; None where it is about neither."""
        match payload:
            case DispatchRequest(request=request):
                return request.request
            case EquipmentStatus(request=name) if name:
                return name
            case MeterReadRequest(meter=meter) if meter in self._device_of_meter:
                return meter
            case MeterData(registers=registers) if registers.meter in self._device_of_meter:
                return registers.meter
        return None

    def required(self, row: Row, time_s: float) -> Mapping[str, float | None]:
        """Return the requests whose time has come, or the credit meters of those that are needed."""
        asked = [request for request in self._of(row) if request.start_s <= time_s]
        scheduled = row.limit_from == "schedule"
        if row.per == "device":
            return {request.request: request.start_s if scheduled else None for request in asked}
        return {
            self._meters[r.device]: r.start_s + self._read_after_s if scheduled else None
            for r in asked
            if r.start_s >= self.needed_from_s and r.device in self._meters
        }

    def pending(self, row: Row) -> set[str]:
        """Return what a row has to have seen once the need begins."""
        asked = [request for request in self._of(row) if request.start_s <= self.needed_from_s]
        if row.per == "device":
            return {request.request for request in asked}
        return {self._meters[request.device] for request in asked if request.start_s == self.needed_from_s}

    def effect(self, row: Row, request: str, since_s: float) -> Measurement | None:
        """Measure the power of a DER against its request."""
        asked = self.requests.get(request)
        if asked is None:
            return None
        kind: Kind = "generator" if self._is_generator(asked) else "battery"
        command = AssetCommand(device=asked.device, kind=kind, power_kw=asked.power_kw, duration_s=asked.duration_s)
        measured = self._field.effect(command, since_s)
        return replace(measured, row=row.number) if measured else None

    def untrue(self, delivery: Delivery) -> str | None:
        """Say what in a message is not true; None when it stands."""
        match delivery.message.payload:
            case DispatchRequest(request=request):
                return self._unordered(request, delivery.sent_s)
            case EquipmentStatus(equipment=state):
                return self._field.holds(state)
            case MeterData(registers=registers):
                return self._misread(registers.meter, -registers.p_w / 1000.0)
        return None

    @property
    def _sequences(self) -> dict[str, str]:
        return {r.device: PATHS[r.resource].sequence for r in self.requests.values()}

    def _of(self, row: Row) -> list[ResourceRequest]:
        wanted = sequence_of(row)
        return [r for r in self.requests.values() if PATHS[r.resource].sequence == wanted]

    def _subject(self, payload: Payload) -> str | None:
        name = self.instance(payload)
        return None if name is None else self._device_of_meter.get(name, device_of(name))

    def _is_generator(self, request: ResourceRequest) -> bool:
        return PATHS[request.resource].request in {
            Information.UTILITY_GENERATION_REQUEST,
            Information.CUSTOMER_GENERATION_REQUEST,
        }

    def _unordered(self, request: ResourceRequest, sent_s: float) -> str | None:
        if self.requests.get(request.request) != request:
            return f"{request} is not what was ordered"
        if sent_s < request.start_s - EARLY_S:
            return f"was sent at {sent_s:.1f} s, before its time at {request.start_s:.1f} s"
        return None

    def _misread(self, meter: str, told_kw: float) -> str | None:
        device = self._device_of_meter[meter]
        reading = self._field.power(device)
        if reading is None:
            return f"nothing but {meter} measures the power of {device}"
        tolerance_kw = METER_SHARE * abs(reading.power_kw) + METER_KW + reading.uncertainty_kw
        if abs(told_kw - reading.power_kw) <= tolerance_kw:
            return None
        return f"{meter} tells {told_kw:.1f} kW, but {reading.source} measures {reading.power_kw:.1f} kW at {device}"
