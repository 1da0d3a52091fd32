"""Transients that an AC source plays by itself: put into the statements of its dialect."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from instruments.dialects.ac_source import AcSourceDialect
from instruments.dialects.language import Statement
from instruments.dialects.transients import Columns, Program, Transients
from instruments.drivers.scpi_dialect import PhaseSpeaker
from instruments.errors import ConfigError
from instruments.readings import PlayedTransients, Segment

SAME = 1e-6
"""Values nearer than this to each other are the same one, V and Hz."""


@dataclass(frozen=True)
class SlewRates:
    """The rates at which a source goes to a new set-point, V/s and Hz/s."""

    voltage_v_per_s: float
    frequency_hz_per_s: float


class TransientWriter:
    """Puts transients into the statements that store them; each item is a message of its own."""

    def __init__(self, dialect: AcSourceDialect, transients: Transients, speaker: PhaseSpeaker, phases: int) -> None:
        self._dialect = dialect
        self._transients = transients
        self._speaker = speaker
        self._phases = phases

    def write(self, segments: Sequence[Segment], before: Segment, slew: SlewRates) -> Iterator[str]:
        """Yield what stores a transient; until it begins, the source holds what `before` says.

        Raises ConfigError, before anything is yielded, for what the dialect's instruments cannot play.
        """
        check_playable(segments, before, played_transients(self._transients, before.frequency_hz), self._dialect)
        begin = [statement.text for statement in self._transients.begin]
        yield from [";".join(begin)] if begin else []
        if self._transients.columns is not None:
            yield from self._list(self._transients.columns, [before, *segments], slew)
        if self._transients.program is not None:
            yield self._program(self._transients.program, [before, *segments])

    def _list(self, columns: Columns, points: Sequence[Segment], slew: SlewRates) -> Iterator[str]:
        pairs = list(pairwise(points))
        yield _filled(columns.duration, (point.duration_s / self._transients.seconds for point in points[1:]))
        for selected, phase in self._meant(points):
            volts = [(was.voltage_v[phase], point.voltage_v[phase], point) for was, point in pairs]
            said = _column(columns.voltage, columns.voltage_start, columns.voltage_slew, volts, slew.voltage_v_per_s)
            yield ";".join([*selected, *said])
        hertz = [(was.frequency_hz, point.frequency_hz, point) for was, point in pairs]
        said = _column(
            columns.frequency, columns.frequency_start, columns.frequency_slew, hertz, slew.frequency_hz_per_s
        )
        yield ";".join(said)

    def _meant(self, points: Sequence[Segment]) -> Iterator[tuple[list[str], int]]:
        """Yield what selects phases, and a phase whose voltages are theirs: all at once where they have the same."""
        chosen = self._dialect.phases
        if all(len(set(point.voltage_v)) == 1 for point in points):
            yield [chosen.select_all.text] if chosen.select_all else [], 0
            return
        for phase in range(self._phases):
            yield [chosen.select.filled(phase=phase + 1)] if chosen.select else [], phase

    def _program(self, program: Program, points: Sequence[Segment]) -> str:
        said = [
            program.segment.filled(
                number=number,
                frequency_hz=point.frequency_hz,
                phases=",".join(
                    program.phase.filled(phase=phase, voltage_v=volts) for phase, volts in enumerate(point.voltage_v, 1)
                ),
                duration_s=duration_s,
            )
            for number, (point, duration_s) in enumerate(self._ramps(points), 1)
        ]
        return program.define.filled(segments=",".join(said))

    def _ramps(self, points: Sequence[Segment]) -> Iterator[tuple[Segment, float]]:
        """Yield what is ramped to, and for how long: a step is a ramp of no time, which takes a cycle, and a rest."""
        cycles = self._transients.grain.change_cycles
        for was, point in pairwise(points):
            if point.ramp or _same(was, point):
                yield point, point.duration_s
            else:
                yield point, 0.0
                rest_s = point.duration_s - cycles / point.frequency_hz
                if rest_s > SAME:
                    yield point, rest_s


def played_transients(transients: Transients, frequency_hz: float) -> PlayedTransients:
    """Return what a dialect's instruments can play, at a frequency on which the length of a cycle depends."""
    grain = transients.grain
    change_s = grain.change_cycles / frequency_hz
    points = grain.points // 2 if grain.change_cycles else grain.points  # a step takes two segments there
    return PlayedTransients(points, max(grain.shortest_s, change_s), change_s, transients.unbalanced)


def check_playable(
    segments: Sequence[Segment], before: Segment, able: PlayedTransients, dialect: AcSourceDialect
) -> None:
    """Raise ConfigError, saying what it is, for what cannot be played."""
    if not 0 < len(segments) <= able.segments:
        raise ConfigError(f"{dialect.instruments} play 1 to {able.segments} segments, not {len(segments)}")
    for segment in segments:
        if len(segment.voltage_v) != len(before.voltage_v):
            raise ConfigError(
                f"a segment of {len(segment.voltage_v)} phases, and the source has {len(before.voltage_v)}"
            )
        if segment.duration_s <= 0.0 or segment.duration_s < able.shortest_s:
            raise ConfigError(
                f"{dialect.instruments} play no segment shorter than {able.shortest_s:g} s: {segment.duration_s:g} s"
            )
        if not able.unbalanced and len(set(segment.voltage_v)) > 1:
            raise ConfigError(f"{dialect.instruments} play one voltage on all phases, not {list(segment.voltage_v)}")
    if not _same(segments[-1], before):
        raise ConfigError("a transient ends with what the source was set to before it: its last segment is another")


def _same(one: Segment, other: Segment) -> bool:
    near = abs(one.frequency_hz - other.frequency_hz) < SAME
    return near and all(abs(a - b) < SAME for a, b in zip(one.voltage_v, other.voltage_v, strict=True))


def _column(
    end: Statement,
    start: Statement | None,
    slew: Statement | None,
    values: Sequence[tuple[float, float, Segment]],
    fastest: float,
) -> list[str]:
    """Say a quantity's values, with where each begins or how fast it is reached."""
    said = [_filled(end, (value for _, value, _ in values))]
    if start is not None:
        said.insert(0, _filled(start, (was if point.ramp else value for was, value, point in values)))
    if slew is not None:
        said.append(_filled(slew, (_rate(was, value, point, fastest) for was, value, point in values)))
    return said


def _rate(was: float, value: float, point: Segment, fastest: float) -> float:
    return abs(value - was) / point.duration_s if point.ramp and value != was else fastest


def _filled(statement: Statement, values: Iterator[float]) -> str:
    return statement.filled(values=",".join(f"{value:.7g}" for value in values))
