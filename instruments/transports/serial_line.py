"""Settings of a serial line for Modbus RTU, after MODBUS over Serial Line V1.02, section 2.5."""

from dataclasses import dataclass

BAUD_RATES = (1200, 2400, 4800, 9600, 19200, 38400, 57600, 115200, 230400, 460800, 921600)
PARITIES = ("N", "E", "O")
STOP_BITS = (1, 2)
FASTEST_BY_CHARACTERS = 19200
"""Up to this rate, baud, the silent interval is that of 3.5 characters; above, it is fixed."""
FIXED_SILENCE_S = 1.75e-3
SILENCE_CHARACTERS = 3.5


@dataclass(frozen=True)
class SerialLine:
    """A port and how it is set: eight bits, and parity even unless told otherwise, as the standard has it."""

    path: str
    baud: int
    parity: str = "E"
    stop: int = 1

    @property
    def character_s(self) -> float:
        """How long one character takes, s: start bit, eight bits, parity bit where there is one, stop bits."""
        return (1 + 8 + (self.parity != "N") + self.stop) / self.baud

    @property
    def silence_s(self) -> float:
        """The silent interval that separates frames, s (section 2.5.1.1)."""
        if self.baud > FASTEST_BY_CHARACTERS:
            return FIXED_SILENCE_S
        return SILENCE_CHARACTERS * self.character_s

    @property
    def settings(self) -> str:
        """How it is set, as people write it: 9600 8E1."""
        return f"{self.baud} 8{self.parity}{self.stop}"
