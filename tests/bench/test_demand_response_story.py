"""The story's second event: good equipment passes, and every defect and missing message stops it at the right row."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from playing import Record, feature_steps, play, quick_bench, rows_in
from suppression import require_missing

from bench.bus import Message
from bench.config import BenchFile
from bench.story import Story
from bench.use_case.model import Row
from bench.use_case.tables import load as load_use_case
from reports.verdict import RowState, Verdict

MET, NOT_MET, NOT_RUN, NOT_APPLICABLE = RowState.MET, RowState.NOT_MET, RowState.NOT_RUN, RowState.NOT_APPLICABLE
USE_CASE = load_use_case()
FIRST, LAST = "1.14", "1.24.2"
ROWS = rows_in(feature_steps(LAST))
SECOND_EVENT = ROWS[ROWS.index(FIRST) :]
OBSERVED = [number for number in SECOND_EVENT if USE_CASE.row(number).kind != "driven"]
DEFECTS = {"1.19.5.1A.3": "ignores-override", "1.19.5.1B.1": "does-not-shed"}
"""What suppresses an effect: appliances that do not do as their home controller says."""
IN_EVERY_RUN = {"1.19.4"}
"""Rows whose suppression is tried in the quick tests; all others are in the long ones."""
HORIZON_S = 420.0


def items(record: Record) -> list[dict[str, object]]:
    found: list[dict[str, object]] = json.loads((record.path / "run.json").read_text())["scenarios"][0]["rows"]["items"]
    return found


@pytest.fixture(scope="module")
def good(tmp_path_factory: pytest.TempPathFactory) -> Record:
    """The whole story on good equipment."""
    return play(tmp_path_factory.mktemp("good") / "run", quick_bench(HORIZON_S))


@pytest.fixture(scope="module")
def due_s(good: Record) -> dict[str, float]:
    """By when each row had to come at the latest, with a few seconds in which that is noticed.

    A row that came before anything called for it, such as alerts of meters that need not have found out yet, may come
    at any time.
    """
    due: dict[str, float] = {}
    for item in items(good):
        latest_s = HORIZON_S if item["due_s"] is None and item["state"] == MET else float(str(item["due_s"] or 0.0))
        due[str(item["row"])] = max(due.get(str(item["row"]), 0.0), latest_s + 3.0)
    return due


@pytest.fixture(scope="module")
def heat_s(good: Record) -> float:
    moments = json.loads((good.path / "run.json").read_text())["scenarios"][0]["moments"]
    return float(next(m["time_s"] for m in moments if m["label"] == "before the heat"))


def taking(record: Record, row: str) -> set[str]:
    """Name the customers by whom a row was met."""
    return {str(item["instance"]) for item in items(record) if item["row"] == row and item["state"] == MET}


def messages(record: Record, information: str) -> list[dict[str, object]]:
    lines = (json.loads(line) for line in (record.path / "trace.jsonl").read_text().splitlines())
    return [line for line in lines if line["information"] == information]


def test_good_equipment_passes_all_71_rows_and_the_physical_proofs(good: Record) -> None:
    assert good.failure == ""
    assert good.verdict is Verdict.PASS
    assert len(good.states) == 71
    assert set(good.states.values()) == {MET}


def test_the_second_event_is_an_occurrence_of_its_own(good: Record) -> None:
    occurrences = {str(i["row"]): i["occurrence"] for i in items(good) if i["state"] == MET}
    assert {occurrences[n] for n in ("1.1", "1.2.2", "1.4.4")} == {"e1"}
    assert {occurrences[n] for n in ("1.14", "1.15", "1.18", "1.21.1B.2", "1.24.2")} == {"e2"}


def test_both_alternatives_occur_in_one_event_customer_by_customer(good: Record) -> None:
    overriding, shedding = taking(good, "1.19.5.1A.3"), taking(good, "1.19.5.1B.1")
    called = taking(good, "1.19.5")
    assert len(overriding) == 2
    assert overriding | shedding == called
    assert not overriding & shedding
    ruled_out = {(i["row"], i["instance"]) for i in items(good) if i["state"] == NOT_APPLICABLE}
    assert {("1.19.5.1B.1", name) for name in overriding} <= ruled_out
    assert {("1.19.5.1A.2", name) for name in shedding} <= ruled_out


def test_a_wrong_code_is_refused_and_the_event_goes_on(good: Record) -> None:
    (refusal,) = messages(good, "Override Refused")
    payload = refusal["payload"]
    assert isinstance(payload, dict)
    assert payload["tries_left"] == 2
    assert payload["customer"] in taking(good, "1.19.5.1B.1"), "whoever forgot the code sheds like all others"


def test_nobody_but_the_selected_customers_is_called(good: Record) -> None:
    (listing,) = messages(good, "Demand Response Selected Customers Listing")
    payload = listing["payload"]
    assert isinstance(payload, dict)
    selected = {customer["customer"] for customer in payload["customers"]}
    assert taking(good, "1.19.3") == taking(good, "1.19.4") == selected
    assert len(selected) < 168, "not everybody who is enrolled"


def test_the_second_event_leaves_the_same_bytes_again(good: Record, tmp_path: Path) -> None:
    again = play(tmp_path / "run", quick_bench(HORIZON_S))
    for name in ("trace", "rows", "wire", "measurements"):
        assert again.log(name) == good.log(name), f"{name}.jsonl differs between two runs with the same seed"


def test_a_bench_without_heat_does_not_pass_what_cannot_happen(due_s: dict[str, float], tmp_path: Path) -> None:
    bench = quick_bench(250.0)
    environment = bench.environment.model_copy(update={"heat": None})
    record = play(tmp_path / "run", bench.model_copy(update={"environment": environment}))
    assert "no `heat`" in record.failure
    assert record.verdict is Verdict.NOT_RUN
    assert {record.states[n] for n in SECOND_EVENT} == {NOT_RUN}
    assert due_s["1.13"] < 250.0


def gentle(bench: BenchFile) -> BenchFile:
    """Return a bench with less heat, and a battery of 1.24 MW: with the taps it copes with that."""
    heat, battery = bench.environment.heat, bench.devices["utility_battery"]
    assert heat is not None
    assert battery.emulate is not None
    environment = bench.environment.model_copy(update={"heat": heat.model_copy(update={"load_rise_pu": 0.1})})
    larger = battery.model_copy(update={"emulate": battery.emulate.model_copy(update={"rating_kva": 31.0})})
    return bench.model_copy(
        update={"environment": environment, "devices": {**bench.devices, "utility_battery": larger}}
    )


def test_demand_response_is_not_called_where_equipment_suffices(tmp_path: Path) -> None:
    record = play(tmp_path / "run", gentle(quick_bench(300.0)), stop_after="1.17")
    assert record.failed_at == "1.15.1", record.states
    assert record.verdict is Verdict.FAIL
    assert "no System Condition Data" in record.failure


def test_appliances_that_do_otherwise_are_noticed_at_their_own_meter(
    good: Record, due_s: dict[str, float], tmp_path: Path
) -> None:
    row = "1.19.5.1B.1"
    premise = min(taking(good, row))
    record = play(tmp_path / "run", quick_bench(due_s[row]), faults=[f"{premise}:{DEFECTS[row]}"], stop_after="1.20")
    assert record.failed_at == row, record.failure
    found = {line.instance for line in record.directory().rows if line.row == row and line.state == NOT_MET}
    assert found == {premise}
    meter = f"net_meter_{premise}"  # named after its number, so only the kind of source is certain
    assert "net_meter_" in record.reasons[row], f"{meter}: a meter has to say so, not the home: {record.reasons[row]}"


@pytest.mark.long
def test_a_meter_that_answers_no_request_is_listed_and_its_customer_estimated(
    good: Record, heat_s: float, tmp_path: Path
) -> None:
    """It falls silent after its last alert: 1.21.1A.1 has to miss it, and the systems go on without it."""
    customers = messages(good, "Demand Response Selected Customers Listing")[0]["payload"]
    assert isinstance(customers, dict)
    chosen = next(c for c in customers["customers"] if c["customer"] in taking(good, "1.19.5.1B.1"))
    silent_s = float(str(messages(good, "Override Refused")[0]["time_s"])) + 35.0
    fault = f"{chosen['net_meter']}:does-not-answer@{silent_s:.0f}"
    record = play(tmp_path / "run", quick_bench(HORIZON_S), faults=[fault])
    assert silent_s > heat_s
    assert record.failed_at in {"1.19.5.1B.1", "1.21.1A.1"} or record.states["1.21.1A.1"] is not MET
    (data, *_) = messages(record, "AMI Net/Billing Meter Data and AMI Renewable Energy Credit Meter Data")
    (result, *_) = messages(record, "Total Load Affected")
    assert isinstance(data["payload"], dict)
    assert isinstance(result["payload"], dict)
    assert data["payload"]["silent"] == [chosen["net_meter"]]
    assert result["payload"]["edited"] > 0


def sieve(row: Row, story: Story, since_s: float) -> Callable[[Message], bool]:
    """Find the messages of the second event that would meet a row."""

    def withheld(message: Message) -> bool:
        parties = (message.producer.value, message.receiver.value, message.information.value)
        return parties == (row.producer, row.receiver, row.information) and story.clock.now_s > since_s

    return withheld


@pytest.mark.parametrize(
    "number", [pytest.param(n, marks=() if n in IN_EVERY_RUN else pytest.mark.long) for n in OBSERVED]
)
def test_a_row_that_is_suppressed_is_not_met_and_takes_its_dependents_along(
    number: str, good: Record, due_s: dict[str, float], heat_s: float, tmp_path: Path
) -> None:
    """Suppress a row at its producer: the matcher has to miss that row, and no other before it."""
    row = USE_CASE.row(number)
    faults = [f"{min(taking(good, number))}:{DEFECTS[number]}"] if row.kind == "effect" else []

    def suppress(story: Story) -> None:
        if row.kind != "effect":
            story.bus.withheld.append(sieve(row, story, heat_s))

    record = play(tmp_path / "run", quick_bench(due_s[number]), faults=faults, prepare=suppress, stop_after=LAST)
    require_missing(number, record)
