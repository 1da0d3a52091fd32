"""Defects of a SunSpec interface on demand: each acts where it says, from when it says, and on nothing else."""

import pytest

from instruments.drivers.sunspec_inverter import SunSpecInverter
from instruments.emulators.inverter import InverterEmulator
from instruments.emulators.modbus_server import DEVICE_FAILURE, ModbusRefusal, NoAnswer
from instruments.errors import InstrumentError, TransportError
from instruments.readings import Characteristic, EnterServiceSettings
from tests.instruments.sunspec_bench import serving
from tests.instruments.test_inverter_emulator import RATING_W, running

BASE = 40000


def defective(kind: str, value: float | None = None, **when: float) -> InverterEmulator:
    inverter = running(available_w=RATING_W)
    inverter.inject(kind, value, **when)
    return inverter


def place(inverter: InverterEmulator, model_id: int, name: str) -> int:
    model = inverter.registers.model(model_id)
    return model.address + model.layout.points[name].offset


def shown(inverter: InverterEmulator, model_id: int, name: str) -> int:
    return inverter.interface.read(place(inverter, model_id, name), 1)[0]


def test_equipment_that_drops_out_closes_its_connections_and_is_back_as_it_was() -> None:
    inverter = defective("drops-out", start_s=5.0, end_s=10.0)
    with serving(unit_1=inverter.interface) as wire:
        driver = SunSpecInverter(wire.link())
        driver.limit_power_pct(50.0, 0.0)
        inverter.advance(5.0)
        with pytest.raises(TransportError):
            driver.read_ac()
        inverter.advance(5.0)
        assert driver.read_ac().running, "it went on delivering all the time"
        assert driver.read_as_set()["AP_LIMIT-AS"] == 0.5, "and kept its settings"


def test_equipment_that_reboots_is_off_and_comes_up_with_the_settings_that_it_was_made_with() -> None:
    inverter = defective("reboots", start_s=5.0, end_s=10.0)
    with serving(unit_1=inverter.interface) as wire:
        driver = SunSpecInverter(wire.link())
        driver.limit_power_pct(50.0, 0.0)
        inverter.advance(5.0)
        inverter.advance(1.0)
        assert sum(inverter.power.p_w) == pytest.approx(0.0, abs=1.0)
        with pytest.raises(NoAnswer):
            inverter.interface.read(BASE, 2)
        for _ in range(5):
            inverter.advance(1.0)
        assert driver.read_as_set()["AP_LIMIT-AS"] == 1.0, "its settings are gone"
        assert not driver.read_ac().running, "and it has to enter service again"


@pytest.mark.parametrize(("share", "stated"), [(None, 0.0), (2.0, 2.0 * RATING_W)])
def test_a_nameplate_that_cannot_be_states_another_apparent_power(share: float | None, stated: float) -> None:
    with serving(unit_1=defective("impossible-nameplate", share).interface) as wire:
        plate = SunSpecInverter(wire.link()).read_nameplate()
    assert (plate.va_max_va, plate.p_max_w) == (stated, RATING_W)


@pytest.mark.parametrize("kind", ["rating-missing", "never-alarms", "always-running", "impossible-nameplate"])
def test_a_defect_that_is_over_leaves_nothing_behind(kind: str) -> None:
    sound = running(available_w=RATING_W)
    ended = defective(kind, start_s=10.0, end_s=20.0)
    for inverter in (sound, ended):
        inverter.advance(30.0)
    for model_id in (701, 702):
        model = sound.registers.model(model_id)
        asked = (model.address, model.layout.length)
        assert ended.interface.read(*asked) == sound.interface.read(*asked), f"model {model_id} is not as it was"


def test_a_missing_rating_is_the_power_factor_at_which_active_power_is_specified() -> None:
    inverter = defective("rating-missing")
    assert shown(inverter, 702, "WOvrExtRtgPF") == 0xFFFF
    assert shown(inverter, 702, "WUndExtRtgPF") != 0xFFFF


def test_an_inverter_that_never_alarms_and_one_that_always_runs_say_so_when_they_have_ceased() -> None:
    silent, boasting, honest = defective("never-alarms"), defective("always-running"), running()
    for inverter in (silent, boasting, honest):
        inverter.interface.write(place(inverter, 703, "ES"), [0])
        inverter.advance(3.0)
    alarms = [inverter.interface.read(place(inverter, 701, "Alrm"), 2) for inverter in (silent, honest)]
    assert (alarms[0], any(alarms[1])) == ([0, 0], True)
    assert (shown(boasting, 701, "St"), shown(honest, 701, "St")) == (1, 0)


def test_curves_are_refused_in_the_model_of_the_value_and_in_no_other() -> None:
    with serving(unit_1=defective("refuses-curves", 706.0).interface) as wire:
        driver = SunSpecInverter(wire.link())
        driver.set_watt_var(Characteristic((-1.0, -0.5, -0.2, 0.2, 0.5, 1.0), (0.2, 0.0, 0.0, 0.0, 0.0, -0.2), 0.0))
        with pytest.raises(InstrumentError, match="device failure"):
            driver.set_volt_watt(Characteristic((1.06, 1.10), (1.0, 0.2), 10.0))


def test_settings_that_are_forgotten_are_found_out_and_the_permit_is_none_of_them() -> None:
    with serving(unit_1=defective("forgets-settings").interface) as wire:
        driver = SunSpecInverter(wire.link())
        driver.cease_to_energize()
        with pytest.raises(InstrumentError, match="does not keep"):
            driver.set_enter_service(EnterServiceSettings((0.88, 1.06), (59.0, 61.0), 60.0, 60.0))


@pytest.mark.parametrize("kind", ["adopts-nothing", "adopts-any-curve"])
def test_an_adoption_that_is_none_says_that_it_is_done(kind: str) -> None:
    inverter = defective(kind)
    spare, first = place(inverter, 705, "Crv[2].Pt[1].V"), place(inverter, 705, "Crv[1].Pt[1].V")
    before = inverter.interface.read(first, 1)
    wrong = 12000 if kind == "adopts-any-curve" else before[0] + 100
    inverter.interface.write(spare, [wrong])
    inverter.interface.write(place(inverter, 705, "AdptCrvReq"), [2])
    results = [shown(inverter, 705, "AdptCrvRslt") for _ in range(3)]
    assert results[-1] == 1, f"the results were {results}"
    assert inverter.interface.read(first, 1) == (before if kind == "adopts-nothing" else [wrong])


@pytest.mark.parametrize(
    ("kind", "second_s", "limited"),
    [("never-reverts", None, True), ("keeps-the-first-time", 60.0, False), ("reverts-when-cancelled", 0.0, False)],
)
def test_timers_that_are_wrong_end_a_limit_when_it_should_not(kind: str, second_s: float | None, limited: bool) -> None:
    inverter = defective(kind)
    with serving(unit_1=inverter.interface) as wire:
        driver = SunSpecInverter(wire.link())
        driver.limit_power_pct(50.0, 10.0)
        inverter.advance(5.0)
        if second_s is not None:
            driver.limit_power_pct(50.0, second_s)
        inverter.advance(10.0)
    assert (inverter.registers.model(704).get("WMaxLimPctEna") == 1.0) is limited


def test_registers_that_there_are_not_are_refused_with_the_code_of_a_failure() -> None:
    with pytest.raises(ModbusRefusal) as refusal:
        defective("wrong-exception").interface.read(0xFFF0, 2)
    assert refusal.value.code == DEVICE_FAILURE
