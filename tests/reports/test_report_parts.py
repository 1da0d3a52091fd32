import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from reports.evidence import bounds, measured
from reports.handled import handled
from reports.html.charts import Line, lane_chart, spans, thin
from reports.html.sequence import diagram
from reports.proofs import gather_proofs
from reports.rows import group_rows, repeated_rows
from reports.run_directory import MeasurementLine, RowItem, TraceLine, WireLine
from reports.verdict import RowState


def item(state: str, instance: str = "", row: str = "1.1", **more: object) -> RowItem:
    return RowItem(row, RowState(state), "e1", instance, **more)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("states", "expected"),
    [
        (["MET", "MET"], "MET"),
        (["MET", "NOT_MET", "NOT_RUN"], "NOT_MET"),
        (["MET", "NOT_RUN"], "NOT_RUN"),
        (["INCONCLUSIVE", "MET"], "INCONCLUSIVE"),
        (["NOT_APPLICABLE", "MET"], "MET"),
        (["NOT_APPLICABLE"], "NOT_APPLICABLE"),
    ],
)
def test_a_row_is_as_its_worst_instance(states: list[str], expected: str) -> None:
    (group,) = group_rows(item(state, f"meter_{number}") for number, state in enumerate(states))
    assert group.state == expected


def test_instances_are_counted_by_their_kind() -> None:
    (meters,) = group_rows([item("MET", "net_meter_1"), item("NOT_MET", "net_meter_12"), item("MET", "net_meter_3")])
    (mixed,) = group_rows([item("MET", "capacitor_1"), item("MET", "ltc")])
    assert (meters.count, mixed.count) == ("2 of 3 net meters", "2 of 2 instances")
    assert meters.failing_first[0].instance == "net_meter_12"


def test_rows_and_occurrences_stay_apart_and_in_order() -> None:
    items = [item("MET"), RowItem("1.2", RowState.MET), RowItem("1.1", RowState.NOT_RUN, "e2")]
    assert [group.name for group in group_rows(items)] == ["1.1 (e1)", "1.2", "1.1 (e2)"]


@given(arrays(np.float64, st.integers(1, 3000), elements=st.floats(-1e6, 1e6) | st.just(float("nan"))))
def test_thinning_keeps_ends_and_extremes(values: np.ndarray) -> None:
    kept = values[thin(values, np.arange(float(len(values))), most=200)]
    assert len(kept) <= max(200, len(values) if len(values) <= 200 else 0)
    np.testing.assert_array_equal(kept[[0, -1]], values[[0, -1]])
    if not np.isnan(values).all():
        assert (np.nanmin(kept), np.nanmax(kept)) == (np.nanmin(values), np.nanmax(values))


@given(st.lists(st.sampled_from([0.0, 1.0, float("nan")]), min_size=1, max_size=60))
def test_stretches_of_a_closed_switch_add_up_to_the_time_that_it_was_closed(states: list[float]) -> None:
    time_s, values = np.cumsum(np.arange(1.0, len(states) + 1.0)), np.array(states)
    found = spans(time_s, values)
    closed_s = sum(np.diff(time_s)[np.nan_to_num(values[:-1]) != 0])
    assert sum(duration_s for _, duration_s in found) == pytest.approx(closed_s)
    assert len(found) == sum(1 for before, now in zip([0.0, *states], states, strict=False) if now == 1 and before != 1)


def test_a_day_of_a_closed_switch_is_drawn_as_briefly_as_a_minute() -> None:
    drawn = [len(lane_chart("banks", np.arange(n), [Line("capacitor_1", np.ones(n))])) for n in (60, 86_400)]
    assert drawn[1] < 1.5 * drawn[0]


def message(seq: int, time_s: float, producer: str = "A", receiver: str = "B", information: str = "I") -> TraceLine:
    return TraceLine(seq, time_s, producer, receiver, information)


def test_messages_alike_become_one_arrow_until_a_pause() -> None:
    trace = [message(1, 0.0), message(2, 0.5, "B", "C"), message(3, 1.0), message(4, 200.0)]
    drawn = diagram(trace, [])
    assert drawn is not None
    assert [(arrow.label, arrow.when) for arrow in drawn.arrows] == [
        ("I ×2", "0.0 – 1.0 s"),
        ("I", "0.5 s"),
        ("I", "200.0 s"),
    ]


def test_what_comes_every_hour_is_drawn_the_first_time_and_the_last() -> None:
    trace = [message(seq, 3600.0 * seq) for seq in range(1, 10)]
    groups = group_rows([item("MET", str(seq), evidence=(f"trace:{seq}",)) for seq in range(1, 10)])
    drawn = diagram(trace, groups)
    assert drawn is not None
    assert [(arrow.label, arrow.when) for arrow in drawn.arrows] == [
        ("1.1 I ×8", "3600.0 – 28800.0 s"),
        ("1.1 I", "32400.0 s"),
    ]


def test_thinning_keeps_every_long_step_beside_many_short_ones() -> None:
    """A quiet night in hourly steps, then a second by second event: a step of the night keeps both its corners."""
    time_s = np.concatenate((np.arange(0.0, 36_000.0, 300.0), np.arange(36_000.0, 38_000.0)))
    values = np.where((time_s >= 7200.0) & (time_s < 10_800.0), 1000.0, 0.0)
    night = np.flatnonzero(time_s < 36_000.0)
    assert set(night) <= set(thin(values, time_s).tolist())


def test_a_row_that_is_derived_says_so() -> None:
    (group,) = group_rows([RowItem("1.3.5", RowState.MET, "e1", reason="derived: on the wire of inverter alone")])
    (measured,) = group_rows([RowItem("1.3.4", RowState.MET, "e1", reason="active power 500 kW")])
    assert (group.remarks, measured.remarks) == (["derived: on the wire of inverter alone"], [])


def test_arrows_carry_their_row_and_go_the_right_way() -> None:
    groups = group_rows([item("MET", evidence=("trace:1",)), item("NOT_MET", row="1.2", evidence=("trace:2",))])
    drawn = diagram([message(1, 0.0), message(2, 1.0, "B", "A")], groups)
    assert drawn is not None
    there, back = drawn.arrows
    assert (there.label, there.style, back.label, back.style) == ("1.1 I", "row", "1.2 I", "bad")
    assert there.start_x < there.end_x
    assert (back.start_x, back.end_x) == (there.end_x, there.start_x)


def test_a_page_full_of_chatter_keeps_the_rows() -> None:
    chatter = [message(seq, 100.0 * seq, f"P{seq % 5}", information=f"I{seq}") for seq in range(1, 500)]
    drawn = diagram([*chatter, message(500, 50_000.0)], group_rows([item("MET", evidence=("trace:500",))]))
    assert drawn is not None
    assert "1.1 I" in [arrow.label for arrow in drawn.arrows]
    assert drawn.left_out == 500 - len(drawn.arrows) > 0


def test_nothing_exchanged_gives_no_diagram() -> None:
    assert diagram([], []) is None


@pytest.mark.parametrize(
    ("lower", "upper", "text"),
    [
        (114.0, 126.0, "114 … 126 V"),
        (114.0, None, "at least 114 V"),
        (None, 126.0, "at most 126 V"),
        (None, None, "no limits"),
    ],
)
def test_limits_are_said_as_they_are(lower: float | None, upper: float | None, text: str) -> None:
    line = MeasurementLine(1, 0.0, "voltage", 120.0, "V", 0.24, lower, upper)
    assert bounds(line) == text


@pytest.mark.parametrize(
    ("value", "uncertainty", "text"),
    [(120.0, 0.24, "120 ± 0.24 V"), (120.0, None, "120 V"), (None, 0.24, "not measured")],
)
def test_values_carry_their_uncertainty(value: float | None, uncertainty: float | None, text: str) -> None:
    assert measured(MeasurementLine(1, 0.0, "voltage", value, "V", uncertainty)) == text


def measurement(seq: int, verdict: str = "PASS", value: float | None = 1.0, **more: object) -> MeasurementLine:
    facts = {"quantity": "voltage", "unit": "V", "source": "meter", "clause": "Range A", **more}
    return MeasurementLine(seq, float(seq), value=value, verdict=verdict, **facts)  # type: ignore[arg-type]


def test_measurements_are_gathered_by_what_they_prove_and_the_worst_comes_first() -> None:
    lines = [
        measurement(1),
        measurement(2, value=3.0),
        measurement(3, "FAIL", clause=None, row="1.3.4"),
        measurement(4, quantity="power", clause=None),
    ]
    failed, range_a, rest = gather_proofs(lines)
    assert (failed.subject, failed.verdict) == ("row 1.3.4", "FAIL")
    assert (range_a.subject, range_a.verdict, range_a.counts) == ("Range A", "PASS", {"PASS": 2})
    assert [series.span for series in range_a.series] == [(1.0, 3.0)]
    assert rest.subject == "neither row nor clause named"


def test_one_that_did_not_pass_is_never_hidden_among_those_that_did() -> None:
    (proof,) = gather_proofs([measurement(1), measurement(2, "INCONCLUSIVE"), measurement(3)])
    assert [series.last.verdict for series in proof.series] == ["INCONCLUSIVE", "PASS"]
    assert proof.verdict == "INCONCLUSIVE"


@given(st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from(["PASS", "FAIL", "NOT_RUN", None])), max_size=20))
def test_every_measurement_is_in_exactly_one_proof(found: list[tuple[str, str | None]]) -> None:
    lines = [measurement(seq, verdict, clause=clause) for seq, (clause, verdict) in enumerate(found, 1)]  # type: ignore[arg-type]
    gathered = sorted(line.seq for proof in gather_proofs(lines) for line in proof.lines)
    assert gathered == [line.seq for line in lines]


def told(seq: int, information: str, payload: object, time_s: float = 1.0) -> TraceLine:
    return TraceLine(seq, time_s, "AMI", "MDMS", information, payload=payload)


def test_what_was_handled_is_found_in_payloads_whoever_sends_them() -> None:
    data = {"event": "e1", "silent": ["net_meter_7"], "net": [{"meter": "net_meter_8"}]}
    trace = [
        told(1, "Interval Readings", data, 1.0),
        told(2, "Interval Readings", data | {"silent": ["net_meter_7", "net_meter_9"]}, 5.0),
        told(3, "Meter Data", data | {"silent": []}),
        told(4, "Total Load Affected", {"total_kw": 3.0, "estimated": ["premise_s001"], "unverified": [], "edited": 4}),
        told(5, "Override Refused", {"customer": "premise_s110", "tries_left": 2}),
        told(
            6, "Peaking Requirements", {"lambda_per_mwh": [30.0, None, 32.5, None], "event": None, "names": ["a", None]}
        ),
        told(7, "Status", "no payload of fields"),
        told(8, "Required Resources", {"estimated": 2, "refused": ""}),
        told(9, "Validated Reads", {"suspect": {"net_meter_4": "spike"}}),
    ]
    found = {entry.what: entry for entry in handled(trace, [])}
    silent = found["meters that did not answer"]
    assert silent.whom == "net_meter_7, net_meter_9"
    assert (silent.span_s, silent.citations) == ((1.0, 5.0), ["trace:1", "trace:2"])
    assert silent.said_in == {"AMI: Interval Readings": 2}
    assert found["estimated, for want of readings that stand"].whom == "premise_s001; 2"
    assert found["reads that do not stand"].whom == "net_meter_4 (spike)"
    assert found["single readings that were replaced"].whom == "4"
    assert found["attempts that were refused"].whom == "premise_s110"
    assert found["intervals without lambda_per_mwh"].whom == "number 2, number 4"
    assert len(found) == 6


def test_an_exchange_that_failed_is_told_with_its_endpoint() -> None:
    wire = [WireLine(9, 2.0, "net_meter_3", "modbus", "read", error="no answer")]
    (entry,) = handled([], wire)
    assert (entry.what, entry.whom, entry.citations) == ("exchanges on the wire that failed", "net_meter_3", ["wire:9"])


def test_who_takes_the_other_alternative_is_part_of_the_row_s_only_occurrence() -> None:
    other = RowItem("1.1", RowState.NOT_APPLICABLE, "", "premise_s002", time_s=99.0, reason="takes another")
    (group,) = group_rows([item("MET", "premise_s001", time_s=5.0), other])
    assert (group.name, group.state, group.count) == ("1.1 (e1)", "MET", "1 of 1 premises")
    assert group.remarks == ["1 not applicable: takes another"]
    assert group.times_s == (5.0, 5.0)
    assert repeated_rows([group]) == {}


def test_a_row_that_is_absent_as_required_says_why_and_counts_as_met() -> None:
    (group,) = group_rows([item("ABSENT_AS_REQUIRED", reason="storage sufficed")])
    assert group.state.is_met
    assert group.remarks == ["storage sufficed"]


def test_rows_that_occurred_more_than_once_are_listed_with_each_occurrence() -> None:
    groups = group_rows([item("MET"), RowItem("1.1", RowState.NOT_RUN, "e2"), RowItem("1.2", RowState.MET, "e1")])
    assert {row: [g.occurrence for g in members] for row, members in repeated_rows(groups).items()} == {
        "1.1": ["e1", "e2"]
    }
