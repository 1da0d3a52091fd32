"""What all dialects of SCPI are made of: statements with blanks to fill in, and an instrument's habits on its link."""

import string
from collections.abc import Iterable, Iterator, Mapping
from difflib import get_close_matches
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

Acknowledgement = Literal["event_status", "error", "complete"]
IdentityField = Literal["manufacturer", "model", "serial", "version"]
TERMINATIONS = {"LF": "\n", "CR": "\r", "CRLF": "\r\n"}


class Closed(BaseModel):
    """A part of a dialect; a key that it does not know is an error, and so is a number that is none."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class Attested(Closed):
    """Something known of an instrument: what is not `confirmed` says in `source` why it is thought to be so."""

    confirmed: bool = True
    source: str = ""

    @model_validator(mode="after")
    def _says_where_it_is_from(self) -> Self:
        if not self.confirmed and not self.source:
            raise ValueError("what is not confirmed says where it is from: `source`")
        return self


class Statement(Attested):
    """One program message unit; blanks in braces are filled in, with the format of a number where one is given."""

    text: Annotated[str, Field(min_length=1, pattern=r"^[ -~]+$")]

    @model_validator(mode="after")
    def _can_be_filled_in(self) -> "Statement":
        try:
            self.text.format(**dict.fromkeys(self.blanks, 1))
        except (ValueError, IndexError, KeyError, AttributeError) as error:
            raise ValueError(f"{self.text!r} cannot be filled in: {error}") from None
        return self

    @property
    def blanks(self) -> tuple[str, ...]:
        """Names of what is filled in."""
        return tuple(name for _, name, _, _ in string.Formatter().parse(self.text) if name is not None)

    def filled(self, **values: float | str) -> str:
        """Fill in the blanks."""
        return self.text.format(**values)


def _as_statement(value: Any) -> Any:
    return {"text": value} if isinstance(value, str) else value


Spoken = Annotated[Statement, BeforeValidator(_as_statement)]
"""A statement; text alone is one that the dialect's own source confirms."""


class Habits(Closed):
    """How an instrument behaves on its link, whatever it is told.

    `acknowledge` is asked behind each message, in that order: the event status register, which tells errors and a
    restart, the oldest entry of the error queue, and `*OPC?`. An instrument that `echoes_headers` repeats the header
    before each answer. `settles_s` is for how long it must be left alone after `*RST`. It takes no more than
    `most_units` in one message. One that has no `*OPC?` does not know of completion; `answers_units`: a number that it
    answers may have its unit behind it.
    """

    termination: Literal["LF", "CR", "CRLF"] = "LF"
    acknowledge: tuple[Acknowledgement, ...] = ("event_status", "complete")
    echoes_headers: bool = False
    error_query: str = ":SYST:ERR?"
    longest_message: Annotated[int, Field(ge=80)] = 8192
    most_units: Annotated[int, Field(ge=5)] = 1000
    knows_completion: bool = True
    answers_units: bool = False
    settles_s: Annotated[float, Field(ge=0)] = 0.0
    identity: Annotated[tuple[IdentityField, ...], Field(min_length=3, max_length=4)] = (
        "manufacturer",
        "model",
        "serial",
        "version",
    )
    """Fields of the answer to `*IDN?` in their order; the last one takes what is left."""

    @model_validator(mode="after")
    def _tells_of_errors(self) -> "Habits":
        if not {"event_status", "error"} & set(self.acknowledge):
            raise ValueError("acknowledge: without `event_status` or `error` a refusal would not be noticed")
        if "complete" in self.acknowledge and not self.knows_completion:
            raise ValueError("acknowledge: `complete` is asked of one that does not know of completion")
        return self

    @property
    def end(self) -> str:
        """What ends a message and an answer."""
        return TERMINATIONS[self.termination]

    def asks(self, *, setting: bool) -> tuple[Acknowledgement, ...]:
        """Return what is asked behind a message; behind a query nobody asks whether it is complete."""
        return tuple(what for what in self.acknowledge if setting or what != "complete")

    def words(self, *, setting: bool) -> str:
        """Return the acknowledgement as it is spoken."""
        spoken = {"event_status": "*ESR?", "error": self.error_query, "complete": "*OPC?"}
        return ";".join(spoken[what] for what in self.asks(setting=setting))


class Dialect(Closed):
    """What every dialect says of itself: its name, the instruments that speak it, and from where that is known."""

    dialect: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]
    instruments: str
    source: str
    link: Habits = Habits()
    at_socket: Attested = Attested()
    """That it takes messages at a plain socket."""
    in_one_message: Attested = Attested()
    """That it takes several units, and what tells errors behind them, in one message, as IEEE 488.2 has it."""

    def unconfirmed(self) -> dict[str, str]:
        """Return what nobody has held against a manual, by its place, and where it is from."""
        return {place: found.source for place, found in attested(self) if not found.confirmed}

    def statements(self) -> Iterator[tuple[str, Statement]]:
        """Yield every statement with its place."""
        yield from ((place, found) for place, found in attested(self) if isinstance(found, Statement))


def attested(part: Any, place: str = "") -> Iterator[tuple[str, Attested]]:
    """Yield all that is attested in a part of a dialect, with its place."""
    if isinstance(part, Attested):
        yield place, part
    inner: Iterable[tuple[Any, Any]] = ()
    if isinstance(part, BaseModel):
        inner = ((key, getattr(part, key)) for key in type(part).model_fields)
    elif isinstance(part, Mapping):
        inner = part.items()
    elif isinstance(part, tuple):
        inner = enumerate(part, start=1)
    for key, value in inner:
        yield from attested(value, f"{place}.{key}" if place else str(key))


def require_blanks(place: str, statement: Statement, known: tuple[str, ...]) -> None:
    """Raise ValueError for a blank that nothing is known to fill in at that place."""
    for blank in statement.blanks:
        if blank not in known:
            raise ValueError(f"{place}: nothing fills in {{{blank}}}; {hint(blank, known)}")


def hint(name: str, known: tuple[str, ...]) -> str:
    """Say which names there are, and which of them is nearest."""
    near = get_close_matches(name, known, n=1)
    return (f"did you mean {near[0]!r}? " if near else "") + f"known: {', '.join(sorted(known)) or 'none'}"
