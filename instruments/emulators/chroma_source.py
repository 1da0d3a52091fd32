"""Emulated AC source that speaks as Chroma's 61600 does.

Dialect: what is edited is chosen before; the angles of the second and the third phase lag the first; the output has a
relay and a state; after `*RST` it is deaf for three seconds. Written from what is known of the instruments, and not
from the table that our driver uses.
"""

from collections.abc import Sequence
from functools import partial

from instruments.emulators.ac_source import AcSourceEmulator
from instruments.emulators.scpi_instrument import Call, Handler, scpi_number
from instruments.emulators.scpi_status import ScpiError
from instruments.emulators.transient import Line, LineBuilder, Transient

SETTLES_S = 3.0
MOST_POINTS = 100
LONGEST_MS = 90_000_000.0
_ONE_TURN_DEG = 360.0


class ChromaSourceEmulator(AcSourceEmulator):
    """Three-phase source with two switches."""

    model = "emulated 61600"

    def _identity(self) -> str:
        return ",".join((f"derbench {self.model}", self.name, "1.0", "1.1", "1.2"))

    def _reset(self) -> None:
        self._edited: int | None = None
        self._mode, self._coupling = "FIXED", "THREE"
        self._base, self._automatic = "TIME", False
        self._columns: dict[str, tuple[float, ...]] = {}
        super()._reset()

    def _reset_by_command(self, _call: Call) -> None:
        self._reset()
        deaf_until_s = self.time_s + SETTLES_S
        self.scpi.is_deaf = lambda: self.time_s < deaf_until_s

    def _open_output(self) -> None:
        self._relay = self._state = False

    @property
    def _is_on(self) -> bool:
        return self._relay and self._state

    def _table(self) -> dict[str, Handler]:
        highest_v = self.ratings.voltage_v[1]
        return {
            "*RST": self._reset_by_command,
            "INSTrument:EDIT": self._edit,
            "[SOURce:]VOLTage[:LEVel][:IMMediate][:AMPLitude]:AC": self._set_voltage,
            "[SOURce:]VOLTage[:LEVel][:IMMediate][:AMPLitude]:AC?": lambda _: scpi_number(self._voltage_v[self._shown]),
            "[SOURce:]VOLTage:LIMit:AC?": lambda _: scpi_number(highest_v),
            "[SOURce:]PHASe:P12": lambda call: self._lag(1, call),
            "[SOURce:]PHASe:P13": lambda call: self._lag(2, call),
            "[SOURce:]PHASe:P12?": lambda _: self._lag_of(1),
            "[SOURce:]PHASe:P13?": lambda _: self._lag_of(2),
            "[SOURce:]PHASe:THREe": self._set_coupling,
            "[SOURce:]FREQuency": self._set_frequency,
            "[SOURce:]FREQuency?": lambda _: scpi_number(self._frequency_hz),
            "[SOURce:]CURRent:LIMit": self._set_current_limit,
            "[SOURce:]CURRent:LIMit?": lambda _: scpi_number(self._current_limit_a),
            "OUTPut:SLEW:VOLTage:AC?": lambda _: scpi_number(self.ratings.voltage_slew_v_per_s),
            "OUTPut:SLEW:FREQuency?": lambda _: scpi_number(self.ratings.frequency_slew_hz_per_s),
            "LIST:BASE": self._set_base,
            "LIST:TRIG": lambda call: self._set_automatic(call.text()),
            **{f"LIST:{name}": partial(self._store, name, span) for name, span in self._column_spans().items()},
            "TRIG": self._trigger,
            "OUTPut:MODE": self._set_mode,
            "OUTPut:MODE?": lambda _: self._mode,
            "OUTPut:RELay": self._switch_relay,
            "OUTPut:RELay?": lambda _: "ON" if self._relay else "OFF",
            "OUTPut[:STATe]": self._switch_state,
            "OUTPut[:STATe]?": lambda _: "ON" if self._state else "OFF",
            "FETCh:VOLTage:ACDC?": lambda _: scpi_number(self.node.voltage_v[self._shown]),
            "FETCh:CURRent:AC?": lambda _: scpi_number(self.node.current_a[self._shown]),
            "FETCh:POWer:AC?": lambda _: scpi_number(-self.node.power().p_w[self._shown]),
            "FETCh:FREQuency?": lambda _: scpi_number(self.node.frequency_hz),
        }

    def _column_spans(self) -> dict[str, tuple[float, float]]:
        """Return the columns of a list, and between which values each is; durations are in milliseconds."""
        volts, hertz = self.ratings.voltage_v, self.ratings.frequency_hz
        return {
            "DWELl": (1.0, LONGEST_MS),
            "VOLTage:AC:STARt": volts,
            "VOLTage:AC:END": volts,
            "FREQuency:STARt": hertz,
            "FREQuency:END": hertz,
        }

    def _store(self, name: str, span: tuple[float, float], call: Call) -> None:
        if len(call.parameters) > MOST_POINTS:
            raise ScpiError(-223)
        self._columns[name] = tuple(call.number(*span, index=i) for i in range(max(1, len(call.parameters))))

    def _set_base(self, call: Call) -> None:
        if call.text() not in {"TIME", "CYCLE"}:
            raise ScpiError(-224, call.text())
        self._base = call.text()

    def _set_automatic(self, word: str) -> None:
        if word not in {"AUTO", "MANUAL"}:
            raise ScpiError(-224, word)
        self._automatic = word == "AUTO"

    def _trigger(self, call: Call) -> None:
        """Begin the list that is stored, or leave it."""
        if not call.switch():
            self._transient = None
            self._drive()
        elif (self._mode, self._base, self._automatic) != ("LIST", "TIME", True):
            raise ScpiError(-221, "no list to begin")
        else:
            self._start(self._stored())

    def _stored(self) -> Transient:
        if len({len(self._columns.get(name, ())) for name in self._column_spans()}) > 1 or not self._columns:
            raise ScpiError(-226)
        dwell_s = [duration_ms / 1000.0 for duration_ms in self._columns["DWELl"]]
        volts, hertz = self._line("VOLTage:AC", dwell_s), self._line("FREQuency", dwell_s)
        return Transient(sum(dwell_s), (volts,) * self.node.phases, hertz)

    def _line(self, name: str, dwell_s: Sequence[float]) -> Line:
        starts, ends = self._columns[f"{name}:STARt"], self._columns[f"{name}:END"]
        drawn = LineBuilder(starts[0])
        for start, end, duration_s in zip(starts, ends, dwell_s, strict=True):
            drawn.jump(start)
            drawn.ramp(end, duration_s)
        return drawn.line

    @property
    def _shown(self) -> int:
        """The phase of which queries tell; the first where all are edited."""
        return self._edited or 0

    def _edit(self, call: Call) -> None:
        self._edited = None if call.text() == "ALL" else int(call.number(1, self.node.phases)) - 1

    def _set_voltage(self, call: Call) -> None:
        value = call.number(*self.ratings.voltage_v)
        self._assign(self._voltage_v, range(self.node.phases) if self._edited is None else (self._edited,), value)

    def _lag(self, phase: int, call: Call) -> None:
        value = call.number(0.0, _ONE_TURN_DEG)
        if self._coupling != "INDEPEND":
            raise ScpiError(-221, "phases are coupled")
        self._assign(self._angle_deg, (phase,), -value)

    def _lag_of(self, phase: int) -> str:
        return scpi_number(-self._angle_deg[phase] % _ONE_TURN_DEG)

    def _set_coupling(self, call: Call) -> None:
        if call.text() not in {"INDEPEND", "THREE"}:
            raise ScpiError(-224, call.text())
        self._coupling = call.text()

    def _set_mode(self, call: Call) -> None:
        if call.text() not in {"FIXED", "LIST"}:
            raise ScpiError(-224, call.text())
        self._mode = call.text()

    def _switch_relay(self, call: Call) -> None:
        on = call.switch()
        if on:
            self._require_untripped()
        self._relay = on
        self._drive()

    def _switch_state(self, call: Call) -> None:
        on = call.switch()
        if on and not self._relay:
            raise ScpiError(-221, "the relay is open")
        self._state = on
        self._drive()
