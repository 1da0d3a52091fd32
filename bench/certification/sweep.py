"""Stepping a stimulus through a characteristic, and judging each answer after its response time and at rest."""

from collections.abc import Callable, Generator, Iterator, Sequence
from dataclasses import dataclass
from functools import partial

from bench.certification.criteria import Accuracy, Criterion, Reading, after_response_time, steady_state
from bench.certification.curves import Expected
from bench.certification.findings import Finding
from bench.certification.rig import Rig, Sample

SAMPLES_A_RESPONSE = 100
"""Looks during an open-loop response time: each hundredth of it (IEEE 1547.1 tools sample at 1 % or finer)."""
DWELL_RESPONSES = 4
"""How long a stimulus is held, in response times."""
REST_RESPONSES = 2
"""From when on an answer counts as at rest, in response times."""
STIMULUS_UNIT = "pu"
COARSE = 10
"""Looks in a response time where nothing is judged but rest."""

Responded = Callable[[Expected, Reading, Reading, Reading, Accuracy], Criterion]


@dataclass(frozen=True)
class Characteristic:
    """What is stepped, what answers, and how well both have to be known; all per unit of rated.

    `responded` judges the answer at `response_s`: a time that is set, or with `within_response_time` the longest one.
    """

    clause: str
    name: str
    curve: Expected
    response_s: float
    accuracy: Accuracy
    apply: Callable[[float], None]
    stimulus: Callable[[Sequence[Sample]], Reading]
    answer: Callable[[Sequence[Sample]], Reading]
    responded: Responded = after_response_time


def sweep(rig: Rig, of: Characteristic, stimuli: Sequence[float]) -> Iterator[Finding]:
    """Step through the stimuli; yield two findings a step: after the response time, and at rest."""
    before = of.answer(_dwell(rig, of.response_s))
    for number, stimulus in enumerate(stimuli, start=1):
        place = f"{of.name}, step {number} at {stimulus:.3f} pu"
        before = yield from disturbed(rig, of, before, partial(of.apply, stimulus), place)


def settled(rig: Rig, of: Characteristic, place: str) -> Generator[Finding, None, Reading]:
    """Wait as long as a response takes; yield one finding at rest, and return the response that a step begins with."""
    resting = _dwell(rig, of.response_s)
    yield _rested(rig, of, resting, place)
    return of.answer(resting[-1:])


def disturbed(
    rig: Rig, of: Characteristic, before: Reading, disturb: Callable[[], None], place: str
) -> Generator[Finding, None, Reading]:
    """Disturb the device; yield two findings, after the response time and at rest, and return the last response."""
    disturb()
    rising = rig.hold(of.response_s, of.response_s / SAMPLES_A_RESPONSE)
    yield _responded(rig, of, before, rising[-1], place)
    return (yield from settled(rig, of, place))


def _dwell(rig: Rig, response_s: float) -> list[Sample]:
    """Hold a stimulus for the rest of its time; return the samples at rest."""
    samples = rig.hold((DWELL_RESPONSES - 1) * response_s, response_s / COARSE)
    return samples[(REST_RESPONSES - 1) * COARSE :]


def _responded(rig: Rig, of: Characteristic, before: Reading, sample: Sample, place: str) -> Finding:
    stimulus, response = of.stimulus([sample]), of.answer([sample])
    criterion = of.responded(of.curve, before, stimulus, response, of.accuracy)
    what = f"{place}: after {of.response_s:g} s"
    return Finding(
        what, stimulus, response, criterion, sample.time_s, rig.analyzer_name, of.clause, stimulus_unit=STIMULUS_UNIT
    )


def _rested(rig: Rig, of: Characteristic, samples: Sequence[Sample], place: str) -> Finding:
    stimulus, response = of.stimulus(samples), of.answer(samples)
    criterion = steady_state(of.curve, stimulus, response, of.accuracy)
    time_s = samples[-1].time_s
    what = f"{place}: at rest"
    return Finding(
        what, stimulus, response, criterion, time_s, rig.analyzer_name, of.clause, stimulus_unit=STIMULUS_UNIT
    )
