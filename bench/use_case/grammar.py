"""How a row is worded as a Gherkin step, and read back: ``row 1.1: the A sends the X to the B``."""

import re
from typing import Literal

from bench.use_case.model import Row, UseCase

Keyword = Literal["When", "Then"]

ROW_STEP = re.compile(r"row (?P<number>[^\s:]+): (?P<sentence>.+)")
"""Finds the row's number in a step; whether the sentence is the row's own, `mistakes` says."""

_SENTENCE = re.compile(
    r"(?:the )?(?P<producer>.+?) (?P<verb>sends|computes|responds to|acknowledges|reviews|confirms) "
    r"the (?P<information>.+?)(?: to (?:the )?(?P<receiver>.+))?"
)
_WITHOUT_ARTICLE = frozenset({"Distribution Operations", "Power Operations"})


def keyword(row: Row) -> Keyword:
    """Name the Gherkin keyword: people's rows are performed (When), everything else is observed (Then)."""
    return "When" if row.kind == "driven" else "Then"


def wording(row: Row) -> str:
    """Word a row as the text of a Gherkin step."""
    sentence = f"row {row.number}: {_named(row.producer)} {row.verb} the {row.information}"
    return sentence if row.is_own else f"{sentence} to {_named(row.receiver)}"


def mistakes(text: str, use_case: UseCase) -> list[str]:
    """Say in what a step's text differs from the table; empty when it is the row's own wording.

    The text has to match `ROW_STEP`, and its row has to be in the table, else `ConfigError`.
    """
    step = ROW_STEP.fullmatch(text)
    row = use_case.row(step["number"] if step else text)
    if text == wording(row):
        return []
    sentence = _SENTENCE.fullmatch(step["sentence"]) if step else None
    if sentence is None:
        return [f"reads {text!r}, has to read {wording(row)!r}"]
    expected = {
        "producer": row.producer,
        "verb": row.verb,
        "information": row.information,
        "receiver": None if row.is_own else row.receiver,
    }
    wrong = [
        f"{part} is {sentence[part] or 'missing'!r}, the table says {value or 'none'!r}"
        for part, value in expected.items()
        if sentence[part] != value
    ]
    return wrong or [f"reads {text!r}, has to read {wording(row)!r}"]


def _named(actor: str) -> str:
    return actor if actor in _WITHOUT_ARTICLE else f"the {actor}"
