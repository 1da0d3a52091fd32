"""`bench manage`: cloudy days, managed and with autonomous controls only, set side by side."""

import json
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path
from tempfile import TemporaryDirectory

from bench.config import load_bench
from bench.managed_day import Day, play_day
from instruments.errors import ConfigError
from reports.verdict import Verdict

ROOT = Path(__file__).parents[2]
CLOUDY_DAY = ROOT / "fixtures" / "benches" / "cloudy_day.yaml"


def manage(bench: Path | None, seeds: str, hours: float, tell: Callable[[str], None]) -> Verdict:
    """Play a day for each seed; `tell` gets one JSON line for each as it is known, then a table of all.

    :returns: FAIL when on any day the managed feeder was not better in minutes outside Range A, or took more operations
    :raises ConfigError: seeds that are no list of numbers, no time at all, or a bench file without clouds or review
    """
    numbers = _numbers(seeds)
    if hours <= 0.0:
        raise ConfigError(f"a day of {hours:g} h is none")
    config = load_bench(bench or CLOUDY_DAY)
    days = []
    with TemporaryDirectory() as folder:
        for seed in numbers:
            day = play_day(config, seed, hours, Path(folder) / str(seed))
            tell(json.dumps(asdict(day) | {"managed_is_better": day.managed_is_better}))
            days.append(day)
    tell(table(days, hours))
    return Verdict.PASS if all(day.managed_is_better for day in days) else Verdict.FAIL


def table(days: Sequence[Day], hours: float) -> str:
    """Lay the days out as plain text; each figure managed / autonomous."""
    rows: list[tuple[str, ...]] = [
        ("seed", "clouds", "operations", "reversed", "min outside", "meter-min outside", "losses kWh", "better")
    ]
    rows += map(_row, days)
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = ["  ".join(cell.rjust(width) for cell, width in zip(row, widths, strict=True)) for row in rows]
    return "\n".join([f"days of {hours:g} h, managed / autonomous", *lines])


def _row(day: Day) -> tuple[str, ...]:
    one, other = day.managed, day.autonomous
    return (
        str(day.seed),
        str(day.fronts),
        f"{one.total_operations} / {other.total_operations}",
        f"{sum(one.reversed_operations.values())} / {sum(other.reversed_operations.values())}",
        f"{one.violation_min:.0f} / {other.violation_min:.0f}",
        f"{one.violation_meter_min:.0f} / {other.violation_meter_min:.0f}",
        f"{one.losses_kwh:.0f} / {other.losses_kwh:.0f}",
        "yes" if day.managed_is_better else "no",
    )


def _numbers(seeds: str) -> list[int]:
    try:
        return [int(text) for text in seeds.split(",")]
    except ValueError:
        raise ConfigError(f"seeds are whole numbers with commas between them, not {seeds!r}") from None
