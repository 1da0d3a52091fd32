"""Where a step's description says something else than the columns beside it."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Literal

from bench.use_case.document import Step

_ARTICLE = re.compile(r"(?:(?:the|an?)\s+)?(?:selected\s+)?(?:customer's\s+)?", re.IGNORECASE)
_PASSES_ON = re.compile(r"\b(?:sends?|delivers?|reports?|provides?|submits?|outputs?|confirms)\b", re.IGNORECASE)
_TAKES = re.compile(r"\b(?:receives?|collects?)\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Contradiction:
    """A column that something else in the document does not bear out; `told` is None where nothing takes its place."""

    column: Literal["producer", "receiver", "information"]
    printed: str
    told: str | None
    where: str = "the text"

    def __str__(self) -> str:
        if self.told is None:
            return f"{self.column} {self.printed!r} is not in the document's list"
        return f"{self.column} is {self.printed!r} in the table, {self.told!r} in {self.where}"


class Names:
    """The actors and information objects of a document, with the shorter and plural forms that its text uses."""

    def __init__(self, actors: Iterable[str], information: Iterable[str]) -> None:
        self.actors = list(actors)
        self.information = list(information)
        self._forms = {name.lower(): name for name in self.actors}
        for name in self.actors:
            for form in (f"{name}s", name.rpartition(" ")[0]):
                self._forms.setdefault(form.lower(), name)
        self._forms.pop("", None)

    def actor(self, text: str) -> str | None:
        """Name the actor that a cell means; None when it is none of the list."""
        return self._forms.get(text.strip().lower())

    def actor_at_start(self, text: str) -> str | None:
        """Name the actor with which a phrase begins, after article and "selected"; None without one."""
        phrase = _ARTICLE.sub("", text, count=1).lower()
        fitting = [form for form in self._forms if re.match(rf"{re.escape(form)}\b", phrase)]
        return self._forms[max(fitting, key=len)] if fitting else None


def contradictions(step: Step, names: Names) -> list[Contradiction]:
    """Say in what a step's description and its columns disagree; empty when they do not."""
    checks = (_unlisted, _other_producer, _other_receiver, _other_object)
    return [found for check in checks for found in check(step, names)]


def _unlisted(step: Step, names: Names) -> Iterator[Contradiction]:
    if names.actor(step.producer) is None:
        yield Contradiction("producer", step.producer, None)
    if names.actor(step.receiver) is None:
        yield Contradiction("receiver", step.receiver, None)
    if step.information not in names.information:
        yield Contradiction("information", step.information, None)


def _other_producer(step: Step, names: Names) -> Iterator[Contradiction]:
    """Compare the producer with who acts in the text; who receives or collects there has it from someone else."""
    told = names.actor_at_start(step.description)
    taking = _TAKES.search(step.description)
    if taking:
        told = next(_actors_after("from", step.description[taking.end() :], names), None)
    if told and told != names.actor(step.producer):
        yield Contradiction("producer", step.producer, told)


def _other_receiver(step: Step, names: Names) -> Iterator[Contradiction]:
    passing = _PASSES_ON.search(step.description)
    if passing is None:
        return
    named = list(_actors_after("to", step.description[passing.end() :], names))
    if named and names.actor(step.receiver) not in named:
        yield Contradiction("receiver", step.receiver, named[-1])


def _other_object(step: Step, names: Names) -> Iterator[Contradiction]:
    """Compare the object with the one that the text names right after its verb.

    What a producer receives before it produces something is none of this row's business.
    """
    taking = _TAKES.search(step.description)
    if taking and names.actor_at_start(step.description) == names.actor(step.producer):
        return
    verb = taking or _PASSES_ON.search(step.description)
    if verb is None:
        return
    phrase = _ARTICLE.sub("", step.description[verb.end() :].strip(), count=1).lower()
    named = max((name for name in names.information if phrase.startswith(name.lower())), key=len, default="")
    if named and not step.information.endswith(named):
        yield Contradiction("information", step.information, named)


def _actors_after(preposition: str, text: str, names: Names) -> Iterator[str]:
    for match in re.finditer(rf"\b{preposition}\b\s+", text):
        actor = names.actor_at_start(text[match.end() :])
        if actor:
            yield actor
