"""Real equipment is waited for before a scenario begins: inverters that come into service, banks that discharge."""

from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import pytest

from bench.assembly.start_up import WallTime, start_up
from bench.config import Device
from instruments.errors import InstrumentError, TransportError


@dataclass
class Time:
    """Time that passes when somebody waits."""

    now_s: float = 1000.0

    def wall(self) -> WallTime:
        return WallTime(lambda: self.now_s, self.wait)

    def wait(self, seconds: float) -> None:
        assert seconds > 0.0
        self.now_s += seconds


@dataclass
class Inverter:
    """In service so long after it was permitted to be."""

    time: Time
    delay_s: float
    permitted_s: float = field(default=float("inf"))

    def enter_service(self) -> None:
        self.permitted_s = self.time.now_s

    def read_ac(self) -> Any:
        ready = self.time.now_s >= self.permitted_s + self.delay_s
        return SimpleNamespace(connected=ready, running=ready)


@dataclass
class Bank:
    """Discharged at a moment."""

    time: Time
    discharged_s: float

    def read_status(self) -> Any:
        return SimpleNamespace(discharge_left_s=max(0.0, self.discharged_s - self.time.now_s))


def bench_of(**roles: str) -> Any:
    """A bench with real devices that may take 400 s; those named `emulated_...` are not real."""
    return SimpleNamespace(devices={name: section(role, "emulated" in name) for name, role in roles.items()})


def section(role: str, emulated: bool) -> Device:
    rated = {"rating_kva": 10.0, "start_up_s": 400.0}
    return Device.model_validate(
        {"role": role, "driver": "any", "resource": "any", **rated} | ({"emulate": {}} if emulated else {})
    )


def test_the_slowest_of_them_is_waited_for_and_nothing_longer() -> None:
    time = Time()
    drivers = {"pv": Inverter(time, 300.0), "bank": Bank(time, 1120.0), "meter": object()}
    start_up(bench_of(pv="inverter", bank="capacitor_bank", meter="meter"), drivers, time.wall())
    assert time.now_s == pytest.approx(1300.0, abs=1.0)


def test_what_is_emulated_here_begins_at_once() -> None:
    time = Time()
    untouched = Inverter(time, 300.0)
    start_up(bench_of(emulated_pv="inverter"), {"emulated_pv": untouched}, time.wall())
    assert (time.now_s, untouched.permitted_s) == (1000.0, float("inf"))


def test_what_is_not_ready_in_its_time_is_named_with_the_reason() -> None:
    time = Time()
    drivers = {"pv": Inverter(time, 500.0), "bank": Bank(time, 1450.0), "quick": Inverter(time, 10.0)}
    bench = bench_of(pv="inverter", bank="capacitor_bank", quick="inverter")
    with pytest.raises(InstrumentError) as caught:
        start_up(bench, drivers, time.wall())
    assert str(caught.value) == (
        "not ready after 400 s: pv has not come into service; bank is locked out for another 50 s"
    )


def test_a_device_that_does_not_answer_is_named() -> None:
    class Silent:
        def enter_service(self) -> None:
            raise TransportError("no answer")

    with pytest.raises(TransportError, match="pv: no answer"):
        start_up(bench_of(pv="inverter"), {"pv": Silent()}, Time().wall())
