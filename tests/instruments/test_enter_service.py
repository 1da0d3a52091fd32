"""How an emulated inverter enters service: as model 703 was set over the wire, and with its defects."""

import math
from collections.abc import Iterator

import pytest

from instruments.drivers.sunspec_inverter import SunSpecInverter
from instruments.emulators.inverter import InverterEmulator
from instruments.errors import InstrumentError
from instruments.readings import EnterServiceSettings
from tests.instruments.sunspec_bench import serving

PHASE_V = 480.0 / 3**0.5
SHORT = EnterServiceSettings((0.917, 1.05), (59.5, 60.1), 20.0, 40.0)
DRAWN = EnterServiceSettings((0.917, 1.05), (59.5, 60.1), 5.0, 300.0, random_s=60.0)


@pytest.fixture
def inverter() -> InverterEmulator:
    found = InverterEmulator("pv", 100.0)
    found.available_w = 100e3
    found.node.apply((PHASE_V,) * 3)
    for _ in range(5):
        found.advance(1.0)
    return found


@pytest.fixture
def driver(inverter: InverterEmulator) -> Iterator[SunSpecInverter]:
    with serving(unit_1=inverter.registers) as wire:
        yield SunSpecInverter(wire.link())


def entered(inverter: InverterEmulator, driver: SunSpecInverter) -> tuple[float, float]:
    """Withdraw the permit and give it again; return after how long power came, and was all there, s."""
    driver.cease_to_energize()
    powers = [power(inverter) for _ in range(5)]
    assert powers[-1] == 0.0, "it has ceased to energize"
    driver.enter_service()
    begun_s = 1.0 + next(n for n in range(1500) if power(inverter) > 0.0)
    return begun_s, begun_s + next((n for n in range(1, 1500) if power(inverter) > 0.99), math.inf)


def power(inverter: InverterEmulator) -> float:
    inverter.advance(1.0)
    return sum(inverter.power.p_w) / inverter.nameplate.p_max_w


def test_what_was_set_reads_back(driver: SunSpecInverter) -> None:
    for settings in (SHORT, EnterServiceSettings((0.88, 1.06), (59.0, 61.0), 0.0, 1.0), DRAWN):
        driver.set_enter_service(settings)
        held = driver.read_enter_service()
        assert (held.v_pu, held.f_hz) == (pytest.approx(settings.v_pu), pytest.approx(settings.f_hz))
        assert (held.delay_s, held.random_s) == (settings.delay_s, settings.random_s)


def test_power_comes_after_the_delay_along_the_ramp(inverter: InverterEmulator, driver: SunSpecInverter) -> None:
    driver.set_enter_service(SHORT)
    begun_s, arrived_s = entered(inverter, driver)
    assert begun_s == pytest.approx(20.0, abs=2.0)
    assert arrived_s == pytest.approx(60.0, abs=2.0)


@pytest.mark.long
def test_a_drawn_delay_takes_the_place_of_the_ramp_and_differs(
    inverter: InverterEmulator, driver: SunSpecInverter
) -> None:
    driver.set_enter_service(DRAWN)
    times = [entered(inverter, driver) for _ in range(3)]
    assert all(5.0 <= begun <= 67.0 for begun, _ in times), f"within delay and drawn delay: {times}"
    assert all(arrived - begun <= 2.0 for begun, arrived in times), f"all power at once: {times}"
    assert len({begun for begun, _ in times}) > 1, f"each entry has a delay of its own: {times}"


def test_large_equipment_draws_no_delay_and_says_so() -> None:
    with serving(unit_1=InverterEmulator("plant", 500.0).registers) as wire:
        driver = SunSpecInverter(wire.link())
        assert driver.read_enter_service().random_s != driver.read_enter_service().random_s, "NaN: it has none"
        with pytest.raises(InstrumentError, match="no randomised delay"):
            driver.set_enter_service(DRAWN)


@pytest.mark.long
@pytest.mark.parametrize(
    ("kind", "begun_s", "arrived_s"),
    [("early-entry", 10.0, 50.0), ("wrong-ramp-rate", 20.0, 40.0), ("wrong-ramp-rate=2", 20.0, 100.0)],
)
def test_a_defect_of_entering(
    inverter: InverterEmulator, driver: SunSpecInverter, kind: str, begun_s: float, arrived_s: float
) -> None:
    name, _, value = kind.partition("=")
    inverter.inject(name, float(value) if value else None)
    driver.set_enter_service(SHORT)
    assert entered(inverter, driver) == (pytest.approx(begun_s, abs=2.0), pytest.approx(arrived_s, abs=2.0))


@pytest.mark.parametrize(
    ("kind", "volts_pu", "frequency_hz"),
    [("ignores-entry-voltage", 0.90, 60.0), ("ignores-entry-frequency", 1.0, 59.4)],
)
def test_one_that_ignores_a_criterion_enters_outside_of_it(
    inverter: InverterEmulator, driver: SunSpecInverter, kind: str, volts_pu: float, frequency_hz: float
) -> None:
    driver.set_enter_service(SHORT)
    driver.cease_to_energize()
    inverter.node.apply((volts_pu * PHASE_V,) * 3, frequency_hz)
    power(inverter)
    driver.enter_service()
    assert [power(inverter) for _ in range(30)][-1] == 0.0, "a sound one stays out"
    inverter.inject(kind)
    assert [power(inverter) for _ in range(30)][-1] > 0.0


@pytest.mark.parametrize(("kind", "begun_s"), [(None, 20.0), ("overlooks-interruptions", 10.0)])
def test_an_interruption_begins_the_delay_anew(
    inverter: InverterEmulator, driver: SunSpecInverter, kind: str | None, begun_s: float
) -> None:
    if kind:
        inverter.inject(kind)
    driver.set_enter_service(SHORT)
    driver.cease_to_energize()
    power(inverter)
    driver.enter_service()
    for _ in range(10):
        power(inverter)
    inverter.node.apply((0.9 * PHASE_V,) * 3)
    inverter.advance(0.1)
    inverter.node.apply((PHASE_V,) * 3)
    assert next(n for n in range(60) if power(inverter) > 0) == pytest.approx(begun_s, abs=2.0)


def test_one_that_ignores_its_permit_goes_on(inverter: InverterEmulator, driver: SunSpecInverter) -> None:
    inverter.inject("ignores-permit")
    driver.cease_to_energize()
    assert [power(inverter) for _ in range(5)][-1] == pytest.approx(1.0)
