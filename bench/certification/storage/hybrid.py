"""A battery behind the DC link of an inverter, both with interfaces of their own, as the one storage system it is."""

from instruments.readings import ChargeStatus, PowerCommand, StorageLimits, StorageReading
from instruments.roles import StorageBridge, StorageFunctions


class HybridStorage:
    """Fits the role StorageFunctions: power is commanded at both, vars at the inverter, charge is the battery's."""

    def __init__(self, inverter: StorageBridge, battery: StorageFunctions) -> None:
        self._inverter, self._battery = inverter, battery

    def enter_service(self) -> None:
        """Permit service of both."""
        self._inverter.enter_service()
        self._battery.enter_service()

    def set_power_w(self, power_w: float, reversion_s: float) -> PowerCommand:
        """Command a power: the inverter passes what lies between nothing and its own set-point."""
        self._inverter.set_power_w(power_w, reversion_s)
        return self._battery.set_power_w(power_w, reversion_s)

    def release(self) -> None:
        """End the commands of power; both are tried."""
        try:
            self._battery.release()
        finally:
            self._inverter.release()

    def set_reactive_power(self, share_pu: float) -> None:
        """Command vars, a share of the inverter's rated VA."""
        self._inverter.set_reactive_power(share_pu)

    def disable_reactive_commands(self) -> None:
        """Switch off the commands of vars."""
        self._inverter.disable_reactive_commands()

    def read_storage(self) -> StorageReading:
        """Read the battery's charge."""
        return self._battery.read_storage()

    def read_limits(self) -> StorageLimits:
        """Read what the battery states of its limits."""
        return self._battery.read_limits()

    def read_charge_status(self) -> ChargeStatus:
        """Read what the battery says that it is about."""
        return self._battery.read_charge_status()

    def set_reserve_pct(self, reserve_pct: float) -> None:
        """Set what has to stay in the battery."""
        self._battery.set_reserve_pct(reserve_pct)

    def read_ramp_pct_per_s(self) -> float:
        """Read the battery's ramp rate."""
        return self._battery.read_ramp_pct_per_s()

    def set_ramp_pct_per_s(self, pct_per_s: float) -> None:
        """Set the battery's ramp rate."""
        self._battery.set_ramp_pct_per_s(pct_per_s)
