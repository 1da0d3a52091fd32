"""What is made of the looks at a disturbance: exactly at, just inside and just outside of each limit."""

import math
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.certification.criteria import Reading
from bench.certification.figures import load_figures
from bench.certification.findings import Finding
from bench.certification.riding import (
    Before,
    Watched,
    active_current,
    ceases,
    delivers,
    keeps_current,
    restores,
    settled_after,
)
from bench.certification.rig import Sample
from reports.verdict import Verdict, worst

FIGURES = load_figures().ride_through
BEGUN_S, STEP_S = 100.0, 0.001
CEASE_S, RESTORE_S = 0.083, 0.4
FULL = Before(Reading(1.0), Reading(1.0))


def sample(time_s: float, current_pu: float, v_pu: float = 1.0) -> Sample:
    return Sample(time_s, (v_pu,) * 3, 60.0, current_pu * v_pu, 0.0, current_pu)


def watched(
    *currents: tuple[float, float], span_s: float = 1.0, uncertainty_pu: float = 0.0, v_pu: float = 1.0
) -> Watched:
    """Looks a millisecond apart, half a one off, at a current that is `pu` from `s` on, for each (s, pu)."""
    times = [BEGUN_S + STEP_S * (n - 0.5) for n in range(1, round(span_s / STEP_S) + 1)]
    at = [next(pu for s, pu in reversed(currents) if t - BEGUN_S >= s - 1e-9) for t in times]
    samples = [sample(t, pu, v_pu) for t, pu in zip(times, at, strict=True)]
    return Watched("stage", "5.4.4", "analyzer", BEGUN_S, samples, uncertainty_pu)


def verdict(findings: list[Finding]) -> Verdict:
    return worst(finding.verdict for finding in findings)


@pytest.mark.parametrize(
    ("after_s", "expected"),
    [
        (0.0, Verdict.PASS),
        (0.082, Verdict.PASS),
        (CEASE_S, Verdict.INCONCLUSIVE),
        (0.085, Verdict.FAIL),
        (1.25 * CEASE_S, Verdict.FAIL),
    ],
)
def test_it_ceases_in_time_up_to_the_look_that_may_have_come_too_late(after_s: float, expected: Verdict) -> None:
    found = ceases(watched((0.0, 1.0), (after_s, 0.0)), 0.1, CEASE_S)
    assert found[0].verdict is expected, found[0].measurement


@pytest.mark.parametrize(
    ("left_pu", "uncertainty_pu", "expected"),
    [
        (0.1, 0.0, Verdict.PASS),
        (0.1 + 1e-6, 0.0, Verdict.FAIL),
        (0.099, 0.002, Verdict.INCONCLUSIVE),
        (0.103, 0.002, Verdict.FAIL),
    ],
)
def test_what_flows_when_nothing_may_be_energized(left_pu: float, uncertainty_pu: float, expected: Verdict) -> None:
    found = ceases(watched((0.0, 1.0), (0.01, left_pu), uncertainty_pu=uncertainty_pu), 0.1, CEASE_S)
    assert found[1].verdict is expected, found[1].measurement


@pytest.mark.parametrize(
    ("share", "uncertainty_pu", "expected"),
    [
        (0.8, 0.0, Verdict.PASS),
        (0.8 - 1e-6, 0.0, Verdict.FAIL),
        (0.81, 0.02, Verdict.INCONCLUSIVE),
        (0.79, 0.005, Verdict.FAIL),
        (0.0, 0.005, Verdict.FAIL),
    ],
)
def test_current_is_kept_up_in_mandatory_operation(share: float, uncertainty_pu: float, expected: Verdict) -> None:
    (found,) = keeps_current(watched((0.0, share), uncertainty_pu=uncertainty_pu), FULL, 0.8, 0.1)
    assert found.verdict is expected, found.measurement


def test_a_current_of_before_that_is_known_badly_decides_nothing() -> None:
    before = Before(Reading(1.0, 0.05), Reading(1.0, 0.05))
    (found,) = keeps_current(watched((0.0, 0.82)), before, 0.8, 0.1)
    assert found.verdict is Verdict.INCONCLUSIVE, "80 % of 0.95 to 1.05 is 0.76 to 0.84"


def test_the_first_cycles_of_a_sag_have_no_rms_value() -> None:
    (found,) = keeps_current(watched((0.0, 0.0), (0.09, 1.0)), FULL, 0.8, 0.1)
    assert found.verdict is Verdict.PASS


@pytest.mark.parametrize(
    ("after_s", "expected"),
    [
        (0.0, Verdict.PASS),
        (0.399, Verdict.PASS),
        (RESTORE_S, Verdict.INCONCLUSIVE),
        (0.403, Verdict.FAIL),
        (1.25 * RESTORE_S, Verdict.FAIL),
        (math.inf, Verdict.FAIL),
    ],
)
def test_output_is_back_in_time(after_s: float, expected: Verdict) -> None:
    found = restores(watched((0.0, 0.0), (after_s, 1.0)), FULL, 0.8, RESTORE_S)
    assert found[0].verdict is expected, found[0].measurement


def test_output_that_goes_away_again_has_not_come_back() -> None:
    found = restores(watched((0.0, 0.0), (0.2, 1.0), (0.7, 0.0)), FULL, 0.8, RESTORE_S)
    assert verdict(found) is Verdict.FAIL
    late = restores(watched((0.0, 1.0), (0.7, 0.0), (0.8, 1.0)), FULL, 0.8, RESTORE_S)
    assert [finding.verdict for finding in late] == [Verdict.FAIL, Verdict.FAIL], "it had to stay"


def test_a_moment_that_is_known_badly_decides_nothing_near_the_limit() -> None:
    looks = replace(watched((0.0, 1.0), (0.05, 0.0)), timing_s=0.05)
    assert ceases(looks, 0.1, CEASE_S)[0].verdict is Verdict.INCONCLUSIVE, "0.05 +- 0.05 s may be more than 0.083 s"


def test_a_stage_that_ends_before_output_has_to_be_back_tells_nothing_of_it() -> None:
    (found,) = restores(watched((0.0, 0.0), span_s=0.3), FULL, 0.8, RESTORE_S)
    assert found.verdict is Verdict.INCONCLUSIVE


def test_half_of_the_voltage_is_half_of_the_power_at_the_same_active_current() -> None:
    assert active_current(sample(0.0, 0.9, v_pu=0.5)) == pytest.approx(0.9)
    assert math.isnan(active_current(sample(0.0, 0.0, v_pu=0.0)))


@pytest.mark.parametrize(
    ("left_pu", "uncertainty_pu", "expected"),
    [
        (0.875, 0.0, Verdict.PASS),
        (0.875 - 1e-6, 0.0, Verdict.FAIL),
        (0.876, 0.0025, Verdict.INCONCLUSIVE),
        (0.0, 0.0025, Verdict.FAIL),
    ],
)
def test_power_stays(left_pu: float, uncertainty_pu: float, expected: Verdict) -> None:
    (found,) = delivers(watched((0.0, 0.95), (0.5, left_pu), uncertainty_pu=uncertainty_pu), 0.95, 0.075, 0.0)
    assert found.verdict is expected, found.measurement
    assert found.criterion.target == 0.95


def test_nothing_is_judged_where_nothing_was_seen() -> None:
    assert delivers(watched((0.0, 1.0), span_s=0.3), 1.0, 0.1, from_s=0.5) == []
    assert keeps_current(watched((0.0, 1.0), span_s=0.05), FULL, 0.8, 0.1) == []


@given(after_s=st.floats(0.0, 0.9), step_s=st.floats(0.01, 0.1))
def test_the_moment_that_something_held_lies_where_the_looks_put_it(after_s: float, step_s: float) -> None:
    times = [BEGUN_S + step_s * n for n in range(1, round(1.0 / step_s) + 2)]
    looks = [sample(t, 1.0 if t - BEGUN_S >= after_s else 0.0) for t in times]
    found = settled_after(Watched("", "", "", BEGUN_S, looks, 0.0), lambda s: s.current_pu > 0.5, 2.0)
    assert abs(found.value - after_s) <= found.uncertainty + 1e-9


@pytest.mark.parametrize(
    ("above_hz", "left_pu"), [(0.0, 0.95), (1.0, 0.95), (1.8, 0.95 - 0.8 / 3.0), (-3.0, 0.95), (6.0, 0.0)]
)
def test_what_the_widest_droop_leaves(above_hz: float, left_pu: float) -> None:
    assert FIGURES.droop.left_pu(0.95, above_hz, 60.0) == pytest.approx(left_pu)


@pytest.mark.parametrize(
    ("name", "level_pu"), [("A", 0.98), ("B", 0.03), ("C", 0.48), ("C'", 0.68), ("D", 0.68), ("E", 0.98)]
)
def test_a_stage_is_held_at_the_end_towards_rated_voltage(name: str, level_pu: float) -> None:
    stage = FIGURES.low_voltage.disturbances["III"].stages[name]
    assert stage.level_pu(0.02) == pytest.approx(level_pu), "drawn in by twice the accuracy of voltage"


@pytest.mark.parametrize("section", [FIGURES.low_voltage, FIGURES.high_voltage], ids=lambda s: s.clause)
def test_each_category_has_its_disturbances(section) -> None:
    assert set(section.disturbances) == {"I", "II", "III"}
    for category, found in section.disturbances.items():
        levels = [stage.level_pu(0.02) for stage in found.stages.values()]
        inside = [stage.v_pu[0] <= v <= stage.v_pu[1] for v, stage in zip(levels, found.stages.values(), strict=True)]
        assert all(inside), f"category {category}"
        last = found.stages[found.orders[-1][-1]].demand
        assert last == "continuous", f"category {category}: nobody looks whether it tripped in the last stage"
