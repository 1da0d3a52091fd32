"""The partial order of the rows: cases worked out by hand, and laws that hold for any table."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.use_case.model import Row, UseCase
from bench.use_case.order import RowOrder
from bench.use_case.tables import load
from instruments.errors import ConfigError


@pytest.fixture(scope="module")
def order() -> RowOrder:
    return RowOrder(load())


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        ("1.1", set()),
        ("1.1.1", {"1.1"}),
        ("1.1.3", {"1.1.2"}),
        ("1.2", {"1.1.4"}),
        ("1.5", {"1.4.4"}),
        ("1.10", {"1.9"}),
        ("1.19.5.1A.1", {"1.19.5"}),
        ("1.19.5.1B.1", {"1.19.5"}),
        ("1.20", {"1.19.5.1A.3", "1.19.5.1B.1"}),
        ("1.21.1B.2", {"1.21.1B.1"}),
        ("1.21.2", {"1.21.1A.2", "1.21.1B.2"}),
        ("2.1", set()),
        ("2.3.1C.1", {"2.2.2"}),
        ("2.3.1A.10", {"2.3.1A.9"}),
        ("2.4.1C.1", {"2.3.1A.10", "2.3.1B.10", "2.3.1C.9", "2.3.1D.9"}),
        ("2.5", {"2.4.1A.5", "2.4.1B.5", "2.4.1C.5", "2.4.1D.5"}),
        ("2.7.2", {"2.7.1"}),
        ("2.7.3", {"2.7.2"}),
        ("2.7.1.1", {"2.7.1"}),
        ("2.7.1.5", {"2.7.1.3.1A.3", "2.7.1.3.1B.1"}),
        ("2.8", {"2.7.1.8", "2.7.3"}),
        ("3.9.1.1", {"3.9.1"}),
        ("3.10", {"3.9.1.8", "3.9.3"}),
        ("3.12", {"3.10.4"}),
    ],
)
def test_direct_predecessors(order: RowOrder, row: str, expected: set[str]) -> None:
    assert order.predecessors(row) == expected


def test_a_variant_takes_the_other_alternative_out(order: RowOrder) -> None:
    assert order.predecessors("1.20", "1A") == {"1.19.5.1A.3"}
    assert order.predecessors("1.20", "1B") == {"1.19.5.1B.1"}
    assert order.predecessors("1.19.5.1B.1", "1A") == frozenset()
    assert "1.19.5.1B.1" not in order.dependents("1.19.5", "1A")


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("1.19.5.1A.1", "1.19.5.1B.1"),
        ("1.21.1A.2", "1.21.1B.1"),
        ("2.3.1A.1", "2.3.1D.9"),
        ("2.7.2", "2.7.1.1"),
        ("2.7.3", "2.7.1.8"),
        ("3.9.2", "3.9.1.4"),
        ("1.1", "2.1"),
    ],
)
def test_rows_that_are_not_ordered(order: RowOrder, one: str, other: str) -> None:
    assert not order.precedes(one, other)
    assert not order.precedes(other, one)


def test_everything_depends_on_the_first_row_of_a_scenario(order: RowOrder) -> None:
    assert len(order.dependents("1.1")) == 70
    assert len(order.dependents("2.1")) == 97
    assert len(order.dependents("3.1")) == 107
    assert order.dependents("1.24.2") == frozenset()


def test_an_unknown_row_or_variant_is_an_error(order: RowOrder) -> None:
    with pytest.raises(ConfigError, match="nearest known"):
        order.predecessors("1.25")
    with pytest.raises(ConfigError, match="unknown variant"):
        order.dependents("1.1", "1C")


def table(numbers: list[str]) -> UseCase:
    """A use case of exchanges with these numbers, printed in this order."""
    rows = [
        Row.model_validate(
            {
                "order": place,
                "scenario": number.split(".")[0],
                "row": number,
                "kind": "exchange",
                "verb": "sends",
                "producer": "a",
                "receiver": "b",
                "information": "i",
                "per": "once",
                "wire": "none",
                "limit_s": "",
                "limit_from": "rows",
                "activity": "x",
                "erratum": "",
            }
        )
        for place, number in enumerate(numbers, 1)
    ]
    return UseCase("t", "t", "t", {"1": None}, (), {row.number: row for row in rows}, {}, {}, ())  # type: ignore[dict-item]


PARTS = st.builds(lambda number, letter: f"{number}{letter}", st.integers(1, 3), st.sampled_from(["", "", "A", "B"]))
NUMBERS = st.builds(lambda parts: ".".join(["1", *parts]), st.lists(PARTS, min_size=1, max_size=4))
TABLES = st.lists(NUMBERS, min_size=1, max_size=14, unique=True)


@given(TABLES)
def test_it_is_a_partial_order_that_the_printed_order_never_breaks(numbers: list[str]) -> None:
    order = RowOrder(table(numbers))
    for place, number in enumerate(numbers):
        before = order.ancestors(number)
        assert before <= set(numbers[:place]), f"{number} waits for a row printed after it"
        assert all(order.ancestors(earlier) <= before for earlier in before), f"not transitive at {number}"


@given(TABLES)
def test_direct_predecessors_say_all_and_nothing_twice(numbers: list[str]) -> None:
    order = RowOrder(table(numbers))
    for number in numbers:
        direct = order.predecessors(number)
        through = frozenset().union(*(order.ancestors(earlier) for earlier in direct))
        assert direct | through == order.ancestors(number)
        assert not direct & through


@given(TABLES)
def test_dependents_mirror_ancestors(numbers: list[str]) -> None:
    order = RowOrder(table(numbers))
    pairs = {(earlier, number) for number in numbers for earlier in order.ancestors(number)}
    assert pairs == {(number, later) for number in numbers for later in order.dependents(number)}


@given(st.lists(NUMBERS, min_size=1, max_size=10, unique=True))
def test_numbers_printed_in_their_own_order_are_a_nest_of_sequences(numbers: list[str]) -> None:
    """Against the definition taken literally: walk the tree, parent first, number by number, letters side by side."""
    expected: set[tuple[str, str]] = set()
    printed = walk("1", numbers, expected)
    order = RowOrder(table(printed))
    assert {(earlier, number) for number in printed for earlier in order.ancestors(number)} == expected


def walk(branch: str, numbers: list[str], before: set[tuple[str, str]]) -> list[str]:
    """Rows of a branch in order of their numbers; collects which pairs are ordered."""
    printed = [branch] if branch in numbers else []
    parts = {n[len(branch) + 1 :].split(".")[0] for n in numbers if n.startswith(f"{branch}.")}
    for step in sorted({int(part.rstrip("AB")) for part in parts}):
        group = [walk(f"{branch}.{part}", numbers, before) for part in sorted(parts) if part.rstrip("AB") == str(step)]
        members = [row for member in group for row in member]
        before.update((earlier, later) for earlier in printed for later in members)
        printed += members
    return printed
