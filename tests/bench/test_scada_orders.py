"""An order that a control does not take is its own failure, in its own words; a link that fails is the bench's."""

from dataclasses import dataclass, field
from typing import Any

import pytest

from bench.actors.scada_console import ScadaConsole
from bench.clock import Clock
from bench.plant.apparatus import Operation
from bench.truth.control_trial import TAP_BLOCK_CLAUSE, ControlTrial, Group
from bench.truth.operations import ControlSettings
from instruments.errors import Doubtful, InstrumentError, TransportError, Unanswered
from reports.verdict import Verdict

DOUBT = Doubtful("ltc was to operate bo 1 to latch_on and answered to another command")


@dataclass
class Panel:
    """A control that takes orders until it raises `error`, and its apparatus."""

    error: Exception | None = None
    operations: list[Operation] = field(default_factory=list)
    position: int = 0
    sensed: float = 122.0
    sensed_v: float = 122.0

    @property
    def points(self) -> "Panel":
        return self

    def set_blocked(self, blocked: bool) -> None:
        del blocked
        if self.error is not None:
            raise self.error

    def write(self, name: str, value: float | str | bool) -> None:
        del name, value
        self.set_blocked(True)


def trial(panel: Panel) -> ControlTrial:
    console: Any = ScadaConsole({}, {"ltc": panel})  # type: ignore[dict-item]
    settings = ControlSettings(121.0, 123.0, 30.0, (105.0, 128.0))
    return ControlTrial(Clock(), console, Group({}, {}), Group({"ltc": panel}, {"ltc": settings}))


def test_an_order_that_is_taken_is_no_measurement() -> None:
    tried = trial(Panel())
    tried.block_tap_changers(blocked=True)
    tried.tempt_tap_changers()
    (stayed,) = tried.tap_changers_stay_blocked()
    assert stayed.verdict is Verdict.PASS


@pytest.mark.parametrize("error", [InstrumentError("ltc refused to operate bo 1 to latch_on: hardware error"), DOUBT])
def test_an_order_that_is_not_taken_fails_once_in_the_control_s_words(error: Exception) -> None:
    panel = Panel(error)
    tried = trial(panel)
    tried.block_tap_changers(blocked=True)
    told, stayed = tried.tap_changers_stay_blocked()
    assert (told.verdict, told.clause, told.source) == (Verdict.FAIL, TAP_BLOCK_CLAUSE, "ltc")
    assert str(error) in told.quantity
    assert stayed.verdict is Verdict.PASS, "that it stays is another matter"
    panel.error = None
    tried.tempt_tap_changers()
    assert len(tried.tap_changers_stay_blocked()) == 1, "what was told is told"


@pytest.mark.parametrize("error", [TransportError("ltc gave no sound answer"), Unanswered("its gateway says no")])
def test_a_control_that_does_not_answer_has_refused_nothing(error: Exception) -> None:
    with pytest.raises(type(error)):
        trial(Panel(error)).block_tap_changers(blocked=True)
