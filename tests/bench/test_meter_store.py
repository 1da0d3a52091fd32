"""The MDMS's database: window, kinds of readings, alerts and archive."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from bench.messages.customers import MeterRegisters
from bench.meter_store import MeterStore


def reading(meter: str, time_s: float, p_w: float = 1000.0) -> MeterRegisters:
    return MeterRegisters(
        meter=meter, time_s=time_s, voltage_v=(120.0,), p_w=p_w, q_var=0.0, import_wh=50.0, export_wh=20.0
    )


@pytest.fixture
def store() -> Iterator[MeterStore]:
    made = MeterStore(window_s=100.0)
    yield made
    made.close()


def test_intervals_come_back_by_time_with_net_energy(store: MeterStore) -> None:
    store.add_readings([reading("a", 20.0, 900.0), reading("a", 10.0), reading("b", 10.0)], "interval")
    assert store.intervals("a", 10.0, 20.0) == {10.0: (1000.0, 30.0), 20.0: (900.0, 30.0)}
    assert store.intervals("a", 10.5, 20.0) == {20.0: (900.0, 30.0)}
    assert store.interval_times_s(0.0, 99.0) == [10.0, 20.0]


def test_reads_on_demand_are_kept_apart_and_the_latest_counts(store: MeterStore) -> None:
    store.add_readings([reading("a", 10.0, 5.0), reading("a", 30.0, 7.0)], "demand")
    store.add_readings([reading("a", 30.0, 9.0)], "interval")
    assert store.demanded_w("a", 0.0) == 7.0
    assert store.demanded_w("a", 31.0) is None
    assert store.intervals("a", 0.0, 99.0) == {30.0: (9.0, 30.0)}


def test_a_reading_that_comes_twice_counts_once(store: MeterStore) -> None:
    store.add_readings([reading("a", 10.0, 1.0)], "interval")
    store.add_readings([reading("a", 10.0, 2.0)], "interval")
    assert store.intervals("a", 0.0, 99.0) == {10.0: (1.0, 30.0)}


def test_readings_leave_the_window(store: MeterStore) -> None:
    store.add_readings([reading("a", 10.0), reading("a", 60.0)], "interval")
    store.add_readings([reading("a", 120.0)], "interval")
    assert store.interval_times_s(0.0, 999.0) == [60.0, 120.0]


def test_the_archive_outlives_the_window_and_the_process(tmp_path: Path) -> None:
    path = tmp_path / "meter_data.sqlite"
    first = MeterStore(path)
    first.archive("e2", "Relevant Voltage Out of Range Event Alert History Data", 9.0, {"last_s": 4.0})
    first.add_alert("e2", "a", "under", 113.0, 1.0)
    first.close()
    again = MeterStore(path)
    assert again.archived("e2") == [("Relevant Voltage Out of Range Event Alert History Data", {"last_s": 4.0})]
    assert again.archived("e1") == []
    assert again.count_alerts("e2") == 1
    again.close()
