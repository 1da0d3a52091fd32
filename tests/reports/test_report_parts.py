import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from reports.evidence import bounds, measured
from reports.html.charts import thin
from reports.html.sequence import diagram
from reports.rows import group_rows
from reports.run_directory import MeasurementLine, RowItem, TraceLine
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
    kept = values[thin(values, most=200)]
    assert len(kept) <= max(200, len(values) if len(values) <= 200 else 0)
    np.testing.assert_array_equal(kept[[0, -1]], values[[0, -1]])
    if not np.isnan(values).all():
        assert (np.nanmin(kept), np.nanmax(kept)) == (np.nanmin(values), np.nanmax(values))


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


def test_arrows_carry_their_row_and_go_the_right_way() -> None:
    groups = group_rows([item("MET", evidence=("trace:1",)), item("NOT_MET", row="1.2", evidence=("trace:2",))])
    drawn = diagram([message(1, 0.0), message(2, 1.0, "B", "A")], groups)
    assert drawn is not None
    there, back = drawn.arrows
    assert (there.label, there.style, back.label, back.style) == ("1.1 I", "row", "1.2 I", "bad")
    assert there.start_x < there.end_x
    assert (back.start_x, back.end_x) == (there.end_x, there.start_x)


def test_a_page_full_of_chatter_keeps_the_rows() -> None:
    chatter = [message(seq, 100.0 * seq, f"P{seq % 5}") for seq in range(1, 500)]
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
