"""What the drivers of inverters and batteries on SunSpec share, whatever else each of them can be told."""

from instruments.drivers.fence import UNFENCED, DerEnvelope
from instruments.drivers.sunspec_as_set import read_as_set
from instruments.drivers.sunspec_der import read_ac, read_command, read_nameplate, release_power
from instruments.drivers.sunspec_device import SunSpecDevice
from instruments.readings import AcReading, Identity, Nameplate, PowerCommand
from instruments.transports.modbus import ModbusLink


class SunSpecDer:
    """What the drivers of inverter and battery share: who it is, its ratings, its terminals, its settings and command.

    Every method talks to the device and raises TransportError when the link fails, InstrumentError when the device
    refuses or does not read back what was written.
    """

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

    def read_as_set(self) -> dict[str, float | str]:
        """Read ratings and settings, by the labels of the common file format."""
        return read_as_set(self._device)

    def read_ac(self) -> AcReading:
        """Read what the device says of its terminals; on DC there is no voltage and no frequency."""
        return read_ac(self._device)

    def read_command(self) -> PowerCommand:
        """Read the set-point that the device holds, which is not what it delivers."""
        return read_command(self._device)

    def release(self) -> None:
        """End the active-power command; a battery idles then."""
        release_power(self._device)
