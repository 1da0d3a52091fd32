"""A bench of the repository with its devices changed, in a file of its own: what can be wired, and what is told."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import yaml

Change = Callable[[dict[str, Any]], object]


def bench_changed(original: Path, folder: Path, change: Change) -> Path:
    """Write a bench file into a folder in which `change` was made to the devices of another."""
    document = yaml.safe_load(original.read_text(encoding="utf-8"))
    document["feeder"] = {key: str((original.parent / path).resolve()) for key, path in document["feeder"].items()}
    change(document["devices"])
    path = folder / "bench.yaml"
    path.write_text(yaml.safe_dump(document, sort_keys=False), encoding="utf-8")
    return path
