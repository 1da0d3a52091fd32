"""Emulated AC source that speaks as Pacific Power's UPC controllers do.

Dialect: a suffix is the phase; angles of the second and the third phase lag the first; errors come in classes of a
hundred, and reading one clears its bit of the event status; bit 0 of the status byte says that the output was shut
down. Written from what is known of the instruments, and not from the table that our driver uses.
"""

from instruments.emulators.ac_source import OneSwitchSource
from instruments.emulators.pacific_program import Segments, parse_program, program_transient
from instruments.emulators.scpi_instrument import Call, Handler, scpi_number
from instruments.emulators.scpi_status import ScpiError, Status

MOST_PROGRAMS = 99
LONGEST_SEGMENT_S = 100_000.0
_CLASS = 100
_CLASS_TEXTS = {
    0: "No error",
    -100: "Command error",
    -200: "Execution error",
    -300: "Device-specific error",
    -400: "Query error",
}
_EVENT_BITS = {-100: 32, -200: 16, -300: 8, -400: 4}


class PacificStatus(Status):
    """Tells only the class of an error, and whether the output was shut down."""

    def __init__(self) -> None:
        super().__init__()
        self.shut_down = False

    def error_entry(self, code: int, _detail: str = "") -> str:
        """Word an error by its class alone."""
        error_class = -(-code // _CLASS) * _CLASS
        return f'{error_class or "-0"},"{_CLASS_TEXTS[error_class]}"'

    def take_error(self) -> str:
        """Return the oldest error, and clear its bit of the event status when none of its class is left."""
        entry = super().take_error()
        error_class = int(entry.partition(",")[0])
        if error_class and not self.queues(f"{error_class},"):
            self.clear_event(_EVENT_BITS[error_class])
        return entry

    @property
    def byte(self) -> int:
        """The status byte, with SHUTDOWN in bit 0."""
        return super().byte | int(self.shut_down)


class PacificSourceEmulator(OneSwitchSource):
    """Three-phase source with suffixes."""

    model = "emulated UPC"

    def _identity(self) -> str:
        return ",".join(("derbench", self.model, "v1", self.name))

    def _make_status(self) -> Status:
        self._own_status = PacificStatus()
        return self._own_status

    def _reset(self) -> None:
        self._on = False
        self._program_number = 1
        self._programs: dict[int, Segments] = {}
        super()._reset()

    def _trip(self) -> None:
        super()._trip()
        self._own_status.shut_down = True

    def _clear_protection(self) -> None:
        super()._clear_protection()
        self._own_status.shut_down = False

    def _table(self) -> dict[str, Handler]:
        lowest_v, highest_v = self.ratings.voltage_v
        lowest_hz, highest_hz = self.ratings.frequency_hz
        return {
            "[SOURce:]VOLTage#": self._set_voltage,
            "[SOURce:]VOLTage#?": lambda call: scpi_number(self._voltage_v[self._suffixed(call)[0]]),
            "[SOURce:]VOLTage:LIMit:MINimum?": lambda _: scpi_number(lowest_v),
            "[SOURce:]VOLTage:LIMit:MAXimum?": lambda _: scpi_number(highest_v),
            "[SOURce:]PHASe#": self._set_angle,
            "[SOURce:]PHASe#?": lambda call: scpi_number(-self._angle_deg[self._suffixed(call)[0]] % 360.0),
            "[SOURce:]FREQuency": self._set_frequency,
            "[SOURce:]FREQuency?": lambda _: scpi_number(self._frequency_hz),
            "[SOURce:]FREQuency:LIMit:MINimum?": lambda _: scpi_number(lowest_hz),
            "[SOURce:]FREQuency:LIMit:MAXimum?": lambda _: scpi_number(highest_hz),
            "[SOURce:]CURRent:LIMit?": lambda _: scpi_number(self.ratings.current_a),
            "[SOURce:]CURRent:PROTection:LEVel": self._set_current_limit,
            "[SOURce:]CURRent:PROTection:LEVel?": lambda _: scpi_number(self._current_limit_a),
            "PROGram:NAME": self._name_program,
            "PROGram:DEFine": self._define_program,
            "*TRG": self._execute_program,
            "PROGram:EXECute:TRANsient": self._execute_program,
            "OUTPut[:STATe]": self._switch_output,
            "OUTPut[:STATe]?": lambda _: str(int(self._on)),
            "MEASure:VOLTage#?": lambda call: scpi_number(self.node.voltage_v[self._suffixed(call)[0]]),
            "MEASure:CURRent#?": lambda call: scpi_number(self.node.current_a[self._suffixed(call)[0]]),
            "MEASure:POWer#?": lambda call: scpi_number(-self.node.power().p_w[self._suffixed(call)[0]]),
            "MEASure:FREQuency?": lambda _: scpi_number(self.node.frequency_hz),
        }

    def _set_voltage(self, call: Call) -> None:
        value = call.number(*self.ratings.voltage_v)
        self._assign(self._voltage_v, self._suffixed(call), value)

    def _set_angle(self, call: Call) -> None:
        value = call.number(0.0, 360.0)
        self._assign(self._angle_deg, (phase for phase in self._suffixed(call) if phase > 0), -value)

    def _name_program(self, call: Call) -> None:
        self._program_number = int(call.number(1, MOST_PROGRAMS))

    def _define_program(self, call: Call) -> None:
        segments = parse_program(call, self.node.phases)
        ranges = {"FSEG": self.ratings.frequency_hz, "VSEG": self.ratings.voltage_v}
        for keyword, value in (item for segment in segments for item in segment.items()):
            lowest, highest = ranges.get(keyword.rstrip("123"), (0.0, LONGEST_SEGMENT_S))
            if not lowest <= value <= highest:
                raise ScpiError(-222, keyword)
        self._programs[self._program_number] = segments

    def _execute_program(self, _call: Call) -> None:
        if self._program_number not in self._programs:
            raise ScpiError(-221, "no program")
        segments = self._programs[self._program_number]
        self._start(program_transient(segments, self._voltage_v, self._frequency_hz))
