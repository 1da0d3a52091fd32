import pytest
from hypothesis import given
from hypothesis import strategies as st

from reports.verdict import RowState, Verdict, counts, worst, worst_of_states


def test_ladder_runs_from_pass_to_error() -> None:
    ladder = sorted(Verdict, key=lambda verdict: verdict.badness)
    assert [verdict.value for verdict in ladder] == ["PASS", "INCONCLUSIVE", "NOT_RUN", "ABORTED", "FAIL", "ERROR"]


def test_nothing_judged_is_never_a_pass() -> None:
    assert worst([]) is Verdict.NOT_RUN
    assert worst_of_states([RowState.NOT_APPLICABLE]) is Verdict.NOT_RUN


@given(st.lists(st.sampled_from(list(Verdict)), min_size=1))
def test_parent_takes_the_worst_child(children: list[Verdict]) -> None:
    parent = worst(children)
    assert parent in children
    assert all(child.badness <= parent.badness for child in children)


@pytest.mark.parametrize(
    ("verdict", "code"),
    [("PASS", 0), ("FAIL", 1), ("ERROR", 3), ("ABORTED", 4), ("INCONCLUSIVE", 5), ("NOT_RUN", 5)],
)
def test_exit_codes_are_the_published_ones(verdict: str, code: int) -> None:
    assert Verdict(verdict).exit_code == code


@pytest.mark.parametrize(
    ("state", "verdict"),
    [
        ("MET", "PASS"),
        ("ABSENT_AS_REQUIRED", "PASS"),
        ("NOT_MET", "FAIL"),
        ("NOT_RUN", "NOT_RUN"),
        ("INCONCLUSIVE", "INCONCLUSIVE"),
        ("NOT_APPLICABLE", None),
    ],
)
def test_each_row_state_carries_its_verdict(state: str, verdict: str | None) -> None:
    assert RowState(state).verdict == verdict


def test_a_row_that_does_not_apply_does_not_spoil_the_others() -> None:
    assert worst_of_states([RowState.MET, RowState.NOT_APPLICABLE]) is Verdict.PASS


def test_counts_come_in_ladder_order_and_leave_out_what_did_not_occur() -> None:
    assert list(counts([Verdict.FAIL, Verdict.PASS, Verdict.FAIL]).items()) == [("PASS", 1), ("FAIL", 2)]
