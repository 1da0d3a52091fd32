"""SCADA and the way of commands: what is out of reach is left out, and a refused command goes no further."""

from dataclasses import dataclass, field

import pytest
from wiretap import Wiretap, citing

from bench.actors.field_control import ScadaControls
from bench.actors.scada import Scada
from bench.actors.site import DerSite, PremiseInterface
from bench.bus import Message
from bench.dispatch.eligibility import ResourceClass
from bench.messages.equipment import AssetCommand, OperationalCommand
from bench.messages.names import Information, Party
from instruments.errors import BenchError, Doubtful, InstrumentError, OutOfReach, SafetyTrip, TransportError
from instruments.readings import CapacitorBankStatus, LoadTapChangerStatus

LTC_STATUS = LoadTapChangerStatus(
    automatic=True, blocked=False, remote=True, tap_position=3, voltage_v=120.0, operations=1
)
BANK_STATUS = CapacitorBankStatus(
    automatic=True,
    blocked=False,
    remote=True,
    closed=True,
    voltage_v=120.0,
    operations=1,
    operations_today=1,
    discharge_left_s=0.0,
)


@dataclass
class Control:
    """A control that answers, or fails as the test says; `orders` are those that it took."""

    failure: BenchError | None = None
    orders: list[tuple[str, bool]] = field(default_factory=list)

    def _take(self, order: str, on: bool) -> None:
        self._answer()
        self.orders.append((order, on))

    def _answer(self) -> None:
        if self.failure is not None:
            raise self.failure

    def set_automatic(self, on: bool) -> None:
        self._take("automatic", on)

    def set_blocked(self, on: bool) -> None:
        self._take("blocked", on)


class Ltc(Control):
    def read_status(self) -> LoadTapChangerStatus:
        self._answer()
        return LTC_STATUS


class Bank(Control):
    def read_status(self) -> CapacitorBankStatus:
        self._answer()
        return BANK_STATUS


REFUSES = OutOfReach("the SCADA link lets nothing through to ltc")


def scada(ltc: Control, bank: Control) -> Scada:
    return Scada({}, {}, {"ltc": ltc}, {"bank": bank}, {})  # type: ignore[dict-item]


def test_the_picture_holds_every_control_that_answers() -> None:
    bank, ltc = scada(Ltc(), Bank()).read()
    assert (bank.device, bank.closed, ltc.device, ltc.tap) == ("bank", True, "ltc", 3)


def test_a_control_that_says_nothing_to_be_believed_is_told_of_with_its_trouble() -> None:
    """Left out, it would be the operator of SCADA who does not tell of it."""
    trouble = Doubtful("ltc: tap_position (ai 0) is no reading: communication lost")
    bank, ltc = scada(Ltc(trouble), Bank(InstrumentError("bank refused to read bi 3"))).read()
    assert (ltc.available, ltc.tap, ltc.trouble) == (False, None, str(trouble))
    assert (bank.available, bank.closed, bank.trouble) == (False, None, "bank refused to read bi 3")


def test_a_control_out_of_reach_is_left_out_and_not_guessed() -> None:
    (bank,) = scada(Ltc(REFUSES), Bank()).read()
    assert bank.device == "bank"


def test_a_transport_of_the_bench_that_breaks_is_no_finding_about_equipment() -> None:
    with pytest.raises(TransportError):
        scada(Ltc(TransportError("connection reset")), Bank()).read()


def test_orders_to_a_control_out_of_reach_are_not_taken() -> None:
    controls = ScadaControls({"bank": Bank(REFUSES)}, {"ltc": Ltc(REFUSES)})  # type: ignore[dict-item]
    assert controls.take_tap_changer("ltc") is None
    assert controls.block_var_switching("bank", True) is False
    controls.give_back_tap_changer("ltc")
    controls.block_tap_changers(True)


def test_a_tap_changer_is_given_back_blocked_and_automatic() -> None:
    ltc = Ltc()
    ScadaControls({}, {"ltc": ltc}).give_back_tap_changer("ltc")  # type: ignore[dict-item]
    assert ltc.orders == [("blocked", True), ("automatic", True)]


@dataclass
class Storage:
    """An inverter that takes every command, or fails as the test says."""

    failure: BenchError | None = None
    power_w: list[float] = field(default_factory=list)

    def set_power_w(self, power_w: float, duration_s: float) -> None:
        if self.failure is not None:
            raise self.failure
        assert duration_s == 60.0
        self.power_w.append(power_w)


@pytest.mark.parametrize(
    ("failure", "goes_on"),
    [(None, True), (InstrumentError("refused"), False), (SafetyTrip("outside the nameplate"), False)],
)
def test_a_command_goes_on_only_where_the_device_and_its_fence_have_taken_it(
    failure: BenchError | None, goes_on: bool
) -> None:
    tap, inverter = Wiretap(), Storage(failure)
    site = DerSite("battery", ResourceClass.UTILITY_STORAGE, inverter, None, 40.0, 1000.0)  # type: ignore[arg-type]
    tap.clock.start(PremiseInterface(tap.bus, {"battery": site}, citing).run())
    command = AssetCommand(device="battery", kind="battery", power_kw=400.0, duration_s=60.0)
    order = OperationalCommand(event="e1", command=command)
    tap.bus.send(Message(Party.AMI_NETWORK, Party.PREMISE_INTERFACE, Information.OPERATIONAL_COMMAND, order, "e1"))
    tap.clock.run_until(5.0)
    assert inverter.power_w == ([10_000.0] if goes_on else [])
    onward = [d for d in tap.heard if d.message.receiver is Party.UTILITY_INVERTER]
    assert bool(onward) is goes_on
