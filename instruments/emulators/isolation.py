"""Emergency isolation of an inverter: the utility takes its permission away, and the customer cannot give it back.

The customer's energy management system has an interface of its own to the inverter, with the same registers. While the
utility's isolation is in force, what would permit service is refused there; everything else it may do.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from instruments.emulators.modbus_server import ILLEGAL_VALUE, ModbusRefusal
from instruments.emulators.sunspec_image import SunSpecImage

PERMITTING = frozenset({1, 3})
"""OpCtl of model 715: start, exit standby."""


class Isolation:
    """Who withdrew the permission to be in service, ES of model 703: what the utility withdrew it alone gives back."""

    def __init__(self, registers: SunSpecImage) -> None:
        self.in_force = False
        self._registers = registers
        self._is_customer = False

    @contextmanager
    def customer(self) -> Iterator[None]:
        """Take what is written meanwhile for the customer's."""
        self._is_customer = True
        try:
            yield
        finally:
            self._is_customer = False

    def written(self, names: frozenset[str], can_be_undone: bool) -> None:
        """Take a write to models 703 and 715; raises ModbusRefusal for one that would undo the isolation.

        `can_be_undone`: the device is defective, and lets the customer do so.
        """
        permits = self._permits(names)
        if self._is_customer:
            if self.in_force and permits and not can_be_undone:
                raise ModbusRefusal(ILLEGAL_VALUE)
            self.in_force = self.in_force and not permits
        elif "ES" in names:
            self.in_force = not permits

    def _permits(self, names: frozenset[str]) -> bool:
        permits_service = "ES" in names and self._registers.model(703).get("ES") == 1
        return permits_service or ("OpCtl" in names and self._registers.model(715).get("OpCtl") in PERMITTING)


class CustomerInterface:
    """Register bank for the customer's side of an inverter: the same image, behind the utility's isolation."""

    def __init__(self, registers: SunSpecImage, isolation: Isolation) -> None:
        self._registers, self._isolation = registers, isolation

    def read(self, address: int, count: int) -> list[int]:
        """Return registers; raises ModbusRefusal."""
        return self._registers.read(address, count)

    def write(self, address: int, values: list[int]) -> None:
        """Take all of the registers or none; raises ModbusRefusal."""
        with self._isolation.customer():
            self._registers.write(address, values)
