"""PV simulator behind SCPI; a dialect says how its maker wants it spoken to."""

from collections.abc import Iterable
from dataclasses import asdict, dataclass

from instruments.dialects.language import Statement
from instruments.dialects.pv_source import PvSourceDialect
from instruments.drivers.fence import require_within
from instruments.drivers.scpi_answers import read_identity
from instruments.drivers.scpi_dialect import SWITCH, PhaseSpeaker, Query, require_finite, take_answers
from instruments.errors import InstrumentError, TransportError
from instruments.readings import Identity
from instruments.transports.scpi_acknowledgement import split_units
from instruments.transports.visa import VisaLink

STANDARD_W_M2 = 1000.0
RESIDUAL_A = 0.1
"""An output that is off carries less than this, A. Its voltage proves nothing: capacitors of the inverter keep it."""


@dataclass(frozen=True)
class PvArray:
    """A PV array at 1000 W/m2: open and short circuit, and where it gives most."""

    voc_v: float
    isc_a: float
    vmp_v: float
    imp_a: float

    @property
    def pmp_w(self) -> float:
        """The most that it gives."""
        return self.vmp_v * self.imp_a


@dataclass(frozen=True)
class DcLimits:
    """The bench's envelope for a DC source."""

    voltage_v: tuple[float, float]
    current_a: float


class ScpiPvSimulator:
    """A DC source in front of an inverter that behaves as a PV array whose current follows the irradiance.

    Every method talks to the instrument and raises TransportError when the link fails, InstrumentError when the
    instrument refuses. `link` has the habits of the dialect; `channel` is the output that is meant, from 1.
    """

    def __init__(
        self, link: VisaLink, limits: DcLimits, array: PvArray, dialect: PvSourceDialect, channel: int = 1
    ) -> None:
        self._link, self._limits, self._array, self.dialect = link, limits, array, dialect
        self._channel = channel
        self._has_curve = self._switched_on = False
        speaker = PhaseSpeaker(1, None)
        said = {"voltage": dialect.measure.voltage, "current": dialect.measure.current, SWITCH: dialect.output.state}
        asked = [Query(key, self._with_channel(statement), per_phase=False) for key, statement in said.items()]
        self._state = speaker.inquire(*asked)

    def identify(self) -> Identity:
        """Ask who answers."""
        return read_identity(self._link)

    def set_irradiance_pu(self, irradiance_pu: float) -> None:
        """Give it the curve of the array, the first time, and an irradiance as a share of 1000 W/m2.

        Raises SafetyTrip, before anything is sent, where the array leaves the limits, or the share what there is;
        InstrumentError where an output that was switched on has gone off by itself.
        """
        self._check(irradiance_pu)
        self._give_curve()
        array = self._array
        now = {
            "irradiance_w_m2": irradiance_pu * STANDARD_W_M2,
            "irradiance_pct": irradiance_pu * 100.0,
            "isc_now_a": irradiance_pu * array.isc_a,
            "imp_now_a": irradiance_pu * array.imp_a,
        }
        self._link.command(self._filled(self.dialect.sun.say, **now))
        if self._switched_on and not self._ask()[SWITCH][0]:
            raise InstrumentError(f"{self._link.resource}: its output went off by itself")

    def output_on(self) -> None:
        """Close the output and read the switch back; it has its curve, and the irradiance that it was given last."""
        self._check(self.dialect.sun.span_pu[1])
        self._give_curve()
        self._link.command(self._filled(self.dialect.output.switch_on))
        if not self._ask()[SWITCH][0]:
            raise InstrumentError(f"{self._link.resource} does not switch its output on")
        self._switched_on = True

    def output_off(self) -> None:
        """Open the output; raises InstrumentError unless its switch and the measured current prove it.

        It does not look at errors: one from before must not stand in the way of a safe state.
        """
        self._switched_on = False
        off = self._filled(self.dialect.output.switch_off)
        done = ["*OPC?"] if "complete" in self._link.habits.acknowledge else []
        parts = split_units(self._link.query(";".join([off, *done, self._state.message])))
        found = take_answers(self._link, self._state, ";".join(parts[len(done) :]))
        if found[SWITCH][0] or not abs(found["current"][0]) < RESIDUAL_A:
            says, shown = found[SWITCH][0], found["current"][0]
            raise InstrumentError(f"{self._link.resource} does not switch off: switch {says:g}, {shown:g} A")

    def measure_dc_w(self) -> float:
        """Measure what it gives at its own output, W."""
        found = self._ask()
        return found["voltage"][0] * found["current"][0]

    def make_safe(self) -> None:
        """Open the output with proof; over a new connection where the old one turns out to be broken."""
        try:
            self.output_off()
        except TransportError:
            self.output_off()

    def _check(self, irradiance_pu: float) -> None:
        name, limits = self._link.resource, self._limits
        require_within(name, "open-circuit voltage_v", (self._array.voc_v,), limits.voltage_v)
        require_within(name, "short-circuit current_a", (self._array.isc_a,), (0.0, limits.current_a))
        require_within(name, "irradiance_pu", (irradiance_pu,), self.dialect.sun.span_pu)

    def _give_curve(self) -> None:
        if self._has_curve:
            return
        if self.dialect.prepare:
            self._link.command(self._filled(self.dialect.prepare))
        self._link.command(self._filled(self.dialect.curve, **asdict(self._array)))
        self._has_curve = True

    def _ask(self) -> dict[str, tuple[float, ...]]:
        try:
            found = take_answers(self._link, self._state, self._link.query_checked(self._state.message))
        except InstrumentError:
            self._has_curve = False  # it may have been restarted
            raise
        require_finite(self._link, found)
        return found

    def _filled(self, statements: Iterable[Statement], **values: float) -> str:
        return ";".join(statement.filled(channel=self._channel, **values) for statement in statements)

    def _with_channel(self, statement: Statement) -> Statement:
        return Statement(text=statement.filled(channel=self._channel))
