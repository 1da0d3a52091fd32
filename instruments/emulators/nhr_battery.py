"""Emulated battery simulator that speaks as NH Research's 9200 and 9300 do.

Dialect: one command has the mode, what counts of the rest, voltage, current, power and resistance; in battery mode the
one current limits both ways. What the module is able to do is asked by itself; a measurement is started by the first
query, and the others fetch from it. Written from what is known of the instruments, and not from our driver's table.
"""

from instruments.emulators.battery_source import BatterySourceEmulator, HeldBattery
from instruments.emulators.scpi_instrument import Call, Handler, scpi_number
from instruments.emulators.scpi_status import ScpiError

OFF, BATTERY, LAST_MODE = 0, 4, 4
VOLTAGE, CURRENT, EVERYTHING = 1, 2, 15
HIGHEST_OHM = 1000.0


class NhrBatteryEmulator(BatterySourceEmulator):
    """Battery simulator of one module; only its modes off and battery give or take something here."""

    model = "emulated 9200"

    def _reset(self) -> None:
        super()._reset()
        self._operation = (0, 0, 0.0, 0.0, 0.0, 0.0)
        self._remote = self._charging_is_negative = False
        self._acquired = (0.0, 0.0)

    def _table(self) -> dict[str, Handler]:
        return {
            "SYSTem:REMote": lambda _: self._set_remote(True),
            "SYSTem:LOCal": lambda _: self._set_remote(False),
            "CONFigure:CINegative": self._set_sign,
            "BDVoltage": self._detect,
            "OPERation": self._operate,
            "OPERation?": lambda _: ",".join(f"{value:g}" for value in self._operation),
            **self._capabilities(),
            "MEASure:VOLTage?": lambda _: self._acquire(),
            "FETCh:CURRent?": lambda _: scpi_number(self._acquired[0]),
            "FETCh:POWer?": lambda _: scpi_number(self._acquired[1]),
        }

    def _capabilities(self) -> dict[str, Handler]:
        ratings = self.ratings
        highest = {
            "VOLTage": ratings.voltage_v,
            "CURRent:DISCharge": ratings.discharge_a,
            "CURRent:CHARge": ratings.charge_a,
        }
        lowest = {f"INSTrument:CAPabilities:{what}:MINimum?": _telling(0.0) for what in highest}
        return lowest | {f"INSTrument:CAPabilities:{what}:MAXimum?": _telling(most) for what, most in highest.items()}

    def _set_remote(self, remote: bool) -> None:
        self._remote = remote

    def _set_sign(self, call: Call) -> None:
        self._charging_is_negative = call.switch()

    def _detect(self, call: Call) -> None:
        call.number(0.0, self.ratings.voltage_v)

    def _operate(self, call: Call) -> None:
        if not self._remote:
            raise ScpiError(-221, "local")
        ratings = self.ratings
        most_a = min(ratings.discharge_a, ratings.charge_a)
        mode, counts = int(call.number(0, LAST_MODE)), int(call.number(0, EVERYTHING, 1))
        voltage_v, current_a = call.number(0.0, ratings.voltage_v, 2), call.number(0.0, most_a, 3)
        power_w = call.number(0.0, ratings.voltage_v * most_a, 4)
        self._operation = (mode, counts, voltage_v, current_a, power_w, call.number(0.0, HIGHEST_OHM, 5))
        held_a = current_a if counts & CURRENT else most_a
        self.battery = HeldBattery(voltage_v if counts & VOLTAGE else 0.0, held_a, held_a)
        self._switch(mode == BATTERY)

    def _acquire(self) -> str:
        sign = 1.0 if self._charging_is_negative else -1.0
        self._acquired = (sign * self.current_a, sign * self.power_w)
        return scpi_number(self.voltage_v)


def _telling(value: float) -> Handler:
    return lambda _: scpi_number(value)
