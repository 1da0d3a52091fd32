"""The use case's 47 preconditions: each has one check, and each check asks the bench and can come out either way."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from playing import EMULATED, quick_bench

from bench.config import BenchFile, load_bench
from bench.customers import Customer, Premise
from bench.faults import parse_fault
from bench.measurement import Measurement
from bench.preconditions.checks import CHECKS, Checked, check_preconditions
from bench.preconditions.finding import Subject
from bench.session import Played, RunSession, Title
from bench.use_case.model import Precondition
from bench.use_case.tables import load as load_use_case
from instruments.errors import ConfigError
from reports.run_directory import RunDirectory
from reports.verdict import Verdict

USE_CASE = load_use_case()
TITLE = Title("1", None, "test.feature", "preconditions")
ROWS = ("1.1",)
STACK = "unit,lowest_kw,highest_kw,cost_per_mwh,committed\nhydro,0,200,10,yes\ngas,100,300,60,yes\nold,0,900,90,no\n"


def opened(folder: Path, bench: BenchFile, *faults: str) -> tuple[RunSession, Played]:
    session = RunSession(folder, bench, EMULATED, 1, [parse_fault(text) for text in faults])
    return session, session.play(TITLE, ROWS)


def by_name(checked: list[Checked] | tuple[Checked, ...]) -> dict[str, Checked]:
    return {one.check: one for one in checked}


def changed(bench: BenchFile, device: str, **emulate: object) -> BenchFile:
    section = bench.devices[device]
    assert section.emulate is not None
    other = section.model_copy(update={"emulate": section.emulate.model_copy(update=emulate)})
    return bench.model_copy(update={"devices": {**bench.devices, device: other}})


@pytest.fixture(scope="module")
def good(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Played, Subject, Path]]:
    """The emulated bench, opened and not begun, and what checks are given of it."""
    folder = tmp_path_factory.mktemp("good") / "run"
    session, played = opened(folder, quick_bench(60.0))
    assembly = played.assembly
    with session.writer:
        yield played, subject_of(played, "1"), folder
        assembly.close()


def subject_of(played: Played, scenario: str) -> Subject:
    assembly = played.assembly
    return Subject(
        assembly.config,
        assembly.places.sites,
        assembly.premises,
        assembly.meters,
        assembly.drivers,
        assembly.parties,
        USE_CASE.rows_of(scenario),
        assembly.evidence.citing,
    )


def test_each_of_the_47_preconditions_has_one_check_and_no_check_is_unused() -> None:
    assert len(USE_CASE.preconditions) == 47
    named = [condition.check for condition in USE_CASE.preconditions]
    assert set(named) == set(CHECKS), "tables and checks do not name the same"
    for scenario in USE_CASE.scenarios:
        own = [condition.check for condition in USE_CASE.preconditions if condition.scenario == scenario]
        assert len(own) == len(set(own)), f"scenario {scenario} checks one thing twice: two rows mean the same"


def test_one_text_has_one_check() -> None:
    checks: dict[str, set[str]] = {}
    for condition in USE_CASE.preconditions:
        checks.setdefault(condition.condition, set()).add(condition.check)
    assert {len(found) for found in checks.values()} == {1}, checks


def test_all_of_scenario_1_stand_on_the_emulated_bench(good: tuple[Played, Subject, Path]) -> None:
    played, _, _ = good
    assert len(played.preconditions) == 16
    assert [one.objection for one in played.preconditions if one.objection] == []
    assert {one.finding.how for one in played.preconditions} == {"measurement", "configuration", "assumed"}


def test_what_is_measured_cites_the_wire_it_was_read_over(good: tuple[Played, Subject, Path]) -> None:
    played, subject, folder = good
    wire = {line["seq"]: line for line in map(json.loads, (folder / "wire.jsonl").read_text().splitlines())}
    for one in played.preconditions:
        if one.finding.how == "measurement":
            assert one.finding.citations, one.check
            assert all(wire[int(cited.removeprefix("wire:"))]["error"] is None for cited in one.finding.citations)
    meters = by_name(list(played.preconditions))["full_ami"].finding
    asked = [wire[int(cited.removeprefix("wire:"))]["endpoint"] for cited in meters.citations]
    assert asked == list(subject.meters), "one read of the event register of each meter"
    assert meters.evidence.startswith("290 of 290 ")


def test_the_bench_is_as_it_was_before_it_was_asked(good: tuple[Played, Subject, Path]) -> None:
    played, subject, _ = good
    before = {name: played.assembly.drivers[name].read_status() for name in subject.devices("capacitor_bank")}
    check_preconditions(USE_CASE.preconditions[:16], subject)
    after = {name: played.assembly.drivers[name].read_status() for name in before}
    assert after == before
    assert played.story.clock.now_s == 0.0


def test_an_inverter_without_volt_var_is_found_and_keeps_the_scenario_from_passing(tmp_path: Path) -> None:
    session, played = opened(tmp_path / "run", changed(quick_bench(60.0), "utility_pv", volt_var=False))
    session.close(played)
    session.finish()
    (scenario,) = RunDirectory.open(tmp_path / "run").run.scenarios
    (entry,) = [e for e in scenario.preconditions if "volt-var" in e.text]
    assert (entry.how, entry.held) == ("measurement", False)
    assert "4 of 5 inverters" in entry.evidence
    assert "utility_pv off" in entry.evidence
    assert entry.citations
    assert scenario.verdict in {Verdict.NOT_RUN, Verdict.FAIL}
    assert "precondition does not hold: Inverters of PV" in scenario.reason


@pytest.mark.parametrize(("volt_var", "verdict"), [(True, Verdict.PASS), (False, Verdict.NOT_RUN)])
def test_what_would_pass_by_its_measurements_does_not_without_its_preconditions(
    volt_var: bool, verdict: Verdict, tmp_path: Path
) -> None:
    session, played = opened(tmp_path / "run", changed(quick_bench(5.0), "utility_pv", volt_var=volt_var))
    played.story.conformance.watches.clear()
    played.story.rest()
    played.story.measurements.append(Measurement("anything that passes", 1.0, "V", 0.0, 0.0, "the test"))
    assert session.close(played) is verdict
    session.finish()


def test_a_meter_that_does_not_answer_is_named(tmp_path: Path) -> None:
    session, played = opened(tmp_path / "run", quick_bench(5.0), "net_meter_7:does-not-answer")
    found = by_name(list(played.preconditions))["full_ami"].finding
    assert found.held is False
    assert found.evidence.startswith("289 of 290 ")
    assert "net_meter_7 does not answer" in found.evidence
    assert session.close(played) is not Verdict.PASS
    session.finish()


def test_an_inverter_that_is_switched_to_local_does_not_obey(good: tuple[Played, Subject, Path]) -> None:
    played, subject, _ = good
    registers = played.assembly.emulated.devices["customer_dg"].registers.model(715)  # type: ignore[attr-defined]
    registers.set({"LocRemCtl": 1})
    try:
        found = CHECKS["inverter_obeys"](subject)
    finally:
        registers.set({"LocRemCtl": 0})
    assert found.held is False
    assert "4 of 5" in found.evidence
    assert "customer_dg local" in found.evidence


def test_a_bank_that_is_blocked_already_proves_no_block(good: tuple[Played, Subject, Path]) -> None:
    played, subject, _ = good
    played.assembly.drivers["capacitor_2"].set_blocked(True)
    try:
        found = CHECKS["var_switching_lockable"](subject)
    finally:
        played.assembly.drivers["capacitor_2"].set_blocked(False)
    assert found.held is False
    assert "capacitor_2 is blocked already" in found.evidence


def environment(bench: BenchFile, **changes: object) -> BenchFile:
    return bench.model_copy(update={"environment": bench.environment.model_copy(update=changes)})


def without_contract(subject: Subject) -> Subject:
    nobody = Premise(
        "premise_x", 0, "net_meter_1", None, Customer("x", "residential", "demand_response", 0.0, "comfort")
    )
    return replace(subject, premises=[*subject.premises, nobody])


CONTRADICTIONS: Mapping[str, Any] = {
    "utility_pv_placed": lambda s: replace(s, sites=[x for x in s.sites if x.owner != "utility"]),
    "customer_pv_placed": lambda s: replace(s, sites=[x for x in s.sites if not x.service]),
    "tariff_agreements": without_contract,
    "cloud_is_the_cause": lambda s: replace(s, config=environment(s.config, cloud=None)),
    "controlled_as_one": lambda s: replace(s, config=changed(s.config, "customer_inverter_1", dc_source=None)),
    "assets_for_dispatch": lambda s: replace(s, sites=[x for x in s.sites if x.kind != "generator"]),
    "dispatch_in_dms": lambda s: replace(s, parties=s.parties - {"Distribution Management System"}),
    "operators_may_call": lambda s: replace(s, premises=()),
    "lambda_kept": lambda s: actors(s, "energy_management", generation_stack=None),
    "only_large_der_eligible": lambda s: replace(s, sites=[x for x in s.sites if x.rating_kva <= 100.0]),
    "no_override": lambda s: replace(s, rows=USE_CASE.rows_of("1")),
}


@pytest.mark.parametrize("check", CONTRADICTIONS)
def test_a_configuration_that_contradicts_the_use_case_is_found(check: str, good: tuple[Played, Subject, Path]) -> None:
    found = CHECKS[check](CONTRADICTIONS[check](good[1]))
    assert (found.how, found.held) == ("configuration", False), found
    assert found.evidence


def actors(subject: Subject, section: str, **changes: object) -> Subject:
    config = subject.config
    other = getattr(config.actors, section).model_copy(update=changes)
    return replace(
        subject, config=config.model_copy(update={"actors": config.actors.model_copy(update={section: other})})
    )


@pytest.mark.parametrize("scenario", ["2", "3"])
def test_a_cloud_that_never_comes_is_not_said_to_be_the_cause(
    scenario: str, good: tuple[Played, Subject, Path]
) -> None:
    """The document repeats the condition where nothing begins with a voltage out of range."""
    found = CHECKS["cloud_is_the_cause"](replace(good[1], rows=USE_CASE.rows_of(scenario)))
    assert (found.how, found.held, found.stands) == ("assumed", None, True)
    assert "no cloud is let come" in found.evidence


@pytest.mark.parametrize("may", [True, False])
def test_a_call_that_nobody_may_decline_is_authorized_as_one(may: bool, good: tuple[Played, Subject, Path]) -> None:
    scenario_3 = replace(actors(good[1], "wholesale", may_override=may), rows=USE_CASE.rows_of("3"))
    assert CHECKS["no_override"](scenario_3).held is not may


def test_lambda_needs_units_to_be_computed_from(good: tuple[Played, Subject, Path], tmp_path: Path) -> None:
    stack = tmp_path / "stack.csv"
    stack.write_text(STACK, encoding="utf-8")
    planning = actors(good[1], "energy_management", generation_stack=stack, plan_at_s=0.0)
    found = CHECKS["lambda_kept"](planning)
    assert found.held is True, found.evidence
    assert "2 units of 500 kW" in found.evidence
    assert CHECKS["lambda_kept"](actors(planning, "energy_management", generation_stack=None)).held is False
    nobody = replace(planning, parties=planning.parties - {"Energy Management System"})
    assert CHECKS["lambda_kept"](nobody).held is False


def test_der_of_exactly_the_limit_is_not_eligible(good: tuple[Played, Subject, Path]) -> None:
    subject = good[1]
    (site,) = [site for site in subject.sites if site.name == "customer_dg"]
    for rating_kva, held in ((100.0, False), (100.1, True)):
        found = CHECKS["only_large_der_eligible"](replace(subject, sites=[replace(site, rating_kva=rating_kva)]))
        assert found.held is held, found.evidence


def test_where_there_is_nothing_to_ask_nothing_is_established(good: tuple[Played, Subject, Path]) -> None:
    config = good[1].config
    bare = replace(good[1], meters=(), config=config.model_copy(update={"devices": {}, "terminals": {}}))
    for check in ("volt_var_on", "reactive_capability", "inverter_obeys", "full_ami", "volt_before_var"):
        found = CHECKS[check](bare)
        assert found.held is None, check
        assert not found.stands, f"{check}: what was not measured is not passed"


def test_a_precondition_without_a_check_could_not_be_established(good: tuple[Played, Subject, Path]) -> None:
    (checked,) = check_preconditions([Precondition(scenario="1", party="Keeper", condition="Is awake.")], good[1])
    assert checked.finding.held is None
    assert "could not be established: Is awake." in checked.objection


def test_an_unknown_check_is_told_with_the_nearest(good: tuple[Played, Subject, Path]) -> None:
    misspelled = Precondition(scenario="1", party="x", condition="y", check="full_amy")
    with pytest.raises(ConfigError, match="unknown check 'full_amy'; nearest known: full_ami"):
        check_preconditions([misspelled], good[1])


def test_the_bench_file_that_is_shipped_has_volt_var_everywhere() -> None:
    devices = load_bench(EMULATED).devices.values()
    assert all(device.emulate is None or device.emulate.volt_var for device in devices)
