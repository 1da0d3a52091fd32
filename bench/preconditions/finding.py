"""What a check of a precondition looks at, and what it finds."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Any, Literal

from bench.config import BenchFile
from bench.customers import Premise
from bench.feeder.sites import Site
from bench.use_case.model import Row
from instruments.errors import InstrumentError, TransportError

How = Literal["configuration", "measurement", "assumed"]
Citing = Callable[[], AbstractContextManager[list[str]]]


@dataclass(frozen=True)
class Subject:
    """A bench that is open and on which nothing has happened yet, and the scenario that is to be played on it.

    `meters` are those at the feeder's services, `parties` the actors that are on the bus, by their names in the use
    case; `citing` collects citations of the wire exchanges made inside it.
    """

    config: BenchFile
    sites: Sequence[Site]
    premises: Sequence[Premise]
    meters: Sequence[str]
    drivers: Mapping[str, Any]
    parties: frozenset[str]
    rows: Sequence[Row]
    citing: Citing

    def devices(self, role: str) -> list[str]:
        """Name the devices of a role."""
        return [name for name, device in self.config.devices.items() if device.role == role]


@dataclass(frozen=True)
class Finding:
    """How a precondition was checked and what came of it; `held` is None where that could not be told.

    `evidence` says it with figures; `citations` are those of the wire exchanges behind a measurement.
    """

    how: How
    held: bool | None
    evidence: str
    citations: tuple[str, ...] = ()

    @property
    def stands(self) -> bool:
        """Whether a scenario may pass on it: it holds, or it can only be assumed."""
        return self.held is True or (self.how == "assumed" and self.held is None)


@dataclass
class Answers:
    """What devices said when they were asked one after the other: good ones, bad ones, and those that did not answer.

    `good` and `bad` hold a remark by device, `silent` the error; `citations` the last exchange with each.
    """

    good: dict[str, str] = field(default_factory=dict)
    bad: dict[str, str] = field(default_factory=dict)
    silent: dict[str, str] = field(default_factory=dict)
    citations: list[str] = field(default_factory=list)

    @property
    def held(self) -> bool | None:
        """True when all of at least one device are good, False when one is bad, None when it cannot be told."""
        if self.bad:
            return False
        return True if self.good and not self.silent else None


def ask_all(
    subject: Subject, devices: Sequence[str], question: Callable[[Any], tuple[bool | None, str]], exchanges: int
) -> Answers:
    """Ask devices over their own wire; the answer to `question` is whether that is good, and a remark.

    `exchanges` is how many exchanges the question takes: so many citations are kept of each device, the last ones.
    """
    answers = Answers()
    for name in devices:
        with subject.citing() as citations:
            try:
                good, remark = question(subject.drivers[name])
            except (TransportError, InstrumentError) as error:
                good, remark = None, str(error)
        kept = answers.silent if good is None else answers.good if good else answers.bad
        kept[name] = remark
        answers.citations += citations[-exchanges:]
    return answers


def measured(answers: Answers, good: str) -> Finding:
    """Word answers as a finding; `good` says what a good answer is."""
    asked = len(answers.good) + len(answers.bad) + len(answers.silent)
    text = f"{len(answers.good)} of {asked} {good}"
    parts = [*_told(answers.bad), *_told(answers.silent)] or _told(answers.good)
    evidence = f"{text}: {listed(parts, 8)}" if parts else "there is no such device on this bench"
    return Finding("measurement", answers.held, evidence, tuple(answers.citations))


def listed(parts: Sequence[str], most: int) -> str:
    """Join the first of many, and count the others."""
    shown = "; ".join(parts[:most])
    return f"{shown}; and {len(parts) - most} more" if len(parts) > most else shown


def _told(remarks: Mapping[str, str]) -> list[str]:
    return [f"{name} {remark}" for name, remark in remarks.items()]
