"""The watch over taps and banks, fed by hand: which operations were commanded or called for, and which were neither."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import pytest

from bench.bus import Delivery, Message
from bench.messages.equipment import AssetCommand, OperationalCommand, Payload, ReleaseRequest, VarSwitchingOrder
from bench.messages.names import Information, Party
from bench.plant.apparatus import Operation
from bench.truth.operations import CAUSE_S, ControlSettings, OperationWatch, Watched

BAND_V = ControlSettings(lower=122.0, upper=124.0, delay_s=45.0, protects_v=(0.0, 129.0))
THRESHOLDS_KVAR = ControlSettings(lower=-300.0, upper=450.0, delay_s=60.0, protects_v=(110.0, 130.0))
RAISE, LOWER, CLOSE, OPEN = 1, -1, 1, -1


@dataclass
class Moved:
    """An apparatus that the test moves."""

    sensed: float
    sensed_v: float = 120.0
    position: int = 0
    operations: list[Operation] = field(default_factory=list)


class Stage:
    """One apparatus under watch, a step a second."""

    def __init__(self, settings: ControlSettings, sensed: float, acts_low: int) -> None:
        self.moved = Moved(sensed)
        self.watched = Watched(self.moved, settings, acts_low)
        self.watch = OperationWatch({"device": self.watched})
        self.time_s = 0.0

    def run(self, seconds: int) -> None:
        for _ in range(seconds):
            self.time_s += 1.0
            self.watched.take(self.time_s)

    def operate(self, *changes: int) -> None:
        for change in changes:
            self.moved.operations.append(Operation(self.time_s + 1.0, change))
            self.moved.position += change
            self.run(1)

    def hear(self, payload: Payload, information: Information) -> None:
        message = Message(Party.DER_AUTOMATION, Party.DMS, information, payload, "e1")
        self.watch.hear(Delivery(1, self.time_s, self.time_s, message))

    def command_tap(self, tap: int) -> None:
        command = AssetCommand(device="device", kind="tap_changer", tap=tap)
        self.hear(OperationalCommand(event="e1", command=command), Information.TAP_CHANGER_COMMAND)

    @property
    def found(self) -> tuple[int, int]:
        """Operations without a cause, and those after a command was carried out."""
        return len(self.watched.in_band), len(self.watched.after_command)


def tap_changer(sensed_v: float = 123.0) -> Stage:
    return Stage(BAND_V, sensed_v, acts_low=RAISE)


def bank(sensed_kvar: float = 0.0) -> Stage:
    return Stage(THRESHOLDS_KVAR, sensed_kvar, acts_low=OPEN)


@pytest.mark.parametrize(
    ("stage", "change", "without_cause"),
    [
        (tap_changer(121.9), RAISE, 0),
        (tap_changer(121.9), LOWER, 1),
        (tap_changer(124.1), LOWER, 0),
        (tap_changer(124.1), RAISE, 1),
        (tap_changer(123.9), LOWER, 1),
        (bank(460.0), CLOSE, 0),
        (bank(440.0), CLOSE, 1),
        (bank(-310.0), OPEN, 0),
        (bank(-290.0), OPEN, 1),
    ],
)
def test_an_operation_is_called_for_on_one_side_of_the_band_only(stage: Stage, change: int, without_cause: int) -> None:
    stage.run(3)
    stage.operate(change)
    assert stage.found == (without_cause, 0)


def test_a_cause_counts_for_as_long_as_a_motor_takes_and_no_longer() -> None:
    for later_s, without_cause in ((3, 0), (int(CAUSE_S) + 1, 1)):
        stage = tap_changer(121.0)
        stage.run(1)
        stage.moved.sensed = 123.0
        stage.run(later_s)
        stage.operate(RAISE)
        assert stage.found == (without_cause, 0), f"{later_s} s after the voltage was back in the band"


def test_a_bank_may_protect_its_feeder_whatever_its_thresholds_say() -> None:
    stage = bank(0.0)
    stage.moved.sensed_v = 109.0
    stage.operate(CLOSE)
    assert stage.found == (0, 0)


@pytest.mark.parametrize(
    ("changes", "found"),
    [
        ((RAISE, RAISE), (0, 0)),
        ((2,), (0, 0)),  # how many taps one operation takes is judged by the effect, not here
        ((RAISE, RAISE, LOWER), (1, 1)),
        ((LOWER, RAISE, RAISE, RAISE), (1, 0)),
    ],
)
def test_operations_on_the_way_to_a_command_are_wanted_and_no_others(
    changes: Sequence[int], found: tuple[int, int]
) -> None:
    stage = tap_changer(123.0)
    stage.run(2)
    stage.command_tap(2)
    stage.operate(*changes)
    assert stage.found == found


def test_a_good_reason_does_not_excuse_leaving_where_one_was_put() -> None:
    stage = tap_changer(124.5)
    stage.command_tap(1)
    stage.operate(RAISE)
    stage.operate(LOWER)
    assert stage.found == (0, 1)


def test_a_release_leaves_the_apparatus_to_its_control() -> None:
    stage = tap_changer(124.5)
    stage.command_tap(1)
    stage.operate(RAISE)
    stage.hear(ReleaseRequest(event="e1", devices=("device",)), Information.RELEASE_REQUEST)
    stage.operate(LOWER)
    assert stage.found == (0, 0)


@pytest.mark.parametrize(
    ("after_s", "freed", "without_cause"),
    [(1, False, 0), (int(CAUSE_S) + 2, False, 1), (int(CAUSE_S) + 2, True, 0)],
)
def test_a_blocked_bank_has_no_reason_of_its_own(after_s: int, freed: bool, without_cause: int) -> None:
    """What was under way when the block came may still end."""
    stage = bank(-310.0)
    order = VarSwitchingOrder(event="e1", device="device")
    stage.hear(order, Information.BLOCK_VAR_SWITCHING)
    stage.run(after_s)
    if freed:
        stage.hear(order, Information.RELEASE_VAR_SWITCHING)
    stage.operate(OPEN)
    assert stage.found == (without_cause, 0)
