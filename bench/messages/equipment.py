"""Typed payloads of voltage events and of the utility's equipment."""

from typing import Literal

from pydantic import BaseModel, ConfigDict

Kind = Literal["battery", "capacitor", "tap_changer", "generation", "generator"]
"""`generation` follows the sun, a `generator` what it is asked for."""


class Payload(BaseModel):
    """What a message carries: closed, frozen, finite numbers only."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class VoltageOutOfRangeEvent(Payload):
    """A meter's own finding that its service left ANSI C84.1 Range A (120 V base)."""

    meter: str
    condition: Literal["under", "over"]
    voltage_v: float


class BeginAutomation(Payload):
    """An operator starts the DER automation application for an event."""

    event: str


class AreaRequest(Payload):
    """The application asks what equipment and area an event touches."""

    event: str


class VoltageReadRequest(Payload):
    """The DMS asks the AMI for present voltages of all meters of the feeder."""

    event: str


class VoltageReadings(Payload):
    """Service voltages by meter, 120 V base; meters that did not answer are listed, not guessed."""

    voltage_v: dict[str, float]
    silent: tuple[str, ...] = ()


class EquipmentState(Payload):
    """What a piece of equipment says of itself over its own wire. Power: positive into the feeder.

    `ready_in_s`: how long a bank that is not available only has to discharge, s. `trouble`: why nothing can be said of
    it, of a device that is not available because it gives no values.
    """

    device: str
    kind: Kind
    available: bool
    power_kw: float = 0.0
    rating_kw: float = 0.0
    state_of_charge_pct: float | None = None
    energy_kwh: float | None = None
    closed: bool | None = None
    tap: int | None = None
    ready_in_s: float = 0.0
    trouble: str = ""


class AffectedArea(Payload):
    """Meters that alerted, every meter's voltage, and the equipment that can act on them."""

    event: str
    affected_meters: tuple[str, ...]
    voltage_v: dict[str, float]
    equipment: tuple[EquipmentState, ...]


class AssetCommand(Payload):
    """What is asked of one asset: battery power, capacitor position or tap position."""

    device: str
    kind: Kind
    power_kw: float = 0.0
    duration_s: float = 0.0
    close: bool | None = None
    tap: int | None = None


class SelectedAssets(Payload):
    """Assets chosen for an event, and the lowest and highest service voltage expected with them."""

    event: str
    commands: tuple[AssetCommand, ...]
    predicted_lowest_v: float
    predicted_highest_v: float


class OperationalCommand(Payload):
    """A command on its way to one device."""

    event: str
    command: AssetCommand


class DeviceTrouble(Payload):
    """What kept a device's adapter from carrying a command out or from reporting: in its own words."""

    event: str
    device: str
    trouble: str


class EquipmentStatus(Payload):
    """A device's report after a command; `request` names the scheduled request that it answers."""

    event: str
    equipment: EquipmentState
    request: str = ""


class VarSwitchingOrder(Payload):
    """An order to one capacitor control: stop switching on reactive power, or resume it."""

    event: str
    device: str


class HoldRequest(Payload):
    """The application takes charge: from now on it alone decides on tap changers and banks."""

    event: str


class ReleaseRequest(Payload):
    """The application gives the assets of an event back."""

    event: str
    devices: tuple[str, ...]


class SystemStatus(Payload):
    """The DMS's picture of the equipment after an update by the equipment of one kind."""

    event: str
    updated: Kind
    equipment: tuple[EquipmentState, ...]


class AlertAcknowledgement(Payload):
    """An operator has taken note of an event's alerts at the DMS."""

    event: str


class VoltageRestored(Payload):
    """A meter's own finding that its service has been back in Range A for long enough."""

    meter: str


class EventClosed(Payload):
    """Every meter that alerted in an event is back in Range A."""

    event: str


class SystemCondition(Payload):
    """The feeder as the operators have to see it before they decide.

    `system_load_kw` at the feeder's head, None where nothing measures it; `voltage_v` (120 V base) of all meters that
    answered and `affected_meters` those of them that alerted. `commands` are what the utility's own equipment is going
    to do about the event yet; `predicted_lowest_v` and `predicted_highest_v` are the service voltages that it leads to.
    """

    event: str
    system_load_kw: float | None
    affected_meters: tuple[str, ...]
    voltage_v: dict[str, float]
    equipment: tuple[EquipmentState, ...]
    commands: tuple[AssetCommand, ...]
    predicted_lowest_v: float
    predicted_highest_v: float


class AlertRecord(Payload):
    """An alert as it was kept: 120 V base, seconds of the scenario."""

    meter: str
    condition: Literal["under", "over"]
    voltage_v: float
    time_s: float


class AlertHistory(Payload):
    """An event's alerts, and what was done about it: commands to equipment, load affected by demand response."""

    event: str
    alerts: tuple[AlertRecord, ...]
    commands: tuple[AssetCommand, ...]
    load_affected_kw: float


class RelevantAlertHistory(Payload):
    """What is worth keeping of an event: one alert a meter, the worst of it, and what was done."""

    event: str
    alerts: tuple[AlertRecord, ...]
    first_s: float
    last_s: float
    worst: AlertRecord
    commands: tuple[AssetCommand, ...]
    load_affected_kw: float
