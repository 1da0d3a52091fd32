"""Verdicts on tap-changer controls that are formulas: exact, and wrong by known amounts around each limit."""

from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import Any

import pytest
from pydantic import ValidationError

from bench.certification.control_rig import ControlRig
from bench.certification.controls.findings import About
from bench.certification.findings import Finding
from bench.certification.ltc.band import band_edges
from bench.certification.ltc.closed_loop import closed_loop, taps_needed
from bench.certification.ltc.compensation import line_drop
from bench.certification.ltc.figures import LoopCase, TapChangerFigures, load_tap_changer_figures
from bench.certification.ltc.orders import block, manual
from bench.certification.ltc.timing import definite_delay, inter_tap_delay, inverse_delay
from bench.certification.not_passed import NotPassed
from bench.certification.refusals import DeviceError, verdict_of
from instruments.errors import ConfigError
from reports.verdict import Verdict, worst
from tests.certification.synthetic_control import SyntheticControl, control_rig

FIGURES = load_tap_changer_figures()
PASS, FAIL, UNKNOWN = Verdict.PASS, Verdict.FAIL, Verdict.INCONCLUSIVE
Procedure = Callable[..., Iterator[Finding]]


def found(procedure: Procedure, *case: Any, share: float = 0.0, **wrong: Any) -> list[Finding]:
    device = SyntheticControl(**wrong)
    return list(procedure(control_rig(device, share), FIGURES, *case))


def verdict(procedure: Procedure, *case: Any, share: float = 0.0, **wrong: Any) -> Verdict:
    return worst(finding.verdict for finding in found(procedure, *case, share=share, **wrong))


def named(findings: list[Finding], text: str) -> Finding:
    (one,) = [finding for finding in findings if finding.what.startswith(text)]
    return one


@pytest.mark.parametrize("edge", ["lower", "upper"])
@pytest.mark.parametrize(
    ("off_v", "share", "expected"),
    [
        (0.0, 0.0, PASS),
        (0.26, 0.0, PASS),
        (-0.26, 0.0, PASS),
        (0.30, 0.0, UNKNOWN),  # the level is known to half of 0.05 V
        (0.36, 0.0, FAIL),
        (-0.36, 0.0, FAIL),
        (0.20, 0.0005, PASS),
        (0.26, 0.0005, UNKNOWN),  # 0.06 V of the source's class
        (0.36, 0.0005, UNKNOWN),
        (0.45, 0.0005, FAIL),
        (1.5, 0.0005, FAIL),  # beyond all that is searched
        (-1.5, 0.0005, FAIL),
    ],
)
def test_an_edge_is_judged_by_the_tolerance_of_levels_and_the_class_of_the_source(
    edge: str, off_v: float, share: float, expected: Verdict
) -> None:
    findings = found(band_edges, "of 2 V around 120 V", share=share, **{f"{edge}_off_v": off_v})
    assert named(findings, f"{edge} edge").verdict is expected
    other = named(findings, "upper edge" if edge == "lower" else "lower edge")
    assert other.verdict is PASS


def test_a_band_that_is_too_narrow_operates_just_inside() -> None:
    findings = found(band_edges, "of 2 V around 120 V", lower_off_v=0.5)
    inside = {f.what: f.verdict for f in findings if "just inside" in f.what or "at the centre" in f.what}
    assert [verdict.value for verdict in inside.values()] == ["PASS", "FAIL", "PASS"]


@pytest.mark.parametrize(
    ("late_s", "expected"),
    [
        (0.0, PASS),
        (1.3, PASS),
        (-1.3, PASS),
        (1.5, PASS),
        (1.6, UNKNOWN),
        (-1.6, UNKNOWN),
        (1.8, FAIL),
        (-1.8, FAIL),
        (9.0, FAIL),
    ],
)
def test_a_delay_of_30_s_is_judged_by_5_pct_and_the_time_between_looks(late_s: float, expected: Verdict) -> None:
    assert verdict(definite_delay, "of 30 s", late_s=late_s) is expected


@pytest.mark.parametrize(("late_s", "expected"), [(0.8, PASS), (1.0, PASS), (1.1, UNKNOWN), (1.3, FAIL)])
def test_a_short_delay_is_judged_by_a_second(late_s: float, expected: Verdict) -> None:
    assert verdict(definite_delay, "of 10 s", late_s=late_s) is expected


@pytest.mark.parametrize(
    ("off_s", "expected"), [(0.0, PASS), (0.7, PASS), (-0.7, PASS), (1.0, UNKNOWN), (1.4, FAIL), (-1.4, FAIL)]
)
def test_the_time_between_operations_is_known_as_two_closures_are(off_s: float, expected: Verdict) -> None:
    assert verdict(inter_tap_delay, "of 15 s", gap_off_s=off_s) is expected


def test_a_definite_delay_is_no_inverse_one() -> None:
    assert verdict(inverse_delay, "2 half bands away") is FAIL
    assert verdict(inverse_delay, "2 half bands away", late_s=-20.0) is PASS, "20 s, half of the setting"
    assert verdict(inverse_delay, "2 half bands away", late_s=-22.4) is PASS, "as at 2.3 V away: 17.4 s"
    assert verdict(inverse_delay, "2 half bands away", late_s=-24.5) is FAIL


@pytest.mark.parametrize("case", ["R of 6 V", "X of 5 V", "R of 4 V and X of 3 V"])
def test_the_drop_of_the_line_is_that_of_the_formula_at_every_angle(case: str) -> None:
    assert verdict(line_drop, case) is PASS
    assert verdict(line_drop, case, drop_scale=0.0) is FAIL
    assert verdict(line_drop, case, drop_scale=-1.0) is FAIL


@pytest.mark.parametrize(("scale", "expected"), [(1.04, PASS), (1.08, FAIL), (0.92, FAIL)])
def test_a_drop_that_is_scaled_is_judged_by_the_tolerance_of_levels(scale: float, expected: Verdict) -> None:
    """4.8 V times 4 % is 0.19 V, times 8 % is 0.38 V."""
    assert verdict(line_drop, "R of 6 V", drop_scale=scale) is expected


@pytest.mark.parametrize(("order_s", "expected"), [(0.0, PASS), (2.0, PASS), (2.1, UNKNOWN), (2.3, FAIL), (60.0, FAIL)])
def test_an_order_comes_at_once(order_s: float, expected: Verdict) -> None:
    device = SyntheticControl(order_s=order_s)
    device.raise_tap, device.lower_tap = _only_in_manual(device)  # type: ignore[method-assign]
    findings = list(manual(control_rig(device), FIGURES))
    first = named(findings, "time until the contact closes upon a SCADA raise")
    assert first.verdict is expected


def _only_in_manual(device: SyntheticControl) -> tuple[Callable[[], None], Callable[[], None]]:
    take = {1: device.raise_tap, -1: device.lower_tap}

    def ordered(direction: int) -> None:
        if not device.automatic:
            take[direction]()

    return lambda: ordered(1), lambda: ordered(-1)


def test_one_that_takes_orders_in_automatic_is_noticed() -> None:
    findings = found(manual)
    assert named(findings, "closures upon a SCADA raise in automatic").verdict is FAIL


@pytest.mark.parametrize(("remote", "expected"), [(False, Verdict.NOT_RUN), (True, FAIL)])
def test_a_panel_that_was_left_on_local_is_no_defect_and_a_refusal_without_that_is_one(
    remote: bool, expected: Verdict
) -> None:
    class Refusing(SyntheticControl):
        def set_blocked(self, blocked: bool) -> None:
            raise DeviceError(f"the control is in local: not {blocked}")

        def read_status(self) -> Any:
            return SimpleNamespace(remote=remote)

    with pytest.raises((NotPassed, DeviceError)) as ended:
        list(block(control_rig(Refusing()), FIGURES))
    assert verdict_of(ended.value) is expected


def test_a_blocked_control_that_says_so_and_stays() -> None:
    device = SyntheticControl()
    device.read_status = lambda: device  # type: ignore[attr-defined]
    assert worst(f.verdict for f in block(control_rig(device), FIGURES)) is PASS
    device.set_blocked = lambda _blocked: None  # type: ignore[method-assign]
    assert worst(f.verdict for f in block(control_rig(device), FIGURES)) is FAIL


@pytest.mark.parametrize(
    ("wrong", "expected"),
    [({}, PASS), ({"lower_off_v": 0.25}, PASS), ({"lower_off_v": 0.8}, FAIL), ({"lower_off_v": -0.8}, FAIL)],
)
def test_as_many_operations_as_bring_voltage_back(wrong: dict[str, float], expected: Verdict) -> None:
    assert verdict(closed_loop, "a voltage that falls", **wrong) is expected


@pytest.mark.parametrize(("source_share", "doubt"), [(0.0, 0.0), (1e-6, 0.0), (1e-3, 1.0)])
def test_a_count_of_operations_is_in_doubt_where_the_source_could_change_it(source_share: float, doubt: float) -> None:
    """Five taps of 0.625 % bring voltage just into the wider band: V (1 + 5 * 0.00625) = centre - half - tolerance."""
    edge_v = FIGURES.number("band_centre") - FIGURES.number("bandwidth") / 2.0 - FIGURES.tolerance.level_v.value
    case = LoopCase(name="at the edge", behind_v=edge_v / (1.0 + 5 * 0.00625) + 1e-3)
    least, _, found = taps_needed(FIGURES, 0.00625, case, source_share)
    assert (least, found) == (5, doubt)


def test_a_control_that_hunts_is_noticed_when_voltage_is_back() -> None:
    findings = found(closed_loop, "a voltage that falls", lower_off_v=0.9, upper_off_v=-1.2)
    assert named(findings, "operations back").verdict is FAIL
    assert named(findings, "operations after voltage is back").verdict is FAIL


@pytest.mark.parametrize("procedure", [band_edges, definite_delay, line_drop, closed_loop])
def test_a_case_that_the_suite_has_not_is_told_with_the_known_ones(procedure: Procedure) -> None:
    with pytest.raises(ConfigError, match="has no case 'of nothing'; known: "):
        found(procedure, "of nothing")


def test_figures_without_a_base_setting_cannot_be_used() -> None:
    less = FIGURES.model_copy(update={"base": {"band_centre": 120.0}})
    rig: ControlRig = control_rig(SyntheticControl())
    with pytest.raises(ConfigError, match="no number for inter_tap_delay"):
        list(band_edges(rig, TapChangerFigures.model_validate(less.model_dump()), "of 2 V around 120 V"))


@pytest.mark.parametrize("search_v", [0.1, 0.3])
def test_a_search_that_ends_within_the_tolerance_is_refused(search_v: float) -> None:
    told = FIGURES.model_dump()
    told["probing"]["search_v"] = search_v
    with pytest.raises(ValidationError, match="none could fail"):
        TapChangerFigures.model_validate(told)


def test_what_a_control_says_of_itself_is_told_as_its_own_word() -> None:
    rig = control_rig(SyntheticControl())
    assert About(rig, "COUNTER", said=True).count("operations that it counted", 1, 1).source == rig.device
    assert About(rig, "COUNTER").count("closures", 1, 1).source == rig.scan.name != rig.device
