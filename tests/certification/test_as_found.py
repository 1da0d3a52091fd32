"""A device is left with the droop and the way of entering service that it came with, whatever a test did to them."""

import math
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest

from bench.certification.as_found import remember
from bench.certification.figures import load_figures
from bench.certification.refusals import DeviceError
from bench.certification.session import CertificationSession, ClauseTitle
from bench.certification.suites import suite_named
from bench.certification.type_test import TypeTest
from bench.config import load_bench
from instruments.drivers.sunspec_inverter import SunSpecInverter
from instruments.emulators.inverter import InverterEmulator
from instruments.errors import BenchError, TransportError
from instruments.readings import EnterServiceSettings, FrequencyDroop
from reports.verdict import Verdict
from steps.certification import in_service
from tests.certification.spoken import Spoken, rig_of
from tests.certification.test_bad_equipment import BENCH
from tests.instruments.sunspec_bench import serving

DROOP = FrequencyDroop(0.04, 0.05, 0.03, 0.05, 2.0)
SERVICE = EnterServiceSettings((0.9, 1.06), (59.4, 60.2), 33.0, 44.0)
OTHER_DROOP = FrequencyDroop(1.0, 1.0, 0.05, 0.05, 10.0)
OTHER_SERVICE = EnterServiceSettings((0.917, 1.05), (59.5, 60.1), 10.0, 1.0)


class Held:
    """Holds what it is told."""

    def __init__(self, droop: FrequencyDroop = DROOP, service: EnterServiceSettings = SERVICE) -> None:
        self.droop, self.service, self.told = droop, service, list[str]()

    def read_frequency_droop(self) -> FrequencyDroop:
        return self.droop

    def read_enter_service(self) -> EnterServiceSettings:
        return self.service

    def set_frequency_droop(self, droop: FrequencyDroop) -> None:
        self.droop = droop
        self.told.append("droop")

    def enable_frequency_droop(self) -> None:
        self.droop = replace(self.droop, enabled=True)
        self.told.append("droop on")

    def disable_frequency_droop(self) -> None:
        self.droop = replace(self.droop, enabled=False)
        self.told.append("droop off")

    def set_enter_service(self, settings: EnterServiceSettings) -> None:
        """As equipment has it: with a drawn delay the ramp stays what it was."""
        ramp_s = self.service.ramp_s if settings.random_s else settings.ramp_s
        self.service = replace(settings, ramp_s=ramp_s)
        self.told.append("service")


def changed(device: Any) -> None:
    device.set_frequency_droop(OTHER_DROOP)
    device.set_enter_service(OTHER_SERVICE)


@pytest.mark.parametrize("random_s", [0.0, 55.0])
@pytest.mark.parametrize("enabled", [True, False])
def test_what_was_changed_is_as_it_was(enabled: bool, random_s: float) -> None:
    found = replace(DROOP, enabled=enabled), replace(SERVICE, random_s=random_s)
    device = Held(*found)
    put_back = remember(device)  # type: ignore[arg-type]
    changed(device)
    put_back()
    assert (device.droop, device.service) == found


@pytest.mark.parametrize("random_s", [0.0, math.nan])
def test_what_was_not_changed_is_not_written(random_s: float) -> None:
    device = Held(service=replace(SERVICE, random_s=random_s))
    remember(device)()  # type: ignore[arg-type]
    assert not device.told


@pytest.mark.parametrize("enabled", [True, False])
def test_a_droop_that_was_only_switched_is_not_adopted_anew(enabled: bool) -> None:
    device = Held(replace(DROOP, enabled=enabled))
    put_back = remember(device)  # type: ignore[arg-type]
    device.droop = replace(DROOP, enabled=not enabled)
    put_back()
    assert (device.droop.enabled, device.told) == (enabled, ["droop on" if enabled else "droop off"])


def test_what_a_device_does_not_tell_is_left_alone() -> None:
    class Silent(Held):
        def read_enter_service(self) -> EnterServiceSettings:
            raise DeviceError("no")

    device = Silent(droop=replace(DROOP, response_s=math.nan))
    put_back = remember(device)  # type: ignore[arg-type]
    changed(device)
    put_back()
    assert (device.droop, device.service) == (OTHER_DROOP, OTHER_SERVICE)


def test_one_that_cannot_be_put_back_does_not_keep_the_other() -> None:
    class Stubborn(Held):
        def set_enter_service(self, settings: EnterServiceSettings) -> None:
            if settings.delay_s == SERVICE.delay_s:
                raise DeviceError("no")
            super().set_enter_service(settings)

    device = Stubborn()
    put_back = remember(device)  # type: ignore[arg-type]
    changed(device)
    with pytest.raises(DeviceError):
        put_back()
    assert (device.droop, device.service) == (DROOP, OTHER_SERVICE)


def test_over_the_wire_a_droop_that_was_off_is_off_again() -> None:
    with serving(unit_1=InverterEmulator("pv", 25.0, v_nom_v=208.0).registers) as wire:
        driver = SunSpecInverter(wire.link())
        driver.disable_frequency_droop()
        before = driver.read_frequency_droop(), driver.read_enter_service()
        assert not before[0].enabled
        put_back = remember(driver)
        changed(driver)
        assert driver.read_frequency_droop().enabled, "a droop that is set is followed"
        put_back()
        assert (driver.read_frequency_droop(), driver.read_enter_service()) == before


def test_a_procedure_that_is_left_in_the_middle_has_put_back_what_it_set() -> None:
    left: list[str] = []

    def procedure() -> Any:
        try:
            yield SimpleNamespace(verdict=Verdict.PASS)
        finally:
            left.append("put back")

    def stopped(_finding: object) -> None:
        raise TransportError("the record cannot be written")

    test = TypeTest(rig_of(Spoken()), load_figures(), stopped)
    with pytest.raises(TransportError) as caught:
        test.take(procedure())
    assert left == ["put back"], f"while {caught.value} is still held, nobody else would"


def test_a_test_that_breaks_off_leaves_the_device_as_it_found_it(tmp_path: Any) -> None:
    session = CertificationSession(tmp_path / "run", load_bench(BENCH), BENCH, "inverter", suite_named("ieee1547.1"), 1)
    trial = session.begin(ClauseTitle("5.15.2", "", "", "droop"))
    assert isinstance(trial.test, TypeTest)
    device = trial.test.rig.functions
    before = device.read_frequency_droop(), device.read_enter_service()
    step = in_service(trial.test, trial)
    next(step)
    changed(device)
    with pytest.raises(BenchError):
        step.throw(TransportError("it broke off"))
    assert (device.read_frequency_droop(), device.read_enter_service()) == before
    session.close(trial)
    session.leave()
