"""Driver of a battery with a SunSpec endpoint: models 1, 701, 702, 704, 713 and 714, and 802 where it has that."""

from instruments.drivers.fence import check_power, check_reversion, check_vars
from instruments.drivers.sunspec_der import command_power
from instruments.drivers.sunspec_der_driver import SunSpecDer
from instruments.drivers.sunspec_reactive import command_vars, disable_vars
from instruments.drivers.sunspec_storage import (
    read_charge_status,
    read_limits,
    read_ramp_rate,
    set_ramp_rate,
    set_reserve,
)
from instruments.errors import InstrumentError
from instruments.readings import ChargeStatus, PowerCommand, StorageLimits, StorageReading

SERVICE, PERMITTED = 703, 1


class SunSpecBattery(SunSpecDer):
    """Fits the roles Battery and StorageFunctions."""

    def read_storage(self) -> StorageReading:
        """Read state of charge, energy and power; raises InstrumentError when it does not give all of them."""
        state, port = self._device.read(713), self._device.read(714, "ID", "DCWH_SF")
        self._device.require(state, "SoC", "WHAvail", "WHRtg")
        self._device.require(port, "DCW")
        return StorageReading(
            soc_pct=state.number("SoC"),
            energy_wh=state.number("WHAvail"),
            capacity_wh=state.number("WHRtg"),
            power_w=port.number("DCW"),
            health_pct=state.number("SoH"),
        )

    def read_limits(self) -> StorageLimits:
        """Read what it states of its limits of charge."""
        return read_limits(self._device)

    def read_charge_status(self) -> ChargeStatus:
        """Read whether it says that it is full, empty or at work."""
        return read_charge_status(self._device)

    def set_reserve_pct(self, reserve_pct: float) -> None:
        """Set what has to stay in it, per cent of capacity; read back."""
        set_reserve(self._device, reserve_pct)

    def read_ramp_pct_per_s(self) -> float:
        """Read how fast generated power may rise, per cent of rated power a second; NaN where that cannot be set."""
        return read_ramp_rate(self._device)

    def set_ramp_pct_per_s(self, pct_per_s: float) -> None:
        """Set how fast generated power may rise, whole per cent of rated power a second; read back."""
        set_ramp_rate(self._device, pct_per_s)

    def set_reactive_power(self, share_pu: float) -> None:
        """Command vars, a share of rated VA, > 0 injected; read back.

        Raises SafetyTrip, before anything is sent, for more than nameplate or envelope have.
        """
        check_vars(self._device.name, self.read_nameplate(), self._envelope, share_pu)
        command_vars(self._device, share_pu)

    def disable_reactive_commands(self) -> None:
        """Switch off every command of reactive power that it has; read back."""
        disable_vars(self._device)

    def enter_service(self) -> None:
        """Permit service, where it has a permit (model 703); raises InstrumentError when it does not hold it."""
        if SERVICE not in self._device.models():
            return
        self._device.write(SERVICE, {"ES": PERMITTED})
        if self._device.read(SERVICE, "ES", "ES").number("ES") != PERMITTED:
            raise InstrumentError(f"{self._device.name} was permitted service, and does not hold it")

    def set_power_w(self, power_w: float, reversion_s: float) -> PowerCommand:
        """Command a power, W, > 0 to discharge, which ends by itself after `reversion_s`; return the read-back.

        Raises SafetyTrip, before anything is sent, for a power outside nameplate or envelope and for a command without
        an end: storage must not go on when whoever commanded it is gone.
        """
        check_reversion(self._device.name, reversion_s, shortest_s=1.0)
        check_power(self._device.name, self.read_nameplate(), self._envelope, power_w)
        return command_power(self._device, power_w, reversion_s)

    def make_safe(self) -> None:
        """Let the battery idle and give no vars, and read back that it was told so; both are tried."""
        try:
            self.release()
        finally:
            self.disable_reactive_commands()
