"""Battery simulator behind SCPI; a dialect says how its maker wants it spoken to."""

import math
import re
from collections.abc import Iterable
from dataclasses import asdict, dataclass

from instruments.dialects.battery_source import BatterySourceDialect
from instruments.dialects.language import Statement
from instruments.drivers.fence import Span, require_within
from instruments.drivers.scpi_answers import read_identity, read_numbers
from instruments.drivers.scpi_dialect import joined, require_finite
from instruments.errors import ConfigError, InstrumentError, TransportError
from instruments.readings import BatterySimulatorCapabilities, DcReading, Identity
from instruments.transports.scpi_acknowledgement import split_units
from instruments.transports.visa import VisaLink

RESIDUAL_A = 0.1
"""An output that is off carries less than this, A. Its voltage proves nothing: capacitors of the inverter keep it."""
HELD_SHARE = 0.05
"""How far the measured voltage may be from the one that it is to hold, as a share of that: beyond, it holds none."""


_UNIT = re.compile(r"([\d.])\s?[VAW]\s*$")
"""The unit behind a number."""


@dataclass(frozen=True)
class BatteryLimits:
    """The bench's envelope for a battery simulator; `current_a` holds in either direction."""

    voltage_v: Span
    current_a: float


@dataclass(frozen=True)
class _Battery:
    """What it is told to stand for."""

    voltage_v: float
    discharge_a: float
    charge_a: float

    @property
    def blanks(self) -> dict[str, float]:
        return asdict(self) | {"negative_a": -self.charge_a}


class ScpiBatterySimulator:
    """A DC source in front of an inverter that holds a voltage, and gives and takes current within limits.

    Every method talks to the instrument and raises TransportError when the link fails, InstrumentError when the
    instrument refuses. `link` has the habits of the dialect.
    """

    def __init__(self, link: VisaLink, limits: BatteryLimits, dialect: BatterySourceDialect) -> None:
        self._link, self._limits, self.dialect = link, limits, dialect
        self._able: BatterySimulatorCapabilities | None = None
        self._told: _Battery | None = None
        self._is_prepared = self._switched_on = False

    def identify(self) -> Identity:
        """Ask who answers."""
        return read_identity(self._link)

    def read_capabilities(self) -> BatterySimulatorCapabilities:
        """Read its own limits, where its dialect asks for them; the narrower of these and the bench's count."""
        own, allowed = self._read_limits(), self._limits
        lowest, highest = own.get("voltage_min", -math.inf), own.get("voltage_max", math.inf)
        self._able = BatterySimulatorCapabilities(
            (max(lowest, allowed.voltage_v[0]), min(highest, allowed.voltage_v[1])),
            min(own.get("discharge_max", math.inf), allowed.current_a),
            min(abs(own.get("charge_max", math.inf)), allowed.current_a),
            self.dialect.separate,
        )
        return self._able

    def set_battery(self, voltage_v: float, discharge_a: float, charge_a: float) -> None:
        """Have it hold a voltage, V, and limit the current that it gives and that it takes, A, both > 0.

        Raises SafetyTrip, before anything is sent, outside the limits; ConfigError where it limits both ways alike and
        the limits differ; InstrumentError where an output that was switched on is off, or holds another voltage than
        it was told before.
        """
        wanted = _Battery(voltage_v, discharge_a, charge_a)
        self._check(wanted)
        if self._switched_on:
            self._require_held(self._ask())
        self._prepare()
        said = self.dialect.changing if self._switched_on else self.dialect.set
        if said:
            self._link.command(self._filled(said, wanted))
        self._told = wanted

    def output_on(self) -> None:
        """Close the output and read the switch back; raises ConfigError before it was told what to stand for."""
        if self._told is None:
            raise ConfigError(f"{self._link.resource}: a battery simulator has to be set before it is switched on")
        self._check(self._told)
        self._link.command(self._filled(self.dialect.output.switch_on, self._told))
        if not self._ask()[0]:
            raise InstrumentError(f"{self._link.resource} does not switch its output on")
        self._switched_on = True

    def output_off(self) -> None:
        """Open the output; raises InstrumentError unless its switch and the measured current prove it.

        It does not look at errors: one from before must not stand in the way of a safe state.
        """
        self._switched_on = False
        told = self._told or _Battery(max(self._limits.voltage_v[0], 0.0), 0.0, 0.0)
        off = self._filled((*self.dialect.remote, *self.dialect.output.switch_off), told)
        done = ["*OPC?"] if "complete" in self._link.habits.acknowledge else []
        message = ";".join([off, *done, self._inquiry])
        if len(split_units(message)) > self._link.habits.most_units:
            self._link.tell(off)
            message = self._inquiry
        parts = split_units(self._link.query(message))
        on, found = self._read_state(parts[len(done) :])
        if on or not abs(found.current_a) < RESIDUAL_A:
            shown = f"switch {'on' if on else 'off'}, {found.current_a:g} A"
            raise InstrumentError(f"{self._link.resource} does not switch off: {shown}")

    def measure_dc(self) -> DcReading:
        """Measure at its own output."""
        return self._ask()[1]

    def make_safe(self) -> None:
        """Open the output with proof; over a new connection where the old one turns out to be broken."""
        try:
            self.output_off()
        except TransportError:
            self.output_off()

    @property
    def _inquiry(self) -> str:
        measure = self.dialect.measure
        asked = (measure.voltage, measure.current, measure.power, self.dialect.output.state)
        return ";".join(statement.text for statement in asked)

    def _check(self, wanted: _Battery) -> None:
        name, limits = self._link.resource, self._limits
        require_within(name, "voltage_v", (wanted.voltage_v,), limits.voltage_v, (0.0, math.inf))
        currents = (wanted.discharge_a, wanted.charge_a)
        require_within(name, "current_a", currents, (0.0, limits.current_a))
        if not self.dialect.separate and wanted.discharge_a != wanted.charge_a:
            raise ConfigError(f"{self.dialect.instruments} limit the current that they give and that they take alike")
        able = self._able or self.read_capabilities()
        require_within(name, "voltage_v", (wanted.voltage_v,), able.voltage_v)
        require_within(name, "discharge current_a", (wanted.discharge_a,), (0.0, able.discharge_a))
        require_within(name, "charge current_a", (wanted.charge_a,), (0.0, able.charge_a))

    def _read_limits(self) -> dict[str, float]:
        queries = {key: said for key, said in self.dialect.limits if said is not None}
        if not queries:
            return {}
        answer = self._link.query_checked(";".join(said.text for said in queries.values()))
        return dict(zip(queries, self._numbers(split_units(answer), len(queries)), strict=True))

    def _prepare(self) -> None:
        said = (*self.dialect.remote, *self.dialect.prepare)
        if said and not self._is_prepared:
            self._link.command(joined(said))
        self._is_prepared = True

    def _require_held(self, state: tuple[bool, DcReading]) -> None:
        on, found = state
        if not on:
            raise InstrumentError(f"{self._link.resource}: its output went off by itself")
        wanted_v = self._told.voltage_v if self._told else math.nan
        if not abs(found.voltage_v - wanted_v) <= HELD_SHARE * wanted_v:
            raise InstrumentError(
                f"{self._link.resource}: it is to hold {wanted_v:g} V, and holds {found.voltage_v:g} V"
            )

    def _ask(self) -> tuple[bool, DcReading]:
        """Ask for its switch and what it measures; raises InstrumentError too for what it has told wrong before."""
        try:
            return self._read_state(split_units(self._link.query_checked(self._inquiry)))
        except InstrumentError:
            self._is_prepared = False  # it may have been restarted
            raise

    def _read_state(self, parts: list[str]) -> tuple[bool, DcReading]:
        voltage_v, current_a, power_w = self._numbers(parts[:-1], 3)
        return self._read_switch(parts[-1]), DcReading(voltage_v, current_a, power_w)

    def _numbers(self, parts: list[str], count: int) -> tuple[float, ...]:
        if len(parts) != count:
            raise InstrumentError(f"{self._link.resource} answers {parts}; expected {count} values")
        if self._link.habits.answers_units:
            parts = [_UNIT.sub(r"\1", part) for part in parts]
        found = [read_numbers(self._link, part) for part in parts]
        if any(len(values) != 1 for values in found):
            raise InstrumentError(f"{self._link.resource} answers {parts}; expected one value each")
        require_finite(self._link, {"what was asked": [values[0] for values in found]})
        return tuple(values[0] for values in found)

    def _read_switch(self, answer: str) -> bool:
        word = answer.partition(",")[0].strip().upper()
        output = self.dialect.output
        if word not in {*output.says_on, *output.says_off}:
            raise InstrumentError(f"{self._link.resource} answers {answer!r} for its output, neither on nor off")
        return word in output.says_on

    def _filled(self, statements: Iterable[Statement], battery: _Battery) -> str:
        return ";".join(statement.filled(**battery.blanks) for statement in statements)
