"""Whether the sequences of dispatched DER ran side by side, by the times at which their rows were met."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from by_hand import FakeJudge, Stage, command, row

from bench.measurement import Measurement
from bench.messages.names import Information, Party
from bench.truth.concurrency import under_way_together
from reports.verdict import Verdict

DMS, NETWORK, RADIO = Party.DMS, Party.AMI_NETWORK, Party.PREMISE_INTERFACE
COMMAND = Information.OPERATIONAL_COMMAND
ENDS = ((DMS, NETWORK), (NETWORK, RADIO))
LETTERS = ("1A", "1B", "1C", "1D")
ROWS = tuple(
    row(f"3.3.{letter}.{number}", *ends, COMMAND, per="device", activity=letter)
    for letter in LETTERS
    for number, ends in enumerate(ENDS, 1)
)
ORDER = {f"3.3.{letter}.2": {f"3.3.{letter}.1"} for letter in LETTERS}


class OwnSequence(FakeJudge):
    """A device is called by its sequence's letter, which says to which rows it belongs."""

    def selects(self, row: object, payload: object) -> bool:
        return row.activity == payload.command.device[:2]  # type: ignore[attr-defined]


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    judge = OwnSequence(requires={made.number: {} for made in ROWS})
    made = Stage(tmp_path, ROWS, ORDER, judge)
    yield made
    made.writer.close()


def play(stage: Stage, *times: tuple[float, str, int]) -> Measurement:
    """Let messages arrive at times: of which device, and on which leg; count what was under way."""
    for time_s, device, leg in sorted(times):
        stage.until(time_s)
        stage.arrive(*ENDS[leg - 1], COMMAND, command(device))
    return under_way_together(stage.conformance, "3.3", stage.clock.now_s)


def test_four_sequences_that_overlap_are_counted(stage: Stage) -> None:
    found = play(stage, *((float(n), letter, 1) for n, letter in enumerate(LETTERS)),
                 *((10.0 + n, letter, 2) for n, letter in enumerate(LETTERS)))  # fmt: skip
    assert (found.value, found.limits.lower, found.verdict) == (4.0, 4.0, Verdict.PASS)


def test_one_after_the_other_is_not_concurrent(stage: Stage) -> None:
    times = [(10.0 * n + leg, letter, leg) for n, letter in enumerate(LETTERS) for leg in (1, 2)]
    found = play(stage, *times)
    assert (found.value, found.verdict) == (1.0, Verdict.FAIL)


def test_three_together_and_the_fourth_alone_is_not_concurrent(stage: Stage) -> None:
    together = [(float(leg), letter, leg) for letter in LETTERS[:3] for leg in (1, 2)]
    found = play(stage, *together, (20.0, "1D", 1), (21.0, "1D", 2))
    assert (found.value, found.limits.lower, found.verdict) == (3.0, 4.0, Verdict.FAIL)


def test_what_never_ended_was_not_under_way(stage: Stage) -> None:
    """Only devices whose rows have all been met have a span; two that have do not make up for one sequence alone."""
    found = play(stage, (1.0, "1A", 1), (2.0, "1B", 1), (3.0, "1A", 2))
    assert (found.value, found.verdict) == (1.0, Verdict.FAIL)


def test_two_devices_of_one_sequence_are_one_sequence(stage: Stage) -> None:
    found = play(stage, (1.0, "1A", 1), (2.0, "1A-2", 1), (3.0, "1A", 2), (4.0, "1A-2", 2))
    assert (found.value, found.verdict) == (1.0, Verdict.FAIL)


def test_nothing_at_all_proves_nothing(stage: Stage) -> None:
    found = play(stage)
    assert (found.value, found.verdict) == (None, Verdict.NOT_RUN)


def test_the_spans_touch_where_one_ends_as_the_other_begins(stage: Stage) -> None:
    found = play(stage, (1.0, "1A", 1), (5.0, "1A", 2), (5.0, "1B", 1), (9.0, "1B", 2))
    assert found.value == 2.0
