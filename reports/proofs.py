"""Measurements gathered for a reader: by the clause or the row that they prove, what did not pass first."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from reports.run_directory import MeasurementLine
from reports.verdict import Verdict, counts, worst

NOTHING_NAMED = "neither row nor clause named"


@dataclass(frozen=True)
class Series:
    """Measurements of one quantity by one source against the same limits; the last one stands for all of them."""

    lines: tuple[MeasurementLine, ...]

    @property
    def last(self) -> MeasurementLine:
        """The latest of them."""
        return self.lines[-1]

    @property
    def span(self) -> tuple[float, float] | None:
        """Least and greatest value; None where they are the same, or there is none."""
        values = {line.value for line in self.lines if line.value is not None}
        return (min(values), max(values)) if len(values) > 1 else None


@dataclass(frozen=True)
class Proof:
    """All measurements for one clause or row of a scenario."""

    subject: str
    series: tuple[Series, ...]

    @property
    def lines(self) -> list[MeasurementLine]:
        """Every measurement."""
        return [line for series in self.series for line in series.lines]

    @property
    def verdict(self) -> Verdict | None:
        """The worst of them; None where nothing was judged."""
        judged = [Verdict(line.verdict) for line in self.lines if line.verdict in set(Verdict)]
        return worst(judged) if judged else None

    @property
    def counts(self) -> dict[str, int]:
        """How many came to which verdict."""
        return counts(Verdict(line.verdict) for line in self.lines if line.verdict in set(Verdict))


def gather_proofs(lines: Iterable[MeasurementLine]) -> list[Proof]:
    """Gather a scenario's measurements: subjects with something that did not pass first, else in order of time."""
    subjects: dict[str, list[MeasurementLine]] = {}
    for line in lines:
        subjects.setdefault(_subject(line), []).append(line)
    proofs = [Proof(subject, _series(members)) for subject, members in subjects.items()]
    return sorted(proofs, key=_badness, reverse=True)


def _subject(line: MeasurementLine) -> str:
    row = f"row {line.row}" if line.row else ""
    return ", ".join(filter(None, (row, line.clause))) or NOTHING_NAMED


def _series(lines: Sequence[MeasurementLine]) -> tuple[Series, ...]:
    """Put repeated measurements together where all of them came to the same verdict; the others first."""
    alike: dict[tuple[object, ...], list[MeasurementLine]] = {}
    for line in lines:
        key = (line.quantity, line.source, line.unit, line.lower, line.upper, line.verdict)
        alike.setdefault(key, []).append(line)
    found = [Series(tuple(members)) for members in alike.values()]
    return tuple(sorted(found, key=lambda series: series.last.verdict == Verdict.PASS))


def _badness(proof: Proof) -> int:
    return proof.verdict.badness if proof.verdict else 0
