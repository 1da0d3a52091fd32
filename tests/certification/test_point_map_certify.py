"""An inverter that joins by a point map is judged as one on SunSpec; what its map lacks is NOT_RUN by name."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from bench.certification.figures import load_figures
from bench.certification.findings import Finding
from bench.certification.not_passed import NotPassed
from bench.certification.rig import Rig
from bench.certification.type_test import TypeTest
from instruments.dnp3_map import Dnp3Map
from instruments.emulators.inverter import InverterEmulator
from instruments.point_map import PointMap, parse_point_map
from reports.run_directory import RunDirectory
from reports.verdict import Verdict
from tests.certification.emulated_rig import ACME, IEEE1815_2, rig_of
from tests.certification.test_certify import BENCH, certify

FIGURES = load_figures()
PASSED = {Verdict.PASS}


def without(*names: str) -> PointMap:
    """Return Acme's map without some points."""
    document = ACME.model_dump(exclude_defaults=True)
    return parse_point_map(document | {"points": {n: p for n, p in document["points"].items() if n not in names}}, "")


def with_point(name: str, **changed: object) -> PointMap:
    """Return Acme's map with a mistake in one point."""
    document = ACME.model_dump(exclude_defaults=True)
    document["points"][name] |= changed
    return parse_point_map(document, "")


@contextmanager
def under_test(point_map: PointMap | Dnp3Map | None, *faults: str) -> Iterator[tuple[Rig, TypeTest]]:
    inverter = InverterEmulator("inverter", 25.0, category="B", abnormal="III", v_nom_v=208.0)
    for fault in faults:
        kind, _, value = fault.partition("=")
        inverter.inject(kind, float(value) if value else None)
    with rig_of(inverter, by=point_map) as rig:
        yield rig, TypeTest(rig, FIGURES, lambda _: None)


def verdicts(test: TypeTest) -> set[Verdict]:
    return {finding.verdict for finding in test.findings}


def told(findings: list[Finding]) -> list[tuple[str, float, Verdict]]:
    return [(finding.what, round(finding.response.value, 2), finding.verdict) for finding in findings]


@pytest.mark.parametrize("by", [ACME, IEEE1815_2], ids=["modbus", "dnp3"])
def test_a_sound_inverter_is_told_the_same_of_over_a_map_as_over_sunspec(by: PointMap | Dnp3Map) -> None:
    found = []
    for point_map in (None, by):
        with under_test(point_map) as (_, test):
            test.examine_nameplate()
            test.hold_reactive_power("all absorbing")
            test.hold_power_factor("least injecting")
        found.append(told(test.findings))
    assert found[0] == found[1]
    assert {verdict for _, _, verdict in found[1]} == PASSED


def test_settings_read_back_as_over_sunspec() -> None:
    found = []
    for point_map in (None, ACME):
        with under_test(point_map) as (_, test):
            test.write_settings()
        found.append(told(test.findings))
    assert found[0] == found[1]
    assert {verdict for _, _, verdict in found[1]} == PASSED


def test_what_the_dnp3_profile_cannot_hold_is_not_run_and_the_rest_reads_back() -> None:
    """Its volt-watt has seconds without a fraction, and its trips are not mapped."""
    with under_test(IEEE1815_2) as (_, test):
        with pytest.raises(NotPassed, match=r"lacks .*np_p_max_configured"):
            test.configure_ratings()
        with pytest.raises(NotPassed) as ended:
            test.write_settings()
    assert ended.value.verdict is Verdict.NOT_RUN
    assert "holds PV_OLRT in steps of 1, and 0.5 is none" in str(ended.value)
    assert "no over-voltage trip: its point map lacks ov1_trip_v" in str(ended.value)
    assert verdicts(test) == PASSED, [finding.worded for finding in test.findings]


LACKS: dict[str, tuple[Callable[[TypeTest], None], str]] = {
    "pv_curve_v2": (lambda test: test.follow("volt-watt", "1"), "no volt-watt: its point map lacks pv_curve_v2"),
    "volt_var_response_time": (lambda test: test.follow("volt-var", "1"), "lacks volt_var_response_time"),
    "qp_mode_enable": (lambda test: test.follow("watt-var", "1"), "no watt-var: its point map lacks qp_mode_enable"),
    "const_pf_excitation": (lambda test: test.hold_power_factor("least injecting"), "lacks const_pf_excitation"),
    "const_q": (lambda test: test.hold_reactive_power("all injecting"), "lacks const_q"),
    "ap_limit": (lambda test: test.limit_power(), "no limit of active power: its point map lacks ap_limit"),
    "pf_dbof": (lambda test: test.lower_frequency("1"), "no frequency-droop: its point map lacks pf_dbof"),
    "es_delay": (lambda test: test.try_enter_service("default"), "lacks es_delay"),
    "uv2_trip_t": (lambda test: test.trip("OV1", "shortest"), "no under-voltage trip: its point map lacks uv2_trip_t"),
    "pf_mode_enable": (lambda test: test.trip("OF1", "shortest"), "lacks pf_mode_enable"),
    "frequency": (lambda test: test.compare_readings(), "lacks frequency"),
    "alarms": (lambda test: test.compare_states(), "lacks alarms"),
    "np_over_pf": (lambda test: test.examine_nameplate(), "the point map of inverter lacks np_over_pf"),
    "supports_qv": (lambda test: test.examine_nameplate(), "lacks supports_qv"),
    "pf_kuf": (lambda test: test.write_settings(), "no frequency-droop: its point map lacks pf_kuf"),
}


@pytest.mark.parametrize("point", LACKS)
def test_what_a_map_lacks_is_not_run_by_its_name_and_fails_nothing(point: str) -> None:
    play, reason = LACKS[point]
    with under_test(without(point)) as (_, test), pytest.raises(NotPassed, match=reason) as ended:
        play(test)
    assert ended.value.verdict is Verdict.NOT_RUN
    assert verdicts(test) <= PASSED, [finding.worded for finding in test.findings]


def test_what_only_the_map_says_is_no_word_of_the_device() -> None:
    document = without("np_over_pf").model_dump(exclude_defaults=True)
    stated = parse_point_map(document | {"constants": {"np_over_pf": 0.9}}, "")
    with under_test(stated) as (_, test), pytest.raises(NotPassed, match="lacks np_over_pf"):
        test.examine_nameplate()


@pytest.mark.parametrize("category", ["np_normal_op_cat", "np_abnormal_op_cat"])
def test_a_map_without_a_category_is_not_run(category: str) -> None:
    with pytest.raises(NotPassed, match=f"lacks {category}") as ended, under_test(without(category)):
        pass
    assert ended.value.verdict is Verdict.NOT_RUN


@pytest.mark.parametrize(
    ("point", "mistake"),
    [
        ("const_q", {"scale": 0.05}),
        ("const_q", {"positive": "delivered"}),
    ],
    ids=["scale", "sign"],
)
def test_a_mistake_in_a_map_is_noticed_by_what_is_measured(point: str, mistake: dict[str, object]) -> None:
    with under_test(with_point(point, **mistake)) as (_, test):
        test.hold_reactive_power("half absorbing")
    assert Verdict.FAIL in verdicts(test)


def test_corners_that_are_shown_but_refused_as_they_are_switched_on_are_not_kept() -> None:
    """Acme shows what was written before it has taken it over."""
    with under_test(ACME, "refuses-curves=712") as (_, test):
        test.write_settings()
    failed = [finding.what for finding in test.findings if finding.verdict is not Verdict.PASS]
    assert failed == ["taken as set, watt-var low", "taken as set, watt-var high"]


@pytest.mark.long
@pytest.mark.parametrize("bench", ["certify_vendor_inverter", "certify_inverter_dnp3"])
def test_a_clause_is_played_through_the_wire_of_a_whole_bench(tmp_path: Path, bench: str) -> None:
    done = certify(tmp_path / "run", "ieee1547.1", "--scenario", "Volt-var characteristic 1 at 100", bench=at(bench))
    (test,) = RunDirectory.open(tmp_path / "run").run.scenarios
    assert (done.exit_code, test.id, test.verdict) == (0, "5.14.4", Verdict.PASS), test.reason


def at(bench: str) -> Path:
    return BENCH.with_name(f"{bench}.yaml")
