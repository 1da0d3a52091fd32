"""Emulated AC source that speaks as AMETEK's MX and RS do.

Dialect: a phase is selected, or all are coupled, before they are spoken of; angles lead; measurements are those of the
selected phase. Written from what is known of the instruments (facts of public drivers and of the manual), and not from
the table that our driver uses.
"""

from instruments.emulators.ac_source import LARGEST_ANGLE_DEG, AcSourceEmulator
from instruments.emulators.scpi_instrument import Call, Handler, scpi_number
from instruments.emulators.scpi_status import ScpiError

_COUPLINGS = ("ALL", "NONE")


class AmetekSourceEmulator(AcSourceEmulator):
    """Three-phase source with a selected phase."""

    model = "emulated MX"

    def _reset(self) -> None:
        self._coupled, self._selected = True, 0
        super()._reset()

    def _open_output(self) -> None:
        self._on = False

    @property
    def _is_on(self) -> bool:
        return self._on

    def _table(self) -> dict[str, Handler]:
        highest_v = self.ratings.voltage_v[1]
        return {
            "INSTrument:COUPle": self._couple,
            "INSTrument:COUPle?": lambda _: "ALL" if self._coupled else "NONE",
            "INSTrument:NSELect": self._select,
            "INSTrument:NSELect?": lambda _: str(self._selected + 1),
            "[SOURce:]VOLTage[:LEVel][:AC]": self._set_voltage,
            "[SOURce:]VOLTage[:LEVel][:AC]?": lambda _: scpi_number(self._voltage_v[self._selected]),
            "[SOURce:]VOLTage:RANGe?": lambda _: scpi_number(highest_v),
            "[SOURce:]PHASe": self._set_angle,
            "[SOURce:]PHASe?": lambda _: scpi_number(self._angle_deg[self._selected]),
            "[SOURce:]FREQuency": self._set_frequency,
            "[SOURce:]FREQuency?": lambda call: call.level(self._frequency_hz, *self.ratings.frequency_hz),
            "[SOURce:]CURRent": self._set_current_limit,
            "[SOURce:]CURRent?": lambda call: call.level(self._current_limit_a, 0.0, self.ratings.current_a),
            "OUTPut[:STATe]": self._switch_output,
            "OUTPut[:STATe]?": lambda _: str(int(self._on)),
            "OUTPut:PROTection:CLEar": lambda _: self._clear_protection(),
            "MEASure:VOLTage:AC?": lambda _: scpi_number(self.node.voltage_v[self._selected]),
            "MEASure:CURRent:AC?": lambda _: scpi_number(self.node.current_a[self._selected]),
            "MEASure:POWer:AC?": lambda _: scpi_number(-self.node.power().p_w[self._selected]),
            "MEASure:FREQuency?": lambda _: scpi_number(self.node.frequency_hz),
        }

    def _couple(self, call: Call) -> None:
        if call.text() not in _COUPLINGS:
            raise ScpiError(-224, call.text())
        self._coupled = call.text() == "ALL"

    def _select(self, call: Call) -> None:
        self._selected = int(call.number(1, self.node.phases)) - 1

    def _meant(self) -> range:
        return range(self.node.phases) if self._coupled else range(self._selected, self._selected + 1)

    def _set_voltage(self, call: Call) -> None:
        value = call.number(*self.ratings.voltage_v)
        self._assign(self._voltage_v, self._meant(), value)

    def _set_angle(self, call: Call) -> None:
        value = call.number(-LARGEST_ANGLE_DEG, LARGEST_ANGLE_DEG)
        self._assign(self._angle_deg, self._meant(), value)

    def _switch_output(self, call: Call) -> None:
        on = call.switch()
        if on:
            self._require_untripped()
        self._on = on
        self._drive()
