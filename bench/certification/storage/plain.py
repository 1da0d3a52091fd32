"""A battery whose interface has power and charge, and nothing else of what the suite asks for."""

import math
from typing import NoReturn

from bench.certification.not_passed import NotPassed
from instruments.readings import ChargeStatus, PowerCommand, StorageLimits, StorageReading
from instruments.roles import Battery
from reports.verdict import Verdict


class PlainStorage:
    """Fits the role StorageFunctions: what its driver cannot do is not run, and told so."""

    def __init__(self, name: str, battery: Battery) -> None:
        self._name, self._battery = name, battery

    def enter_service(self) -> None:
        """Its interface has no permit: it is in service when its source is."""

    def set_power_w(self, power_w: float, reversion_s: float) -> PowerCommand:
        """Command a power."""
        return self._battery.set_power_w(power_w, reversion_s)

    def release(self) -> None:
        """End the command of power."""
        self._battery.release()

    def read_storage(self) -> StorageReading:
        """Read its charge."""
        return self._battery.read_storage()

    def read_limits(self) -> StorageLimits:
        """Nothing is stated."""
        return StorageLimits(math.nan, math.nan, math.nan, math.nan)

    def read_charge_status(self) -> ChargeStatus:
        """Nothing is said."""
        return ""

    def read_ramp_pct_per_s(self) -> float:
        """No ramp rate can be set."""
        return math.nan

    def set_ramp_pct_per_s(self, pct_per_s: float) -> None:
        """Raise NotPassed, NOT_RUN."""
        self._lacks(f"no ramp rate that could be {pct_per_s:g} % a second")

    def set_reserve_pct(self, reserve_pct: float) -> None:
        """Raise NotPassed, NOT_RUN."""
        self._lacks(f"no reserve that could be {reserve_pct:g} %")

    def set_reactive_power(self, share_pu: float) -> None:
        """Raise NotPassed, NOT_RUN."""
        self._lacks(f"no command of vars that could be {share_pu:g} of rated VA")

    def disable_reactive_commands(self) -> None:
        """There are none."""

    def _lacks(self, what: str) -> NoReturn:
        raise NotPassed(f"the interface of {self._name} has {what}", Verdict.NOT_RUN)
