"""A battery behind an inverter is one system: what is commanded at both, and what is tried when one of them fails."""

from typing import Any

import pytest

from bench.certification.storage.hybrid import HybridStorage
from instruments.errors import InstrumentError


class Part:
    """Notes what it is told; `broken` refuses all of it."""

    def __init__(self, broken: bool = False) -> None:
        self.told: list[tuple[Any, ...]] = []
        self._broken = broken

    def __getattr__(self, name: str) -> Any:
        def called(*arguments: Any) -> None:
            self.told.append((name, *arguments))
            if self._broken:
                raise InstrumentError(f"{name} is refused")

        return called


def test_power_is_commanded_at_both_and_vars_at_the_inverter_alone() -> None:
    inverter, battery = Part(), Part()
    storage = HybridStorage(inverter, battery)
    storage.set_power_w(-5e3, 60.0)
    storage.set_reactive_power(0.2)
    assert inverter.told == [("set_power_w", -5e3, 60.0), ("set_reactive_power", 0.2)]
    assert battery.told == [("set_power_w", -5e3, 60.0)]


@pytest.mark.parametrize("broken", ["inverter", "battery"])
def test_both_are_released_whichever_refuses(broken: str) -> None:
    inverter, battery = Part(broken == "inverter"), Part(broken == "battery")
    with pytest.raises(InstrumentError):
        HybridStorage(inverter, battery).release()
    assert inverter.told == battery.told == [("release",)]


def test_charge_its_limits_and_its_ramp_are_the_batterys() -> None:
    inverter, battery = Part(), Part()
    storage = HybridStorage(inverter, battery)
    for call in (storage.read_storage, storage.read_limits, storage.read_charge_status, storage.read_ramp_pct_per_s):
        call()
    storage.set_reserve_pct(20.0)
    storage.set_ramp_pct_per_s(5.0)
    assert inverter.told == []
    assert len(battery.told) == 6
