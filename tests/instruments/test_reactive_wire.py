"""Vars by command and the reference voltage of volt-var: on the wire, at the terminals, and what defects do to them."""

import math
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from instruments.drivers.sunspec_inverter import SunSpecInverter
from instruments.emulators.battery import BatteryEmulator
from instruments.emulators.inverter import InverterEmulator
from instruments.emulators.modbus_server import RegisterBank
from instruments.errors import InstrumentError
from instruments.readings import VoltVarCurve
from tests.instruments.sunspec_bench import serving
from tests.instruments.test_inverter_emulator import PHASE_V, RATING_W, command, running, settle

CATEGORY_A = VoltVarCurve((0.90, 1.00, 1.00, 1.10), (0.25, 0.0, 0.0, -0.25), 10.0)
LOW_REFERENCE = VoltVarCurve((0.90, 0.93, 0.96, 1.10), (0.44, -0.22, -0.22, -0.44), 5.0, reference_pu=0.95)
FOLLOWING = VoltVarCurve((0.92, 0.98, 1.02, 1.08), (0.44, 0.0, 0.0, -0.44), 5.0, autonomous_s=300.0)
CONTROLS = 704


@contextmanager
def driver_of(inverter: InverterEmulator, bank: RegisterBank | None = None) -> Iterator[SunSpecInverter]:
    with serving(unit_1=bank or inverter.registers) as wire:
        yield SunSpecInverter(wire.link())


def place(inverter: InverterEmulator, model_id: int, name: str) -> int:
    model = inverter.registers.model(model_id)
    return model.address + model.layout.points[name].offset


def vars_pu(inverter: InverterEmulator, seconds: int = 40, v_pu: float = 1.0) -> float:
    return settle(inverter, v_pu, seconds)[1]


def vars_later_pu(inverter: InverterEmulator, seconds: int, v_pu: float) -> float:
    """Let a time pass that is long for a response, in steps of 10 s."""
    inverter.node.apply((v_pu * PHASE_V,) * 3)
    for _ in range(seconds // 10):
        inverter.advance(10.0)
    return sum(inverter.power.q_var) / RATING_W


class Without:
    """An inverter's registers with some of them forgetful: they keep what they hold, or say they are not there."""

    def __init__(self, inverter: InverterEmulator, forgets: tuple[int, ...] = (), lacks: tuple[int, ...] = ()) -> None:
        self._inside, self._forgets, self._lacks = inverter.registers, forgets, lacks

    def read(self, address: int, count: int) -> list[int]:
        words = self._inside.read(address, count)
        return [0xFFFF if address + n in self._lacks else word for n, word in enumerate(words)]

    def write(self, address: int, values: list[int]) -> None:
        if not set(range(address, address + len(values))) & set(self._forgets):
            self._inside.write(address, values)


def test_a_power_factor_is_written_before_it_is_enabled_and_then_held() -> None:
    inverter = running()
    with serving(unit_1=inverter.registers) as wire:
        SunSpecInverter(wire.link()).set_power_factor(0.9, injects=False)
        written = wire.written()
    # Scale factor -3, under-excited: the set-point's two registers, then the enable alone.
    base = place(inverter, CONTROLS, "PFWInjEna")
    assert written == [(base + 57, (900, 1)), (base, (1,))], "an old set-point must not act in between"
    expected = -0.5 * math.sqrt(1 / 0.9**2 - 1)
    assert vars_pu(inverter) == pytest.approx(expected, abs=0.002), "half of rated power at 0.9 absorbing"


@pytest.mark.parametrize(("share", "raw"), [(0.44, 440), (-0.22, 0x10000 - 220)])
def test_constant_vars_are_a_share_of_rated_va_and_injected_when_positive(share: float, raw: int) -> None:
    inverter = running()
    with serving(unit_1=inverter.registers) as wire:
        SunSpecInverter(wire.link()).set_reactive_power(share)
        written = wire.written()
    # VarSetMod 3 is per cent of rated VA; the scale factor of VarSetPct is -1.
    enable = place(inverter, CONTROLS, "VarSetEna")
    assert written == [(enable + 1, (3,)), (enable + 7, (raw,)), (enable, (1,))]
    assert vars_pu(inverter) == pytest.approx(share, abs=0.002)


def test_commands_switched_off_leave_no_vars_and_nothing_enabled() -> None:
    inverter = running()
    with driver_of(inverter) as driver:
        driver.set_power_factor(0.9, injects=True)
        assert vars_pu(inverter) == pytest.approx(0.5 * math.sqrt(1 / 0.9**2 - 1), abs=0.002)
        driver.disable_reactive_commands()
        assert vars_pu(inverter) == pytest.approx(0.0, abs=0.002)
        driver.set_reactive_power(0.3)
        driver.disable_functions()
    model = inverter.registers.model(CONTROLS)
    assert [model.get(name) for name in ("PFWInjEna", "VarSetEna")] == [0, 0]
    assert vars_pu(inverter) == pytest.approx(0.0, abs=0.002)


def test_modes_of_reactive_power_exclude_each_other() -> None:
    inverter = running()
    controls, volt_var = inverter.registers.model(CONTROLS), inverter.registers.model(705)

    def on() -> tuple[int, int, int]:
        return controls.get("PFWInjEna"), controls.get("VarSetEna"), volt_var.get("Ena")

    with driver_of(inverter) as driver:
        assert on() == (0, 0, 1)
        driver.set_power_factor(0.95, injects=True)
        assert on() == (1, 0, 0)
        driver.set_reactive_power(-0.1)
        assert on() == (0, 1, 0)
        driver.set_volt_var(CATEGORY_A)
        assert on() == (0, 0, 1)


def test_what_reads_back_otherwise_is_an_error_and_is_not_enabled() -> None:
    inverter = running()
    forgetful = Without(inverter, forgets=(place(inverter, CONTROLS, "PFWInj.PF"),))
    with driver_of(inverter, forgetful) as driver, pytest.raises(InstrumentError, match=r"PFWInj\.PF .* not 0\.9"):
        driver.set_power_factor(0.9, injects=True)
    assert inverter.registers.model(CONTROLS).get("PFWInjEna") == 0


@pytest.mark.parametrize(
    ("kind", "share"), [(None, 1.0), ("excitation-turns-round", -1.0), ("no-vars-while-absorbing", 0.0)]
)
def test_storage_keeps_the_sign_of_its_vars_while_it_absorbs(kind: str | None, share: float) -> None:
    battery = BatteryEmulator("store", RATING_W / 1e3, 4 * RATING_W / 1e3, 0.5)
    inverter = InverterEmulator("hybrid", RATING_W / 1e3, dc_source=battery)
    if kind:
        inverter.inject(kind)
    with driver_of(inverter) as driver:
        driver.set_power_factor(0.9, injects=True)
    found = {}
    for watts in (300_000.0, -300_000.0):
        command(battery, WSetMod=1, WSet=watts / 10.0 ** battery.registers.model(704).get("WSet_SF"), WSetEna=1)
        command(inverter, WSetMod=1, WSet=watts / 10.0 ** inverter.registers.model(704).get("WSet_SF"), WSetEna=1)
        inverter.node.apply((PHASE_V,) * 3)
        for _ in range(60):
            battery.advance(1.0)
            inverter.advance(1.0)
        found[watts] = sum(inverter.power.q_var) / sum(inverter.power.p_w)
    slope = math.sqrt(1 / 0.9**2 - 1)
    absorbing = -share * slope
    assert list(found.values()) == [pytest.approx(slope, abs=0.01), pytest.approx(absorbing, abs=0.01)], "Q over P"


def test_corners_stand_where_they_are_written_whatever_the_reference_voltage() -> None:
    inverter = running()
    with driver_of(inverter) as driver:
        driver.set_volt_var(LOW_REFERENCE)
        assert driver.read_volt_var() == LOW_REFERENCE
    assert vars_pu(inverter, v_pu=0.945) == pytest.approx(-0.22, abs=0.005)
    assert vars_pu(inverter, v_pu=1.03) == pytest.approx(-0.33, abs=0.005)
    inverter.inject("vref-shifts-curve", start_s=inverter.time_s)
    assert vars_pu(inverter, v_pu=0.945) == pytest.approx(-0.282, abs=0.01), "the curve lies 0.05 lower"


def test_the_reference_voltage_follows_with_its_time_constant_and_the_vars_go_away() -> None:
    inverter = running()
    with driver_of(inverter) as driver:
        driver.set_volt_var(FOLLOWING)
        assert driver.read_volt_var().autonomous_s == 300.0
    vars_later_pu(inverter, 300, v_pu=1.0)
    assert vars_pu(inverter, 20, v_pu=1.05) == pytest.approx(-0.20, abs=0.03), "volt-var answers first"
    assert abs(vars_later_pu(inverter, 1180, v_pu=1.05)) < 0.01, "four time constants later the reference is there"


@pytest.mark.parametrize(("kind", "value"), [("vref-frozen", None), ("vref-too-slow", 20.0)])
def test_a_reference_that_stays_behind_leaves_the_vars(kind: str, value: float | None) -> None:
    inverter = running()
    inverter.inject(kind, value)
    with driver_of(inverter) as driver:
        driver.set_volt_var(FOLLOWING)
    vars_later_pu(inverter, 300, v_pu=1.0)
    assert vars_later_pu(inverter, 1200, v_pu=1.05) < -0.15


@pytest.mark.parametrize(
    "curve",
    [
        VoltVarCurve(FOLLOWING.v_pu, FOLLOWING.q_pu, 5.0, reference_pu=1.2),
        VoltVarCurve(FOLLOWING.v_pu, FOLLOWING.q_pu, 5.0, autonomous_s=299.0),
    ],
    ids=["reference", "time constant"],
)
def test_what_ieee_1547_does_not_allow_is_not_adopted(curve: VoltVarCurve) -> None:
    inverter = running()
    with driver_of(inverter) as driver:
        before = driver.read_volt_var()
        with pytest.raises(InstrumentError):
            driver.set_volt_var(curve)
        assert driver.read_volt_var() == before


def test_a_device_without_a_reference_voltage_takes_nominal_ones_only() -> None:
    inverter = running()
    names = ("VRef", "VRefAutoEna", "VRefAutoTms")
    lacks = tuple(place(inverter, 705, f"Crv[{n}].{name}") for n in (1, 2, 3) for name in names)
    with driver_of(inverter, Without(inverter, lacks=lacks)) as driver:
        driver.set_volt_var(CATEGORY_A)
        assert driver.read_volt_var() == CATEGORY_A
        for refused in (LOW_REFERENCE, FOLLOWING):
            with pytest.raises(InstrumentError, match="VRef"):
                driver.set_volt_var(refused)


def test_a_device_that_looks_at_one_phase_answers_to_that_one() -> None:
    sound, defective = running(), running()
    defective.inject("looks-at-one-phase")
    found = []
    for inverter in (sound, defective):
        inverter.node.apply((1.07 * PHASE_V, 0.91 * PHASE_V, 0.91 * PHASE_V))
        for _ in range(40):
            inverter.advance(1.0)
        found.append(sum(inverter.power.q_var) / RATING_W)
    assert found == [pytest.approx(0.44 * (0.98 - 0.9633) / 0.06, abs=0.01), pytest.approx(-0.3667, abs=0.01)]


@pytest.mark.parametrize(
    ("kind", "value", "power_factor", "vars_"),
    [
        pytest.param("var-wrong-sign", None, -0.2422, -0.3, id="var-wrong-sign"),
        pytest.param("wrong-power-factor", None, 0.0, 0.3, id="wrong-power-factor"),
        pytest.param("wrong-power-factor", 0.95, 0.1643, 0.3, id="wrong-power-factor=0.95"),
        pytest.param("wrong-var-base", None, 0.2422, 0.132, id="wrong-var-base"),
        pytest.param("slow-vars", 20.0, 0.0505, 0.0626, id="slow-vars=20"),
        pytest.param("no-vars-at-low-power", 0.6, 0.2422, 0.0, id="no-vars-at-low-power=0.6"),
    ],
)
def test_defects_of_commands_show_at_the_terminals(
    kind: str, value: float | None, power_factor: float, vars_: float
) -> None:
    """At half of rated power: 0.9 injecting asks for 0.2422 pu, and 0.3 pu are asked for."""
    found = []
    for method, arguments in (("set_power_factor", (0.9, True)), ("set_reactive_power", (0.3,))):
        inverter = running()
        inverter.inject(kind, value)
        with driver_of(inverter) as driver:
            getattr(driver, method)(*arguments)
        found.append(vars_pu(inverter, 10))
    sound = 0.99 if kind != "slow-vars" else 1.0
    assert found == [pytest.approx(power_factor * sound, abs=0.006), pytest.approx(vars_ * sound, abs=0.006)]


@pytest.mark.parametrize(("method", "arguments"), [("set_power_factor", (0.9, True)), ("set_reactive_power", (0.3,))])
def test_vars_that_stay_on_do_so_until_the_defect_ends(method: str, arguments: tuple[float, ...]) -> None:
    inverter = running()
    inverter.inject("vars-stay-on", end_s=inverter.time_s + 100.0)
    with driver_of(inverter) as driver:
        getattr(driver, method)(*arguments)
        settle(inverter, 1.0, 20)
        driver.disable_reactive_commands()
        assert vars_pu(inverter, 30) > 0.2, "off, and read back as off, and still there"
    assert vars_pu(inverter, 80) == pytest.approx(0.0, abs=0.002)
