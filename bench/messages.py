"""Typed payloads of the bus, one model for each information object."""

from typing import Literal

from pydantic import BaseModel, ConfigDict

from bench.names import Information

Kind = Literal["battery", "capacitor", "tap_changer", "generation"]


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

    `ready_in_s`: how long a bank that is not available only has to discharge, s.
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


class EquipmentStatus(Payload):
    """A device's report after a command."""

    event: str
    equipment: EquipmentState


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


PAYLOADS: dict[Information, type[Payload]] = {
    Information.VOLTAGE_EVENT: VoltageOutOfRangeEvent,
    Information.BEGIN_AUTOMATION: BeginAutomation,
    Information.AFFECTED_AREA: AffectedArea,
    Information.SELECTED_ASSETS: SelectedAssets,
    Information.OPERATIONAL_COMMAND: OperationalCommand,
    Information.EQUIPMENT_STATUS: EquipmentStatus,
    Information.SYSTEM_STATUS: SystemStatus,
    Information.BLOCK_VAR_SWITCHING: VarSwitchingOrder,
    Information.CAPACITOR_COMMAND: OperationalCommand,
    Information.TAP_CHANGER_COMMAND: OperationalCommand,
    Information.RELEASE_VAR_SWITCHING: VarSwitchingOrder,
    Information.HOLD_REQUEST: HoldRequest,
    Information.RELEASE_REQUEST: ReleaseRequest,
    Information.AREA_REQUEST: AreaRequest,
    Information.VOLTAGE_READ_REQUEST: VoltageReadRequest,
    Information.VOLTAGE_READINGS: VoltageReadings,
    Information.SCHEDULED_READ: VoltageReadings,
}
"""The one payload model of each information object; the bus refuses any other."""
