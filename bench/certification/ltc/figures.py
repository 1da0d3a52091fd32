"""The figures of the suite for tap-changer controls. Voltages are those of the PT secondary."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Literal, Protocol, TypeVar

from pydantic import Field, model_validator

from bench.certification.figure import Figure
from bench.certification.figures import FOLDER, Suite, load_file
from bench.config.section import Section
from instruments.errors import ConfigError

FILE = FOLDER / "ltc.yaml"
Positive = Annotated[float, Field(gt=0)]


class Named(Protocol):
    """A case that a feature names."""

    @property
    def name(self) -> str:
        """As the feature has it."""
        ...


N = TypeVar("N", bound=Named)


def case_named(clause: str, cases: Sequence[N], name: str) -> N:
    """Return a case; raises ConfigError naming the known ones."""
    for case in cases:
        if case.name == name:
            return case
    raise ConfigError(f"clause {clause} has no case {name!r}; known: {', '.join(case.name for case in cases)}")


class ToleranceFigures(Section):
    """What a control is held to: levels of voltage, and times, the larger of two."""

    level_v: Figure
    time_pu: Figure
    time_s: Figure

    def of_time_s(self, time_s: float) -> float:
        """Return the tolerance of a time."""
        return max(self.time_pu.value * time_s, self.time_s.value)


class ProbingFigures(Section):
    """How levels are probed: with what delay set, to what resolution, and how far beyond on both sides.

    Contacts are looked at every `look_s` where a time is judged, else every `watch_s`. Where it is not the time that is
    judged, an operation is waited for so many delays, and `patience_s` more: then the control counts as one that stays.
    """

    delay_s: Positive
    resolution_v: Positive
    search_v: Positive
    look_s: Positive
    watch_s: Positive
    patience_delays: Annotated[float, Field(ge=1)]
    patience_s: Positive


class BandCase(Section):
    """A band by its centre and whole width, V."""

    name: str
    centre_v: Positive
    width_v: Positive


class BandFigures(Section):
    """Bands that are tested, and for how many delays nothing may happen inside of them."""

    clause: str
    inside_delays: Positive
    cases: tuple[BandCase, ...]


class DelayCase(Section):
    """A delay, s."""

    name: str
    delay_s: Positive


class DelayFigures(Section):
    """Definite delays: how far beyond the edge, and for what share of the delay before a return of `back_s`."""

    clause: str
    beyond_v: Positive
    left_pu: Annotated[float, Field(gt=0, lt=1)]
    back_s: Positive
    cases: tuple[DelayCase, ...]


class InverseCase(Section):
    """A deviation from the centre in half bands."""

    name: str
    half_bands: Annotated[float, Field(gt=1)]


class InverseFigures(Section):
    """An inverse delay by its setting, which holds at the edge of the band."""

    clause: str
    source: str
    confirmed: bool
    delay_s: Positive
    cases: tuple[InverseCase, ...]


class InterTapFigures(Section):
    """Delays between operations, and how many operations are looked at."""

    clause: str
    operations: Annotated[int, Field(ge=2)]
    cases: tuple[DelayCase, ...]


class CompensationCase(Section):
    """Line-drop compensation: V at rated current by R and by X, a current, and the angles that it is turned to."""

    name: str
    r_v: float
    x_v: float
    current_a: Positive
    angles_deg: tuple[float, ...]


class CompensationFigures(Section):
    """Cases of line-drop compensation, and the rated current of the CT's secondary, A."""

    clause: str
    source: str
    confirmed: bool
    rated_a: Positive
    cases: tuple[CompensationCase, ...]


class TapLimitCase(Section):
    """A lowest and a highest tap."""

    name: str
    lowest: int
    highest: int


class TapLimitFigures(Section):
    """Limits of the tap position that are tested."""

    clause: str
    cases: tuple[TapLimitCase, ...]


class LevelCase(Section):
    """A level of voltage: with settings, the contact that closes above or below it, and where the control rests."""

    name: str
    settings: dict[str, float | str]
    level_v: Positive
    rest_v: Positive
    contact: Literal["raise", "lower"]
    acts: Literal["above", "below"]


class LevelFigures(Section):
    """Levels of voltage that are tested."""

    clause: str
    cases: tuple[LevelCase, ...]


class RunBackFigures(Section):
    """Where the first customer's voltage is too high, and by how much more it lowers at once; `delay_s` is set."""

    clause: str
    delay_s: Positive
    block_raise_v: Positive
    runback_v: Positive


class ClauseFigures(Section):
    """A clause without figures of its own."""

    clause: str


class CounterFigures(Section):
    """How many operations of its own the control has at least to count."""

    clause: str
    automatic: Annotated[int, Field(ge=1)]


class ReductionFigures(Section):
    """Steps of voltage reduction by the settings that have them, in percent of the centre; `delay_s` is set."""

    clause: str
    delay_s: Positive
    settings: dict[str, float | str]

    def of_stage(self, stage: int) -> float:
        """Return the step of a stage, %; raises ConfigError naming the known ones."""
        value = self.settings.get(f"reduction_{stage}")
        if not isinstance(value, float | int):
            raise ConfigError(f"clause {self.clause} has no stage {stage}; known: {', '.join(self.settings)}")
        return float(value)


class ReverseFigures(Section):
    """Reverse power: a current, one below the threshold, taps away from neutral, and the band on the source's side."""

    clause: str
    threshold_a: Positive
    below_a: Positive
    current_a: Positive
    taps: Annotated[int, Field(ge=1)]
    centre_v: Positive
    step_pu: Figure


class LoopCase(Section):
    """A voltage behind the tap changer in its neutral position, V."""

    name: str
    behind_v: Positive


class LoopFigures(Section):
    """Steps of the voltage behind the tap changer."""

    clause: str
    delay_s: Positive
    cases: tuple[LoopCase, ...]


class ReadingState(Section):
    """What is put on the secondaries."""

    voltage_v: Positive
    current_a: Annotated[float, Field(ge=0)]
    angle_deg: float


class ReadingFigures(Section):
    """How well the control has to read, in which states, and how long it has until it is read."""

    clause: str
    voltage_v: Figure
    current_a: Figure
    settle_s: Positive
    states: tuple[ReadingState, ...]


class SettingCase(Section):
    """Two values of a setting."""

    name: str
    values: tuple[float | str, float | str]


class SettingFigures(Section):
    """Settings that have to be held."""

    clause: str
    cases: tuple[SettingCase, ...]


class TapChangerFigures(Suite):
    """All figures of the suite; `base` are the settings that each test begins with."""

    base: dict[str, float | str]
    tolerance: ToleranceFigures
    probing: ProbingFigures
    quiet_delays: Positive
    """For how many delays nothing may happen where nothing has to."""
    at_once_s: Figure
    """What may pass until something comes that has no delay, s."""
    band: BandFigures
    delay: DelayFigures
    inverse: InverseFigures
    inter_tap: InterTapFigures
    compensation: CompensationFigures
    tap_limits: TapLimitFigures
    voltage_limits: LevelFigures
    run_back: RunBackFigures
    lost_potential: LevelFigures
    block: ClauseFigures
    manual: ClauseFigures
    local: ClauseFigures
    counter: CounterFigures
    reduction: ReductionFigures
    reverse: ReverseFigures
    loop: LoopFigures
    readings: ReadingFigures
    settings: SettingFigures

    @model_validator(mode="after")
    def _searches_beyond_the_tolerance(self) -> "TapChangerFigures":
        """A level that is not found counts as the end of the search: that has to lie outside of the limits."""
        narrowest_v = min(case.width_v / 2.0 for case in self.band.cases)
        if not min(self.probing.search_v, narrowest_v) > self.tolerance.level_v.value:
            raise ValueError("probing.search_v, or half of a band: within the tolerance of levels, none could fail")
        return self

    def number(self, setting: str) -> float:
        """Return a base setting that is a number; raises ConfigError for one that the suite has not."""
        value = self.base.get(setting)
        if not isinstance(value, float | int):
            raise ConfigError(f"the suite's base has no number for {setting}")
        return float(value)


def load_tap_changer_figures(path: Path = FILE) -> TapChangerFigures:
    """Read the figures; raises ConfigError with every fault of the file."""
    return load_file(TapChangerFigures, path)
