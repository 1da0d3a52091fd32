"""The table of customers: what can be read, and what is refused with its line."""

from pathlib import Path

import pytest

from bench.customers import load_customers
from instruments.errors import ConfigError

HEAD = "service,rate,programme,contracted_kw,profile\n"


def table(folder: Path, *lines: str) -> Path:
    path = folder / "customers.csv"
    path.write_text(HEAD + "\n".join(lines) + "\n")
    return path


def test_a_table_is_read(tmp_path: Path) -> None:
    first, second = load_customers(table(tmp_path, "S1,residential,demand_response,3.3,comfort", "s2,residential,,0,"))
    assert (first.service, first.is_enrolled, first.shed_share, first.contracted_kw) == ("s1", True, 0.5, 3.3)
    assert (second.is_enrolled, second.shed_share) == (False, 0.0)


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("s1,residential,demand_response,lots,comfort", "could not convert"),
        ("s1,residential,demand_response,3.3,frugal", "'frugal' is none of the profiles comfort, economy"),
        ("s1,residential,direct_load_control,3.3,comfort", "no programme; known: demand_response"),
        ("s1,residential,demand_response,-1,comfort", "a contract over -1.0 kW"),
        ("s1,residential,demand_response,nan,comfort", "a contract over nan kW"),
        ("s0,residential,,0,", "has a customer already"),
        ("s1", "nothing under rate, programme, contracted_kw, profile"),
        ("s1,residential,demand_response,3,3,comfort", "more cells than the table has columns"),
    ],
)
def test_a_row_that_cannot_be_is_refused_with_its_line(line: str, told: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="line 3") as refused:
        load_customers(table(tmp_path, "s0,residential,,0,", line))
    assert told in str(refused.value)


def test_a_table_without_a_column_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "customers.csv"
    path.write_text("service,rate,programme\ns1,residential,\n")
    with pytest.raises(ConfigError, match="line 1: no column contracted_kw, profile"):
        load_customers(path)


def test_a_missing_table_is_told(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="table of customers not found"):
        load_customers(tmp_path / "nothing.csv")
