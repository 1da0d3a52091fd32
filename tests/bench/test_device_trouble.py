"""Equipment that refuses, forgets or gives no values: its adapters say so, go no further, and invent nothing."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from by_hand import FakeJudge, Stage, command, row
from wiretap import Wiretap, citing

from bench.actors.field_control import CapacitorControls, TapChangerControls
from bench.actors.scada import Scada
from bench.actors.site import DerSite, PremiseInterface, SiteDevice, SiteInverter, look_at
from bench.bus import Message
from bench.dispatch.eligibility import ResourceClass
from bench.messages.equipment import AssetCommand, DeviceTrouble, EquipmentState, EquipmentStatus, OperationalCommand
from bench.messages.names import Information, Party
from instruments.errors import Doubtful, InstrumentError, TransportError
from instruments.readings import AcReading, LoadTapChangerStatus, Nameplate, PowerCommand, StorageReading
from reports.verdict import RowState

COMMAND, STATUS, TROUBLE = Information.OPERATIONAL_COMMAND, Information.EQUIPMENT_STATUS, Information.DEVICE_TROUBLE
ORDER = OperationalCommand(
    event="e1", command=AssetCommand(device="store", kind="battery", power_kw=500.0, duration_s=3600.0)
)


@dataclass
class HandDevice:
    """An inverter or a battery that has values and takes commands, until it raises `error`."""

    error: Exception | None = None
    told_w: list[float] = field(default_factory=list)

    def set_power_w(self, power_w: float, reversion_s: float) -> PowerCommand:
        self._fail()
        self.told_w.append(power_w)
        return PowerCommand(enabled=True, power_w=power_w, remaining_s=reversion_s)

    def read_ac(self) -> AcReading:
        self._fail()
        return AcReading(500e3, 0.0, 500e3, 60.0, (277.0,), 0.0, connected=True, running=True)

    def read_storage(self) -> StorageReading:
        self._fail()
        return StorageReading(soc_pct=50.0, energy_wh=1e6, capacity_wh=2e6, power_w=500e3)

    def read_nameplate(self) -> Nameplate:
        return Nameplate(1e6, 1e6, 4e5, 4e5, 0.0, 480.0, "B", "III")

    def _fail(self) -> None:
        if self.error is not None:
            raise self.error


def site(inverter: HandDevice, battery: HandDevice | None = None) -> DerSite:
    return DerSite("store", ResourceClass.UTILITY_STORAGE, inverter, battery, 1.0, 1000.0)  # type: ignore[arg-type]


@pytest.fixture
def tap() -> Wiretap:
    return Wiretap()


def cast(tap: Wiretap, inverter: HandDevice, battery: HandDevice) -> None:
    sites = {"store": site(inverter, battery)}
    device = SiteDevice(tap.bus, ResourceClass.UTILITY_STORAGE, sites, citing, 10.0)
    for actor in (
        PremiseInterface(tap.bus, sites, citing),
        SiteInverter(tap.bus, Party.UTILITY_INVERTER, sites, citing, device),
        device,
    ):
        tap.clock.start(actor.run())


def give(tap: Wiretap) -> None:
    """Let a command come to the premise, and everything follow from it."""
    tap.bus.send(Message(Party.AMI_NETWORK, Party.PREMISE_INTERFACE, COMMAND, ORDER, "e1"))
    tap.clock.run_until(tap.clock.now_s + 30.0)


NOT_KEPT = InstrumentError("store was told 500000 W and reads back nothing")


def test_good_equipment_has_no_trouble(tap: Wiretap) -> None:
    cast(tap, HandDevice(), HandDevice())
    give(tap)
    assert not tap.told(TROUBLE)
    assert len(tap.told(STATUS)) == 3, "battery to inverter, inverter to premise, premise to network"


@pytest.mark.parametrize(
    ("inverter", "battery", "from_", "to"),
    [
        (NOT_KEPT, None, Party.PREMISE_INTERFACE, Party.AMI_NETWORK),
        (None, NOT_KEPT, Party.UTILITY_INVERTER, Party.PREMISE_INTERFACE),
    ],
)
def test_a_command_that_is_not_kept_goes_no_further_and_that_is_told_back(
    inverter: Exception | None, battery: Exception | None, from_: Party, to: Party, tap: Wiretap
) -> None:
    cast(tap, HandDevice(inverter), HandDevice(battery))
    give(tap)
    (message,) = tap.told(TROUBLE)
    assert (message.producer, message.receiver) == (from_, to)
    assert message.payload == DeviceTrouble(event="e1", device="store", trouble=str(NOT_KEPT))
    assert "wire:7" in message.evidence, "the exchange that shows it"
    assert not tap.told(STATUS)


@pytest.mark.parametrize("broken", ["battery", "inverter"])
def test_a_device_without_values_is_not_reported_with_others(broken: str, tap: Wiretap) -> None:
    devices = {"inverter": HandDevice(), "battery": HandDevice()}
    cast(tap, **devices)
    tap.bus.send(Message(Party.AMI_NETWORK, Party.PREMISE_INTERFACE, COMMAND, ORDER, "e1"))
    tap.clock.run_until(5.0)
    devices[broken].error = InstrumentError(f"{broken} gives no W")
    tap.clock.run_until(30.0)
    (message,) = tap.told(TROUBLE)
    assert isinstance(message.payload, DeviceTrouble)
    assert message.payload.trouble == f"{broken} gives no W"
    assert [m.producer for m in tap.told(STATUS)] == ([] if broken == "battery" else [Party.UTILITY_BATTERY])
    assert all(isinstance(m.payload, EquipmentStatus) for m in tap.told(STATUS))


def test_what_gives_no_values_is_not_available_and_says_why() -> None:
    mute = HandDevice(InstrumentError("store gives no SoC"))
    unknown = EquipmentState(device="store", kind="battery", available=False, trouble="store gives no SoC")
    assert look_at(site(HandDevice(), mute)) == unknown
    scada = Scada({"store": site(HandDevice(), mute)}, {"pv": (mute, 1.0)}, {}, {}, {})
    assert [(s.device, s.available, s.trouble) for s in scada.read()] == [
        ("store", False, "store gives no SoC"),
        ("pv", False, "store gives no SoC"),
    ]


def test_a_link_that_fails_is_no_trouble_of_the_device() -> None:
    with pytest.raises(TransportError):
        look_at(site(HandDevice(TransportError("nobody there"))))


def test_a_row_that_does_not_come_tells_what_its_adapter_said_of_the_device(tmp_path: Path) -> None:
    inverter, battery, premise = Party.UTILITY_INVERTER, Party.UTILITY_BATTERY, Party.PREMISE_INTERFACE
    rows = (
        row("1.3", premise, inverter, COMMAND, per="device", limit_s=10.0),
        row("1.4", inverter, battery, COMMAND, per="device", limit_s=10.0),
    )
    stage = Stage(
        tmp_path, rows, {"1.4": {"1.3"}}, FakeJudge(requires={number: {"battery": None} for number in ("1.3", "1.4")})
    )
    stage.arrive(premise, inverter, COMMAND, command())
    stage.arrive(inverter, premise, TROUBLE, DeviceTrouble(event="e1", device="battery", trouble="battery forgot it"))
    stage.until(30.0)
    assert stage.state("1.3") is RowState.MET
    missed = stage.instance("1.4", "battery")
    assert missed.state is RowState.NOT_MET
    assert "trace:2 tells of battery: battery forgot it" in missed.reason
    assert not stage.notes("1.3")
    stage.writer.close()


class HandControl:
    """A control whose word nobody can believe, or that refuses to give it."""

    def __init__(self, error: Exception) -> None:
        self._error = error

    def read_status(self) -> LoadTapChangerStatus:
        raise self._error


@pytest.mark.parametrize(
    ("party", "command", "kind"),
    [
        (Party.TAP_CHANGER_CONTROLS, Information.TAP_CHANGER_COMMAND, "tap_changer"),
        (Party.CAPACITOR_CONTROLS, Information.CAPACITOR_COMMAND, "capacitor"),
    ],
)
def test_a_control_that_says_nothing_to_be_believed_is_reported_as_in_trouble(
    party: Party, command: Information, kind: Any, tap: Wiretap
) -> None:
    """It is no broken bench: what it was asked, it answered."""
    doubt = Doubtful("it is no reading: communication lost")
    adapter: Any = TapChangerControls if kind == "tap_changer" else CapacitorControls
    tap.clock.start(adapter(tap.bus, {"control": HandControl(doubt)}, citing, 10.0).run())
    order = OperationalCommand(event="e1", command=AssetCommand(device="control", kind=kind, tap=3, close=True))
    tap.bus.send(Message(Party.DMS, party, command, order, "e1"))
    tap.clock.run_until(300.0)
    (message,) = tap.told(TROUBLE)
    assert (message.producer, message.receiver) == (party, Party.DMS)
    assert message.payload == DeviceTrouble(event="e1", device="control", trouble=str(doubt))
    assert "wire:7" in message.evidence
    assert not tap.told(STATUS)
