"""Emulated bidirectional source that speaks as EA Elektro-Automatik's PSB does.

Dialect: nothing is set before remote control is locked; the sink has a current and a power of its own; numbers are
answered with their units; no more than five units come in one message; there is no `*OPC?`. Written from what is known
of the instruments, and not from our driver's table.
"""

from collections.abc import Callable
from dataclasses import replace

from instruments.emulators.battery_source import BatterySourceEmulator
from instruments.emulators.scpi_instrument import Call, Handler
from instruments.emulators.scpi_status import ScpiError, Status

MOST_UNITS = 5
HIGHEST_W = 1e6
ABSENT = ("*OPC", "*OPC?", "*WAI", "*TST?")


class EaStatus(Status):
    """A queue in which any header that is not known is a command error."""

    def error_entry(self, code: int, detail: str = "") -> str:
        """Word an error as the queue has it: without the detail of what was sent."""
        del detail
        return super().error_entry(-100 if code in {-113, -114} else code)


class EaBatteryEmulator(BatterySourceEmulator):
    """Bidirectional source with one output."""

    model = "emulated PSB 9000"

    def _make_status(self) -> Status:
        return EaStatus()

    def _reset(self) -> None:
        super()._reset()
        self.scpi.most_units = MOST_UNITS
        self._locked = False
        self._give_w = self._take_w = 0.0

    @property
    def _span_w(self) -> tuple[float, float]:
        lowest_w, highest_w = super()._span_w
        return max(lowest_w, -self._take_w), min(highest_w, self._give_w)

    def _table(self) -> dict[str, Handler]:
        ratings = self.ratings
        return {
            **dict.fromkeys(ABSENT, _absent),
            "SYSTem:LOCK": self._lock,
            "SYSTem:LOCK:OWNer?": lambda _: "REMOTE" if self._locked else "NONE",
            "[SOURce:]VOLTage": self._locked_only(self._set_voltage),
            "[SOURce:]VOLTage?": lambda _: f"{self.battery.voltage_v:.2f}V",
            "[SOURce:]CURRent": self._locked_only(self._set_current),
            "[SOURce:]CURRent?": lambda _: f"{self.battery.discharge_a:.2f}A",
            "[SOURce:]POWer": self._locked_only(self._set_power),
            "SINK:CURRent": self._locked_only(self._set_sink_current),
            "SINK:CURRent?": lambda _: f"{self.battery.charge_a:.2f}A",
            "SINK:POWer": self._locked_only(self._set_sink_power),
            "OUTPut": self._locked_only(self._switched),
            "OUTPut?": lambda _: "ON" if self._is_on else "OFF",
            "MEASure[:SCALar]:VOLTage[:DC]?": lambda _: f"{self.voltage_v:.2f}V",
            "MEASure[:SCALar]:CURRent[:DC]?": lambda _: f"{self.current_a:z.2f}A",
            "MEASure[:SCALar]:POWer[:DC]?": lambda _: f"{self.power_w:z.0f}W",
            "[SOURce:]VOLTage:LIMit:LOW?": lambda _: "0.00V",
            "[SOURce:]VOLTage:LIMit:HIGH?": lambda _: f"{ratings.voltage_v:.2f}V",
            "[SOURce:]CURRent:LIMit:HIGH?": lambda _: f"{ratings.discharge_a:.2f}A",
            "SINK:CURRent:LIMit:HIGH?": lambda _: f"{ratings.charge_a:.2f}A",
        }

    def _locked_only(self, handler: Callable[[Call], None]) -> Handler:
        def carry_out(call: Call) -> None:
            if not self._locked:
                raise ScpiError(-201)
            handler(call)

        return carry_out

    def _lock(self, call: Call) -> None:
        self._locked = call.switch()

    def _set_voltage(self, call: Call) -> None:
        self.battery = replace(self.battery, voltage_v=call.number(0.0, self.ratings.voltage_v))

    def _set_current(self, call: Call) -> None:
        self.battery = replace(self.battery, discharge_a=call.number(0.0, self.ratings.discharge_a))

    def _set_sink_current(self, call: Call) -> None:
        self.battery = replace(self.battery, charge_a=call.number(0.0, self.ratings.charge_a))

    def _set_power(self, call: Call) -> None:
        self._give_w = call.number(0.0, HIGHEST_W)

    def _set_sink_power(self, call: Call) -> None:
        self._take_w = call.number(0.0, HIGHEST_W)


def _absent(_call: Call) -> None:
    raise ScpiError(-113)
