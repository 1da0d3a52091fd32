"""Driver of a battery with a SunSpec endpoint: models 1, 701, 702, 704, 713 and 714."""

from instruments.drivers.fence import UNFENCED, DerEnvelope, check_power, check_reversion
from instruments.drivers.sunspec_der import (
    command_power,
    read_ac,
    read_command,
    read_nameplate,
    release_power,
)
from instruments.drivers.sunspec_device import SunSpecDevice
from instruments.readings import AcReading, Identity, Nameplate, PowerCommand, StorageReading
from instruments.transports.modbus import ModbusLink


class SunSpecBattery:
    """Fits the role Battery."""

    def __init__(self, link: ModbusLink, envelope: DerEnvelope = UNFENCED) -> None:
        """Take what the bench allows, beside the nameplate."""
        self._envelope = envelope
        self._device = SunSpecDevice(link)
        self._nameplate: Nameplate | None = None

    def identify(self) -> Identity:
        """Read who answers."""
        return self._device.identify()

    def read_nameplate(self) -> Nameplate:
        """Read the ratings; asked of the device once."""
        if self._nameplate is None:
            self._nameplate = read_nameplate(self._device)
        return self._nameplate

    def read_ac(self) -> AcReading:
        """Read what the battery says of its terminals; on DC there is no voltage and no frequency."""
        return read_ac(self._device)

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
        )

    def read_command(self) -> PowerCommand:
        """Read the set-point that the battery holds, which is not what it delivers."""
        return read_command(self._device)

    def set_power_w(self, power_w: float, reversion_s: float) -> PowerCommand:
        """Command a power, W, > 0 to discharge, which ends by itself after `reversion_s`; return the read-back.

        Raises SafetyTrip, before anything is sent, for a power outside nameplate or envelope and for a command without
        an end: storage must not go on when whoever commanded it is gone.
        """
        check_reversion(self._device.name, reversion_s, shortest_s=1.0)
        check_power(self._device.name, self.read_nameplate(), self._envelope, power_w)
        return command_power(self._device, power_w, reversion_s)

    def release(self) -> None:
        """End the command; the battery idles."""
        release_power(self._device)

    def make_safe(self) -> None:
        """Let the battery idle, and read back that it was told so."""
        self.release()
