"""Sources against each other: who is believed, who is named, and what that makes of a run."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.truth.cross_check import AGREEMENT_CLAUSE, Claim, Finding, weigh
from reports.verdict import Verdict

FAIL, ERROR = Verdict.FAIL, Verdict.ERROR


def meter(value: float, bound: float = 0.2, name: str = "meter") -> Claim:
    return Claim(name, value, bound, FAIL)


def instrument(value: float, bound: float = 0.2, name: str = "analyzer") -> Claim:
    return Claim(name, value, bound, ERROR)


def found(*claims: Claim) -> Finding:
    finding = weigh(claims)
    assert finding is not None
    return finding


def test_one_source_says_nothing_about_itself() -> None:
    assert weigh([]) is None
    assert weigh([meter(1.0)]) is None
    assert weigh([instrument(1.0), instrument(9.0)]) is None, "what it was told and what it measures are one source"


def test_sources_that_agree_pass_and_the_farthest_is_told() -> None:
    finding = found(instrument(100.3), meter(100.0), Claim("device", 95.0, 6.0, FAIL))
    assert (finding.suspects, finding.verdict) == ((), Verdict.PASS)
    measured = finding.measurement("active power at t1", "kW", 12.0)
    assert (measured.verdict, measured.clause) == (Verdict.PASS, AGREEMENT_CLAUSE)
    assert measured.value is not None


# The claims of two against one, worked by hand: the believed overlap from 99.9 to 100.2, their middle is 100.05.
@pytest.mark.parametrize(
    ("claims", "suspect", "verdict", "deviation"),
    [
        ((instrument(101.0), meter(100.0), Claim("source", 100.1, 0.2, ERROR)), "analyzer", ERROR, 0.95),
        ((instrument(100.0), meter(101.0), Claim("source", 100.1, 0.2, ERROR)), "meter", FAIL, 0.95),
        ((meter(98.0), instrument(100.0), Claim("source", 100.1, 0.2, ERROR)), "meter", FAIL, -2.05),
    ],
)
def test_two_against_one_names_the_one(
    claims: tuple[Claim, ...], suspect: str, verdict: Verdict, deviation: float
) -> None:
    finding = found(*claims)
    assert (finding.suspects, finding.told) == ((suspect,), True)
    assert finding.deviation == pytest.approx(deviation)
    measured = finding.measurement("active power at t1", "kW", 0.0)
    assert measured.verdict is verdict
    assert f"disagreement of {suspect} " in measured.quantity
    assert measured.source.startswith(f"{suspect} against ")


def test_with_two_sources_it_cannot_be_told_which() -> None:
    finding = found(instrument(101.0), meter(100.0))
    assert (set(finding.suspects), finding.told) == ({"analyzer", "meter"}, False)
    measured = finding.measurement("active power at t1", "kW", 0.0)
    assert measured.verdict is Verdict.INCONCLUSIVE
    assert "cannot be told" in measured.quantity


def test_a_coarse_source_that_fits_both_decides_nothing() -> None:
    finding = found(instrument(101.0), meter(100.0), Claim("device", 100.0, 5.0, FAIL))
    assert set(finding.suspects) == {"analyzer", "meter"}, "the device is in nobody's way"
    assert finding.verdict is Verdict.INCONCLUSIVE


def test_where_only_the_laboratory_can_be_wrong_the_bench_is_broken() -> None:
    finding = found(instrument(120.0, name="analyzer"), instrument(0.0, name="source"))
    assert (finding.verdict, finding.told) == (ERROR, False)


def test_a_reference_is_right_against_any_number() -> None:
    node = Claim("feeder node", 100.0, 0.0, ERROR, reference=True)
    finding = found(node, meter(102.0, name="meter"), meter(102.0, name="device"))
    assert (set(finding.suspects), finding.verdict) == ({"meter", "device"}, FAIL)
    assert found(node, meter(100.1)).verdict is Verdict.PASS


def test_scattered_sources_outvote_nobody() -> None:
    finding = found(meter(1.0, name="a"), meter(1.1, name="b"), *(meter(v, name=str(v)) for v in (10.0, 20.0, 30.0)))
    assert finding.told is False, "two of five are no majority"
    assert finding.verdict is Verdict.INCONCLUSIVE


@given(
    true=st.floats(-2000.0, 2000.0),
    errors=st.lists(st.tuples(st.floats(-1.0, 1.0), st.floats(0.001, 5.0)), min_size=2, max_size=6),
)
def test_sources_within_their_class_always_agree(true: float, errors: list[tuple[float, float]]) -> None:
    claims = [Claim(f"s{i}", true + share * bound, bound * (1 + 1e-9), FAIL) for i, (share, bound) in enumerate(errors)]
    finding = found(*claims)
    assert finding.suspects == (), finding
    assert finding.measurement("x", "kW", 0.0).verdict is Verdict.PASS


@given(
    power=st.floats(25.0, 1000.0),
    gains=st.lists(st.floats(-0.002, 0.002), min_size=3, max_size=3),
    drift=st.sampled_from([0.01, -0.01]),
    wrong=st.integers(0, 2),
)
def test_one_percent_of_drift_is_told_whatever_was_drawn(
    power: float, gains: list[float], drift: float, wrong: int
) -> None:
    """Three sources of class 0.2: 1 % less 0.2 % of the one is beyond 0.2 + 0.2 % of any other."""
    said = [power * (1 + gain) * (1 + drift * (i == wrong)) for i, gain in enumerate(gains)]
    claims = [Claim(f"s{i}", value, 0.00201 * value, FAIL) for i, value in enumerate(said)]
    finding = found(*claims)
    assert finding.suspects == (f"s{wrong}",), finding
    assert finding.verdict is FAIL
