"""The rows of a scenario as `run.json` lists them: one item for each meter, device or customer of a row."""

from collections.abc import Iterable
from typing import Any

from bench.use_case.grammar import wording
from bench.use_case.row_watch import Instance, RowWatch


def row_items(watches: Iterable[RowWatch]) -> list[dict[str, Any]]:
    """List the final states, those of a row without any instance as one."""
    return [_item(watch, name, i) for watch in watches for name, i in (watch.instances or {"": Instance()}).items()]


def _item(watch: RowWatch, name: str, instance: Instance) -> dict[str, Any]:
    row = watch.row
    return {
        "row": row.number,
        "occurrence": instance.occurrence,
        "instance": name,
        "state": instance.state.value,
        "due_s": instance.due_s,
        "time_s": instance.time_s,
        "reason": instance.reason,
        "evidence": list(instance.evidence),
        "text": wording(row),
        "producer": row.producer,
        "receiver": row.receiver,
        "information": row.information,
    }
