"""Emulated bidirectional DC sources that hold a voltage within a limit of current for either sign.

What makers have in common is the base, and their spelling the subclasses: Keysight leaves POSitive out, and its MIN of
the negative limit tells how much it takes; ITECH wants it said, and to be remote before it takes anything. The limits
count in voltage priority alone. Written from what is known of the instruments, and not from our driver's table.
"""

from dataclasses import replace
from typing import ClassVar

from instruments.emulators.battery_source import BatterySourceEmulator
from instruments.emulators.scpi_instrument import Call, Handler, scpi_number
from instruments.emulators.scpi_status import ScpiError

PRIORITIES = {"VOLT": "VOLT", "VOLTAGE": "VOLT", "CURR": "CURR", "CURRENT": "CURR"}
VOLTAGE = "[SOURce:]VOLTage[:LEVel][:IMMediate][:AMPLitude]"


class SignedBatteryEmulator(BatterySourceEmulator):
    """The source that SCPI-99 would have if it knew limits of either sign; it is in voltage priority always."""

    model = "emulated bidirectional source"
    positive: ClassVar[str] = "[SOURce:]CURRent[:LEVel]:LIMit[:POSitive][:IMMediate][:AMPLitude]"
    negative: ClassVar[str] = "[SOURce:]CURRent[:LEVel]:LIMit:NEGative[:IMMediate][:AMPLitude]"

    def _table(self) -> dict[str, Handler]:
        return {
            VOLTAGE: self._set_voltage,
            f"{VOLTAGE}?": lambda call: call.level(self.battery.voltage_v, 0.0, self.ratings.voltage_v),
            self.positive: self._set_positive,
            f"{self.positive}?": lambda call: call.level(self.battery.discharge_a, 0.0, self.ratings.discharge_a),
            self.negative: self._set_negative,
            f"{self.negative}?": lambda call: call.level(-self.battery.charge_a, -self.ratings.charge_a, 0.0),
            "OUTPut[:STATe]": self._switched,
            "OUTPut[:STATe]?": lambda _: str(int(self._is_on)),
            "MEASure[:SCALar]:VOLTage[:DC]?": lambda _: scpi_number(self.voltage_v),
            "MEASure[:SCALar]:CURRent[:DC]?": lambda _: scpi_number(self.current_a),
            "MEASure[:SCALar]:POWer[:DC]?": lambda _: scpi_number(self.power_w),
        }

    def _set_voltage(self, call: Call) -> None:
        self.battery = replace(self.battery, voltage_v=call.number(0.0, self.ratings.voltage_v))

    def _set_positive(self, call: Call) -> None:
        self.battery = replace(self.battery, discharge_a=call.number(0.0, self.ratings.discharge_a))

    def _set_negative(self, call: Call) -> None:
        self.battery = replace(self.battery, charge_a=-call.number(-self.ratings.charge_a, 0.0))


class PriorityBatteryEmulator(SignedBatteryEmulator):
    """One that holds a current in place of the voltage until it is told otherwise: then its limits mean nothing."""

    def _reset(self) -> None:
        super()._reset()
        self._priority = "CURR"

    def _table(self) -> dict[str, Handler]:
        function = {"[SOURce:]FUNCtion": self._set_priority, "[SOURce:]FUNCtion?": lambda _: self._priority}
        return super()._table() | function

    @property
    def _gives(self) -> bool:
        return super()._gives and self._priority == "VOLT"

    def _set_priority(self, call: Call) -> None:
        if call.text() not in PRIORITIES:
            raise ScpiError(-224, call.text())
        if self._is_on:
            raise ScpiError(-221, "output is on")
        self._priority = PRIORITIES[call.text()]


class KeysightBatteryEmulator(PriorityBatteryEmulator):
    """Speaks as Keysight's RP7900 does."""

    model = "emulated RP7900"


class ItechBatteryEmulator(PriorityBatteryEmulator):
    """Speaks as ITECH's IT6000C does: settings are refused until it is remote."""

    model = "emulated IT6000C"
    positive = "[SOURce:]CURRent[:LEVel]:LIMit:POSitive"
    negative = "[SOURce:]CURRent[:LEVel]:LIMit:NEGative"

    def _reset(self) -> None:
        super()._reset()
        self._remote = False

    def _table(self) -> dict[str, Handler]:
        table = super()._table()
        settings = {pattern: self._when_remote(handler) for pattern, handler in table.items() if pattern[-1] != "?"}
        return table | settings | {"SYSTem:REMote": self._go_remote, "SYSTem:LOCal": self._go_local}

    def _when_remote(self, handler: Handler) -> Handler:
        """Let a setting through where the instrument is remote."""

        def carry_out(call: Call) -> str | None:
            if not self._remote:
                raise ScpiError(-221, "local")
            return handler(call)

        return carry_out

    def _go_remote(self, _call: Call) -> None:
        self._remote = True

    def _go_local(self, _call: Call) -> None:
        self._remote = False
