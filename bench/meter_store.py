"""The meter data that the MDMS keeps: an SQLite database with a window of readings and alerts, and an archive.

The archive stands in for the data warehouse: what leaves the window goes there, and so do the histories of events.
"""

import json
import sqlite3
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Literal

from bench.messages.customers import MeterRegisters

Kind = Literal["interval", "demand", "scheduled"]
"""Whether a meter was read with others of a call, by itself on demand, or by schedule."""

Quality = Literal["raw", "valid", "suspect", "estimated"]
"""Whether a reading has yet to be validated (those of a call are, when they are used), stands, does not stand, or
was put in the place of one that is missing or does not stand."""

COLUMNS = "meter text, time_s real, kind text, quality text, p_w real, import_wh real, export_wh real"
SCHEMA = f"""
create table if not exists readings ({COLUMNS}, primary key (meter, time_s, kind, quality));
create table if not exists alerts (event text, meter text, condition text, voltage_v real, time_s real);
create table if not exists archive.readings ({COLUMNS}, primary key (meter, time_s, kind, quality));
create table if not exists archive.histories (event text, information text, time_s real, content text);
"""


class MeterStore:
    """Keeps meter data in memory, or in a file where one is named, with the archive in another file beside it.

    Readings older than the window are moved to the archive: none is ever lost.
    """

    def __init__(self, path: Path | None = None, window_s: float = 86_400.0) -> None:
        self._window_s = window_s
        self._database = sqlite3.connect(str(path) if path else ":memory:")
        self._database.execute("attach database ? as archive", (str(_beside(path)) if path else ":memory:",))
        self._database.executescript(SCHEMA)

    def close(self) -> None:
        """Close the database and its archive."""
        self._database.close()

    def add_readings(self, readings: Iterable[MeterRegisters], kind: Kind, quality: Quality = "raw") -> None:
        """Keep readings; a second one of a meter, time, kind and quality changes nothing."""
        rows = [(r.meter, r.time_s, kind, quality, r.p_w, r.import_wh, r.export_wh) for r in readings]
        with self._database:
            self._database.executemany("insert or ignore into main.readings values (?, ?, ?, ?, ?, ?, ?)", rows)
            if rows:
                self._move_older_than(max(row[1] for row in rows) - self._window_s)

    def _move_older_than(self, time_s: float) -> None:
        move = "insert or ignore into archive.readings select * from main.readings where time_s < ?"
        self._database.execute(move, (time_s,))
        self._database.execute("delete from main.readings where time_s < ?", (time_s,))

    def intervals(self, meter: str, since_s: float, until_s: float) -> dict[float, tuple[float, float]]:
        """Return power, W, and net energy taken so far, Wh, of a meter by interval time, both ends included."""
        found = self._database.execute(
            "select time_s, p_w, import_wh - export_wh from main.readings"
            " where meter = ? and kind = 'interval' and time_s between ? and ? order by time_s",
            (meter, since_s, until_s),
        )
        return {time_s: (p_w, energy_wh) for time_s, p_w, energy_wh in found}

    def demanded_w(self, meter: str, since_s: float) -> float | None:
        """Return the power, W, of a meter's last reading on demand since a time, None where there is none."""
        query = "select p_w from main.readings where meter = ? and kind = 'demand' and time_s >= ? order by time_s desc"
        found = self._database.execute(query, (meter, since_s)).fetchone()
        return None if found is None else float(found[0])

    def interval_times_s(self, since_s: float, until_s: float) -> list[float]:
        """Return the interval times at which any meter was read, both ends included."""
        found = self._database.execute(
            "select distinct time_s from main.readings"
            " where kind = 'interval' and time_s between ? and ? order by time_s",
            (since_s, until_s),
        )
        return [time_s for (time_s,) in found]

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

    def last_standing(self, meter: str) -> tuple[float, float, float, float] | None:
        """Return time, s, power, W, and import and export registers, Wh, of the last scheduled read that stands."""
        found = self._database.execute(
            "select time_s, p_w, import_wh, export_wh from main.readings"
            " where meter = ? and kind = 'scheduled' and quality = 'valid' order by time_s desc",
            (meter,),
        ).fetchone()
        return None if found is None else tuple(found)

    def count_readings(self, kind: Kind, quality: Quality) -> int:
        """Return how many readings of a kind and quality are in the window."""
        query = "select count(*) from main.readings where kind = ? and quality = ?"
        (count,) = self._database.execute(query, (kind, quality)).fetchone()
        return int(count)

    def archived_readings(self, meter: str) -> list[tuple[float, Kind, Quality, float]]:
        """Return time, s, kind, quality and power, W, of what the archive has of a meter, oldest first."""
        query = "select time_s, kind, quality, p_w from archive.readings where meter = ? order by time_s, kind, quality"
        return list(self._database.execute(query, (meter,)))

    def archive(self, event: str, information: str, time_s: float, content: Mapping[str, Any]) -> None:
        """File what is to be kept for ever."""
        with self._database:
            row = (event, information, time_s, json.dumps(content, sort_keys=True))
            self._database.execute("insert into archive.histories values (?, ?, ?, ?)", row)

    def archived(self, event: str) -> list[tuple[str, dict[str, Any]]]:
        """Return what was filed of an event: information object and content, in order."""
        query = "select information, content from archive.histories where event = ? order by rowid"
        found = self._database.execute(query, (event,))
        return [(information, json.loads(content)) for information, content in found]


def _beside(path: Path) -> Path:
    """Name the archive's file after that of the database."""
    return path.with_name(f"{path.stem}_archive{path.suffix}")
