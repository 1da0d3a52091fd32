"""The meter data that the MDMS keeps: an SQLite database with a window of readings and alerts, and an archive."""

import json
import sqlite3
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Literal

from bench.customer_messages import MeterRegisters

Kind = Literal["interval", "demand"]
"""Whether a meter was read with all others at an interval, or by itself on demand."""

SCHEMA = """
create table if not exists readings (
  meter text, time_s real, kind text, p_w real, import_wh real, export_wh real, primary key (meter, time_s, kind)
);
create table if not exists alerts (event text, meter text, condition text, voltage_v real, time_s real);
create table if not exists archive (event text, information text, time_s real, content text);
"""


class MeterStore:
    """Keeps meter data in memory, or in a file where one is named. Readings older than the window can be dropped."""

    def __init__(self, path: Path | None = None, window_s: float = 86_400.0) -> None:
        self._window_s = window_s
        self._database = sqlite3.connect(str(path) if path else ":memory:")
        self._database.executescript(SCHEMA)

    def close(self) -> None:
        """Close the database."""
        self._database.close()

    def add_readings(self, readings: Iterable[MeterRegisters], kind: Kind) -> None:
        """Keep readings; a second one of a meter, time and kind changes nothing."""
        rows = [(r.meter, r.time_s, kind, r.p_w, r.import_wh, r.export_wh) for r in readings]
        with self._database:
            self._database.executemany("insert or ignore into readings values (?, ?, ?, ?, ?, ?)", rows)
            if rows:
                newest_s = max(row[1] for row in rows)
                self._database.execute("delete from readings where time_s < ?", (newest_s - self._window_s,))

    def intervals(self, meter: str, since_s: float, until_s: float) -> dict[float, tuple[float, float]]:
        """Return power, W, and net energy taken so far, Wh, of a meter by interval time, both ends included."""
        found = self._database.execute(
            "select time_s, p_w, import_wh - export_wh from readings"
            " where meter = ? and kind = 'interval' and time_s between ? and ? order by time_s",
            (meter, since_s, until_s),
        )
        return {time_s: (p_w, energy_wh) for time_s, p_w, energy_wh in found}

    def demanded_w(self, meter: str, since_s: float) -> float | None:
        """Return the power, W, of a meter's last reading on demand since a time, None where there is none."""
        query = "select p_w from readings where meter = ? and kind = 'demand' and time_s >= ? order by time_s desc"
        found = self._database.execute(query, (meter, since_s)).fetchone()
        return None if found is None else float(found[0])

    def interval_times_s(self, since_s: float, until_s: float) -> list[float]:
        """Return the interval times at which any meter was read, both ends included."""
        query = (
            "select distinct time_s from readings where kind = 'interval' and time_s between ? and ? order by time_s"
        )
        return [time_s for (time_s,) in self._database.execute(query, (since_s, until_s))]

    def add_alert(self, event: str, meter: str, condition: str, voltage_v: float, time_s: float) -> None:
        """Keep a voltage alert."""
        with self._database:
            self._database.execute(
                "insert into alerts values (?, ?, ?, ?, ?)", (event, meter, condition, voltage_v, time_s)
            )

    def count_alerts(self, event: str) -> int:
        """Return how many alerts an event had."""
        (count,) = self._database.execute("select count(*) from alerts where event = ?", (event,)).fetchone()
        return int(count)

    def archive(self, event: str, information: str, time_s: float, content: Mapping[str, Any]) -> None:
        """File what is to be kept for ever."""
        with self._database:
            row = (event, information, time_s, json.dumps(content, sort_keys=True))
            self._database.execute("insert into archive values (?, ?, ?, ?)", row)

    def archived(self, event: str) -> list[tuple[str, dict[str, Any]]]:
        """Return what was filed of an event: information object and content, in order."""
        query = "select information, content from archive where event = ? order by rowid"
        found = self._database.execute(query, (event,))
        return [(information, json.loads(content)) for information, content in found]
