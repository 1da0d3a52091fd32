"""Reading a use-case document of the EPRI template from its text, with tables as tab-separated lines.

Only what the document prints is read here; numbers are still broken and nothing is judged.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, field

_STEP_CELLS = 10
TABLE_HEADINGS = (
    "Actor Name",
    "Information Object Name",
    "Actor/System/Information/Contract",
    "#\t",
    "Actor/Activity",
)
"""How the heading rows of the template's tables begin: actors, objects, preconditions, steps, post-conditions."""
_FIRST_STEP = re.compile(r"\d+\s*\.\s*1\b")
_HEADING = re.compile(r"(?:[\d.]+\s+)?Steps to implement function[\s–-]*(?P<name>.*)")


@dataclass(frozen=True, slots=True)
class Step:
    """A line of a step table as printed; `line` is its number in the text. A blank actor stands for the primary one."""

    line: int
    number: str
    event: str
    description: str
    producer: str
    receiver: str
    information: str
    notes: str


@dataclass(frozen=True, slots=True)
class NamedActor:
    """An actor as listed; `type` and `group` as printed, in lower case."""

    name: str
    type: str
    group: str
    description: str


@dataclass
class ScenarioText:
    """One "Steps to implement function" section: its preconditions as (party, text), and its steps."""

    name: str
    title: str = ""
    preconditions: list[tuple[str, str]] = field(default_factory=list)
    steps: list[Step] = field(default_factory=list)


@dataclass
class Document:
    """What was read; `unread` names the lines inside tables that could not be."""

    title: str = ""
    function_id: str = ""
    actors: list[NamedActor] = field(default_factory=list)
    information: list[tuple[str, str]] = field(default_factory=list)
    scenarios: list[ScenarioText] = field(default_factory=list)
    unread: list[str] = field(default_factory=list)


def read_document(text: str) -> Document:
    """Read a document's text. Never fails: what is missing stays empty, what is unreadable is listed."""
    reader = _Reader()
    for number, line in enumerate(text.splitlines(), 1):
        reader.read(number, line)
    return reader.document


class _Reader:
    """Goes through the lines and knows which table it is in; each printed page repeats the table's heading.

    Tables belong to the scenario whose heading came last; where several headings came without any table between them,
    as in a document with all its tables at the end, they belong to these scenarios one after the other.
    """

    def __init__(self) -> None:
        self.document = Document()
        self._at = 0
        self._table: Callable[[int, list[str]], bool] | None = None
        self._awaited = ""
        self._group = ""
        readers = (self._actor, self._information, self._precondition, self._step, None)
        self._tables: dict[str, Callable[[int, list[str]], bool] | None] = dict(
            zip(TABLE_HEADINGS, readers, strict=True)
        )

    def read(self, number: int, line: str) -> None:
        if not line.strip():
            self._table = None
            return
        opened = next((heading for heading in self._tables if line.startswith(heading)), None)
        if opened is not None:
            self._table = self._tables[opened]
        elif self._table is None or "\t" not in line:
            self._prose(line.strip())
        elif not self._table(number, [cell.strip() for cell in line.split("\t")]):
            cells = line.count("\t") + 1
            odd = f"{cells} cells, a step has {_STEP_CELLS}: " if self._is_step and cells != _STEP_CELLS else ""
            self.document.unread.append(f"line {number}: {odd}{line.strip()[:80]}")

    @property
    def _is_step(self) -> bool:
        return self._table == self._step

    def _prose(self, line: str) -> None:
        """Take from text outside tables the headings and the one line after those that announce something."""
        heading = _HEADING.fullmatch(line)
        if heading:
            if self._begun:
                self._at = len(self.document.scenarios)
            self.document.scenarios.append(ScenarioText(heading["name"] or line))
            self._awaited = "scenario"
        elif line.endswith("Function Name"):
            self._awaited = "title"
        elif line.endswith("Function ID"):
            self._awaited = "id"
        else:
            self._answer(line)
        if "Customer Premises" in line:
            self._group = "customer premises"
        elif "Utility Actors" in line:
            self._group = "utility"

    @property
    def _begun(self) -> bool:
        """Whether the scenario that tables belong to has some already."""
        scenarios = self.document.scenarios
        return bool(scenarios) and bool(scenarios[self._at].steps or scenarios[self._at].preconditions)

    def _go_on(self) -> None:
        """Take the next scenario's turn, where there is one that has waited for its tables."""
        self._at = min(self._at + 1, len(self.document.scenarios) - 1)

    def _answer(self, line: str) -> None:
        """Take a line as what the heading before it announced; another heading means that nothing is said."""
        if self._awaited == "title":
            self.document.title = line
        elif self._awaited == "id":
            self.document.function_id = line
        elif self._awaited == "scenario" and not line[0].isdigit():
            self.document.scenarios[-1].title = line
        self._awaited = ""

    def _actor(self, _number: int, cells: list[str]) -> bool:
        """Read an actor; a line without a type continues the one before, across a page break even its name."""
        name, type_, description = [*cells, "", ""][:3]
        actors = self.document.actors
        if type_ and name:
            actors.append(NamedActor(name, type_.lower(), self._group, description))
        elif actors and not type_:
            last = actors[-1]
            joined = f"{last.name} {name}".strip(), last.type, last.group, f"{last.description} {description}".strip()
            actors[-1] = NamedActor(*joined)
        else:
            return False
        return True

    def _information(self, _number: int, cells: list[str]) -> bool:
        """Read an information object; a description that goes on in lower case continues the one before."""
        items = self.document.information
        name, description = cells[:2]
        if items and (not name or description[:1].islower()):
            items[-1] = (f"{items[-1][0]} {name}".strip(), f"{items[-1][1]} {description}".strip())
        elif name:
            items.append((name, description))
        else:
            return False
        return True

    def _precondition(self, _number: int, cells: list[str]) -> bool:
        if not self.document.scenarios or not cells[0] or not cells[1]:
            return False
        if self.document.scenarios[self._at].steps:
            self._go_on()
        self.document.scenarios[self._at].preconditions.append((cells[0], cells[1]))
        return True

    def _step(self, number: int, cells: list[str]) -> bool:
        if len(cells) != _STEP_CELLS or not self.document.scenarios or not cells[0]:
            return False
        printed, event, primary, _activity, description, producer, receiver, information, notes, _environment = cells
        step = Step(number, printed, event, description, producer or primary, receiver or primary, information, notes)
        steps = self.document.scenarios[self._at].steps
        if steps and steps[0].number.partition(".")[0] != printed.partition(".")[0]:
            self._go_on_with(printed)
        self.document.scenarios[self._at].steps.append(step)
        return True

    def _go_on_with(self, printed: str) -> None:
        """Go on to the next scenario with a step that begins it: the number of a scenario and a first step."""
        if _FIRST_STEP.match(printed):
            self._go_on()
