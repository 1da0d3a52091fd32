"""SunSpec drivers both ways on the wire: frames by hand, decoding by hand, and every refusal."""

import asyncio
from dataclasses import astuple

import pytest

from instruments.drivers.sunspec_battery import SunSpecBattery
from instruments.drivers.sunspec_inverter import SunSpecInverter
from instruments.emulators.host import EmulatorHost
from instruments.emulators.inverter import InverterEmulator
from instruments.emulators.modbus_server import ILLEGAL_ADDRESS, ModbusRefusal, ModbusServer
from instruments.errors import InstrumentError, SafetyTrip
from instruments.readings import Identity, PowerCommand, VoltVarCurve
from instruments.transports.modbus import ModbusConnections
from tests.instruments.sunspec_bench import serving
from tests.instruments.test_inverter_emulator import PHASE_V, running, settle

MARKER, END = [0x5375, 0x6E53], [0xFFFF, 0]


class Map:
    """Registers written out by hand; all of them can be written, unless `deaf`."""

    def __init__(self, *models: list[int], base: int = 40000, end: list[int] = END, deaf: bool = False) -> None:
        self.base = base
        self.deaf = deaf
        self.words = [*MARKER, *(word for model in models for word in model), *end]

    def read(self, address: int, count: int) -> list[int]:
        first = address - self.base
        if first < 0 or first + count > len(self.words):
            raise ModbusRefusal(ILLEGAL_ADDRESS)
        return self.words[first : first + count]

    def write(self, address: int, values: list[int]) -> None:
        self.read(address, len(values))
        if not self.deaf:
            self.words[address - self.base : address - self.base + len(values)] = values


def model(model_id: int, length: int, **registers: int) -> list[int]:
    """A model with all registers 0 but the ones given as at_<offset>=value."""
    words = [model_id, length] + [0] * length
    for name, value in registers.items():
        words[int(name.removeprefix("at_"))] = value & 0xFFFF
    return words


def common(maker: bytes = b"ACME", kind: bytes = b"Inv<1>") -> list[int]:
    text = maker.ljust(32, b"\0") + kind.ljust(32, b"\0") + b"\0" * 32 + b"SN-7".ljust(32, b"\0") + b"\0\1\x80\0"
    return [1, 66] + [text[i] << 8 | text[i + 1] for i in range(0, len(text), 2)]


# 702: WMaxRtg 1000, charge 600, both times 10^3 W
NAMEPLATE = model(702, 50, at_2=1000, at_7=1000, at_10=600, at_14=480, at_21=1, at_22=2, at_45=3, at_47=3)
CONTROLS = model(704, 65)


class Tap(asyncio.Protocol):
    """Passes requests to a server and keeps the frames of those that write."""

    def __init__(self, server: ModbusServer, frames: list[str]) -> None:
        self._server, self._frames = server, frames
        self._transport: asyncio.Transport

    def connection_made(self, transport) -> None:
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        if data[7] != 3:
            self._frames.append(data[6:].hex(" "))
        answer = self._server.answer(data[6], data[7:])
        self._transport.write(data[:4] + (len(answer) + 1).to_bytes(2, "big") + data[6:7] + answer)


@pytest.fixture
def tapped():
    with EmulatorHost() as host, ModbusConnections() as connections:

        def serve(bank):
            frames: list[str] = []
            server = ModbusServer(host, {1: bank})
            return connections.link(*host.serve(lambda: Tap(server, frames)), 1, timeout_s=2.0), frames

        yield serve


# Model 1 begins at 40002, 702 at 40070, 704 at 40122; so WSetEna is 40144 = 0x9cd0, WSetMod 0x9cd1, WSet 0x9cd2 and
# 0x9cd3, WSetEnaRvrt 40152 = 0x9cd8, WSetRvrtTms 0x9cd9 and 0x9cda.
@pytest.mark.parametrize(
    ("power_w", "registers"),
    [
        pytest.param(800_000, "00 0c 35 00", id="discharge 800 kW"),
        pytest.param(-600_000, "ff f6 d8 40", id="charge 600 kW"),
    ],
)
def test_frames_of_a_power_command(tapped, power_w, registers):
    link, frames = tapped(Map(common(), NAMEPLATE, CONTROLS))
    held = SunSpecBattery(link).set_power_w(power_w, reversion_s=300)
    assert frames == [
        f"01 10 9c d1 00 03 06 00 01 {registers}",
        "01 10 9c d8 00 03 06 00 00 00 00 01 2c",
        "01 06 9c d0 00 01",
    ]
    assert held == PowerCommand(enabled=True, power_w=power_w, remaining_s=0.0)


def test_frames_of_release_and_of_ceasing(tapped):
    # 703 begins at 40189, so ES is 40191 = 0x9cff
    link, frames = tapped(Map(common(), NAMEPLATE, CONTROLS, model(703, 17)))
    SunSpecInverter(link).make_safe()
    assert frames == ["01 06 9c ff 00 00", "01 06 9c d0 00 00"]


@pytest.mark.parametrize("power_w", [1_000_001, -600_001, float("nan"), float("inf")])
def test_a_set_point_outside_the_nameplate_raises_before_anything_is_written(tapped, power_w):
    link, frames = tapped(Map(common(), NAMEPLATE, CONTROLS))
    with pytest.raises(SafetyTrip, match=r"nameplate, -600000 to 1e\+06 W"):
        SunSpecBattery(link).set_power_w(power_w, reversion_s=300)
    assert frames == []


def test_a_command_to_storage_without_an_end_raises_before_anything_is_written(tapped):
    link, frames = tapped(Map(common(), NAMEPLATE, CONTROLS))
    with pytest.raises(SafetyTrip, match="reversion time"):
        SunSpecBattery(link).set_power_w(100_000, reversion_s=0)
    assert frames == []


def test_a_device_that_does_not_keep_the_reversion_time_is_found_out(tapped):
    bank = Map(common(), NAMEPLATE, CONTROLS)
    store = bank.write
    bank.write = lambda address, values: None if address == 40152 else store(address, values)
    link, _ = tapped(bank)
    with pytest.raises(InstrumentError, match="does not keep the reversion time of 300 s"):
        SunSpecBattery(link).set_power_w(800_000, reversion_s=300)


def test_a_device_that_does_not_keep_the_command_is_found_out_at_the_read_back(tapped):
    link, _ = tapped(Map(common(), NAMEPLATE, CONTROLS, deaf=True))
    with pytest.raises(InstrumentError, match="was told 800000 W and reads back"):
        SunSpecBattery(link).set_power_w(800_000, reversion_s=300)


def test_a_device_that_stays_enabled_is_found_out_at_release(tapped):
    link, _ = tapped(Map(common(), NAMEPLATE, model(704, 65, at_22=1), deaf=True))
    with pytest.raises(InstrumentError, match="keeps its set-point enabled"):
        SunSpecBattery(link).release()


def test_decoding_of_model_701(tapped):
    measured = model(
        701, 153, at_2=2, at_3=1, at_4=3, at_5=1, at_7=1 << 11, at_10=-8000, at_11=8297, at_12=-2200, at_14=9980,
        at_18=59_975, at_47=2772, at_70=2765, at_93=2801,
        at_113=-1, at_114=-1, at_115=-3, at_116=2, at_118=2, at_119=2,
    )  # fmt: skip
    link, _ = tapped(Map(common(), measured))
    reading = SunSpecInverter(link).read_ac()
    assert astuple(reading)[:3] == (-800_000, -220_000, 829_700)
    assert reading.frequency_hz == pytest.approx(59.975)
    assert reading.voltage_v == pytest.approx((277.2, 276.5, 280.1))
    assert reading.current_a == pytest.approx(998.0)
    assert (reading.connected, reading.running, reading.alarms) == (True, True, 1 << 11)


@pytest.mark.parametrize("base", [0, 40000, 50000])
def test_the_map_is_found_at_each_base(tapped, base):
    link, _ = tapped(Map(common(), base=base))
    assert SunSpecInverter(link).identify() == Identity("ACME", "Inv<1>", "", "", "SN-7")


@pytest.mark.parametrize(
    ("bank", "message"),
    [
        pytest.param(Map(base=123), "no SunSpec marker at 40000, 0, 50000", id="no map"),
        pytest.param(Map(common()), "no SunSpec model 704; it has 1", id="model missing"),
        pytest.param(Map(common(), model(704, 64)), "model 704 has 66 registers, not 67", id="model too short"),
        pytest.param(Map(*[model(1, 66)] * 70), "chain of SunSpec models does not end", id="chain without end"),
    ],
)
def test_a_map_that_is_not_sound_is_refused(tapped, bank, message):
    link, _ = tapped(bank)
    with pytest.raises(InstrumentError, match=message):
        SunSpecInverter(link).release()


STEEP = VoltVarCurve((0.95, 0.99, 1.01, 1.05), (0.44, 0.0, 0.0, -0.44), 2.0)


def test_a_volt_var_curve_is_adopted_and_acts():
    inverter = running()
    with serving(unit_1=inverter.registers) as wire:
        driver = SunSpecInverter(wire.link())
        driver.set_volt_var(STEEP)
        assert driver.read_volt_var() == STEEP
    assert settle(inverter, 1.03)[1] == pytest.approx(-0.22, abs=1e-4)


def test_the_first_answer_about_an_adoption_is_in_progress():
    with serving(unit_1=running().registers) as wire:
        SunSpecInverter(wire.link()).set_volt_var(STEEP)
        results = [e.values[4] for e in wire.exchanges if e.operation == "read" and e.address.endswith("+5")]
    assert results == [0, 1], "IN_PROGRESS, then COMPLETED"


@pytest.mark.parametrize(
    ("curve", "message"),
    [
        pytest.param(VoltVarCurve((0.9, 1.1), (0.4, -0.4), 5.0), "failed to adopt", id="too few points"),
        pytest.param(
            VoltVarCurve((0.9, 1.02, 0.98, 1.1), (0.4, 0, 0, -0.4), 5.0), "failed to adopt", id="falling voltage"
        ),
        pytest.param(VoltVarCurve((0.9, 0.98, 1.02, 1.1), (0.4, 0, 0, 0.4), 5.0), "failed to adopt", id="rising vars"),
        pytest.param(VoltVarCurve((0.9,) * 5, (0.0,) * 5, 5.0), "takes 4 volt-var points, not 5", id="too many points"),
    ],
)
def test_a_curve_that_the_inverter_does_not_adopt_leaves_the_old_one(curve, message):
    with serving(unit_1=running().registers) as wire:
        driver = SunSpecInverter(wire.link())
        before = driver.read_volt_var()
        with pytest.raises(InstrumentError, match=message):
            driver.set_volt_var(curve)
        assert driver.read_volt_var() == before


def test_the_curve_in_force_cannot_be_written():
    registers = running().registers
    curves = registers.model(705)
    with pytest.raises(ModbusRefusal):
        registers.write(curves.address + curves.layout.points["Crv[1].Pt[1].V"].offset, [9000])


def test_inverter_identity_nameplate_service_and_limit():
    inverter = InverterEmulator("pv", 1000.0, category="A", abnormal="II")
    inverter.node.apply((PHASE_V,) * 3)
    inverter.available_w = 5e5
    with serving(unit_1=inverter.registers) as wire:
        driver = SunSpecInverter(wire.link())
        rating = driver.read_nameplate()
        assert driver.identify() == Identity("derbench", "emulated inverter", "", "1", "pv")
        assert (rating.p_max_w, rating.charge_max_w, rating.v_nom_v) == (1e6, 0.0, 480.0)
        assert (rating.q_max_absorbed_var, rating.category, rating.abnormal) == (250_000, "A", "II")
        driver.cease_to_energize()
        inverter.advance(1.0)
        assert (driver.read_ac().p_w, driver.read_ac().connected) == (0.0, False)
        driver.enter_service()
        assert settle(inverter, 1.0, 700)[0] == pytest.approx(0.5)
        driver.limit_power_pct(20.0, reversion_s=0)
        assert settle(inverter, 1.0, 30)[0] == pytest.approx(0.2)
        with pytest.raises(SafetyTrip):
            driver.limit_power_pct(101.0, reversion_s=0)


def test_one_measurement_is_one_request():
    with serving(unit_1=running().registers) as wire:
        driver = SunSpecInverter(wire.link())
        driver.read_ac()
        before = len(wire.exchanges)
        driver.read_ac()
        assert [e.address for e in wire.exchanges[before:]] == ["40070+123"]
