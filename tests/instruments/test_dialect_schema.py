"""Dialects are data with a closed schema: what is wrong with one is told, all of it, with the nearest known name."""

from copy import deepcopy
from typing import Any

import pytest
import yaml

from instruments.dialects.ac_source import ROLE, AcSourceDialect, ac_source_dialect
from instruments.dialects.language import Habits
from instruments.dialects.loading import FOLDER, dialect_names, parse_dialect
from instruments.errors import ConfigError

NAMES = dialect_names(ROLE)
GENERIC: dict[str, Any] = yaml.safe_load((FOLDER / ROLE / "generic.yaml").read_text(encoding="utf-8"))


def refused(change: dict[str, Any], match: str) -> None:
    document = deepcopy(GENERIC)
    for place, value in change.items():
        *parents, key = place.split(".")
        part = document
        for parent in parents:
            part = part.setdefault(parent, {})
        if value is None:
            del part[key]
        else:
            part[key] = value
    with pytest.raises(ConfigError, match=match):
        parse_dialect(document, "changed.yaml", AcSourceDialect)


@pytest.mark.parametrize("name", NAMES)
def test_each_dialect_says_where_it_is_from(name: str) -> None:
    dialect = ac_source_dialect(name)
    assert dialect.instruments
    assert dialect.source
    assert all(dialect.unconfirmed().values()), "what is not confirmed says why it is thought to be so"


def test_what_nobody_held_against_a_manual_is_listed() -> None:
    assert ac_source_dialect("generic").unconfirmed() == {}
    assert {"angles", "read.voltage", "protection.clear"} <= set(ac_source_dialect("ametek_mx").unconfirmed())


def test_an_unknown_dialect_names_the_nearest() -> None:
    with pytest.raises(ConfigError, match=r"did you mean 'ametek_mx'\? known: .*generic"):
        ac_source_dialect("ametek_mix")


@pytest.mark.parametrize(
    ("change", "match"),
    [
        ({"set.volage": ":VOLT 1"}, r"set\.volage: unknown key; did you mean 'voltage'"),
        ({"link.terminator": "LF"}, r"link\.terminator: unknown key; did you mean 'termination'"),
        ({"output.switch_on": [{"txt": ":OUTP ON"}]}, r"unknown key; did you mean 'text'"),
        ({"set.frequency": None}, r"set\.frequency: Field required"),
        ({"set.voltage": None}, "no voltage to set"),
        ({"set.frequency": ":FREQ {frequency:.4f}"}, r"set\.frequency: nothing fills in \{frequency\}.*'frequency_hz'"),
        ({"set.frequency": ":FREQ {frequency_hz:.4q}"}, "cannot be filled in"),
        ({"set.frequency": ":FREQ {frequency_hz"}, "cannot be filled in"),
        ({"set.frequency": ":FREQ\n*RST"}, "pattern"),
        ({"output.switch_on": [":OUTP {phase}"]}, r"output\.switch_on\.1: nothing fills in \{phase\}"),
        ({"set.voltage": ":VOLT {voltage_v}"}, "nothing says which phase is meant"),
        ({"set.current": {"text": ":CURR 1", "confirmed": False}}, "says where it is from"),
        ({"link.acknowledge": ["complete"]}, "a refusal would not be noticed"),
        ({"output.state": []}, r"output\.state"),
        ({"phases.count": 4}, r"phases\.count"),
    ],
)
def test_what_is_wrong_is_told_with_its_place(change: dict[str, Any], match: str) -> None:
    refused(change, match)


def test_a_dialect_is_called_as_its_file_is() -> None:
    with pytest.raises(ConfigError, match="calls itself 'generic', and its file 'other'"):
        parse_dialect(GENERIC, "other.yaml", AcSourceDialect, "other")


def test_a_link_without_a_dialect_has_the_habits_of_the_generic_one() -> None:
    assert ac_source_dialect("generic").link == Habits()
