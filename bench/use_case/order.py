"""Which rows a row depends on, from the numbers of the steps.

A row comes after another only when the numbers and the document's order of printing both say so. That leaves unordered
what the numbers leave open (the lettered sequences 1A, 1B ... of one place) and where the two contradict each other
(2.7.1.1 ff. against 2.7.2 and 2.7.3). As both are orders, what they agree on is one too. A branch that has no row of
its own, such as 2.3, orders like any other: everything in it comes before everything in 2.4.
"""

from collections.abc import Iterable, Mapping
from functools import lru_cache
from itertools import combinations

from bench.use_case.dewey import numbered_before, parse
from bench.use_case.model import Row, UseCase

Relation = Mapping[str, frozenset[str]]


class RowOrder:
    """The partial order of a use case's rows. Rows of different scenarios are never ordered.

    A variant such as ``1A`` leaves out the rows of the alternatives not taken; without one all rows take part.
    Every method raises `ConfigError` for an unknown row, or a variant that the row's scenario does not have.
    """

    def __init__(self, use_case: UseCase) -> None:
        self._use_case = use_case
        self._earlier = lru_cache(maxsize=None)(self._compute_earlier)
        self._direct = lru_cache(maxsize=None)(self._compute_direct)

    def predecessors(self, number: str, variant: str | None = None) -> frozenset[str]:
        """Find the rows that come directly before a row, with none between; empty for a row left out."""
        return self._direct(self._scenario(number), variant).get(number, frozenset())

    def ancestors(self, number: str, variant: str | None = None) -> frozenset[str]:
        """Find all rows that come before a row, directly or through others."""
        return self._earlier(self._scenario(number), variant).get(number, frozenset())

    def dependents(self, number: str, variant: str | None = None) -> frozenset[str]:
        """Find all rows that come after a row, directly or through others: what cannot be met when it is not."""
        earlier = self._earlier(self._scenario(number), variant)
        return frozenset(later for later, before in earlier.items() if number in before)

    def precedes(self, first: str, second: str) -> bool:
        """Say whether `first` has to be met before `second`."""
        return self._use_case.row(first).number in self.ancestors(second)

    def _scenario(self, number: str) -> str:
        return self._use_case.row(number).scenario

    def _compute_earlier(self, scenario: str, variant: str | None) -> Relation:
        return _agreed_order(self._use_case.rows_of(scenario, variant))

    def _compute_direct(self, scenario: str, variant: str | None) -> Relation:
        return _reduced(self._earlier(scenario, variant))


def _agreed_order(rows: Iterable[Row]) -> Relation:
    """Map each row to all that come before it both by number and in print; `rows` come in the order of printing."""
    parsed = [(row.number, parse(row.number)) for row in rows]
    earlier: dict[str, set[str]] = {number: set() for number, _ in parsed}
    for (first, first_dewey), (second, second_dewey) in combinations(parsed, 2):
        if numbered_before(first_dewey, second_dewey):
            earlier[second].add(first)
    return {number: frozenset(before) for number, before in earlier.items()}


def _reduced(earlier: Relation) -> Relation:
    """Keep of a transitive relation only what does not follow from the rest."""
    return {number: before.difference(*(earlier[other] for other in before)) for number, before in earlier.items()}
