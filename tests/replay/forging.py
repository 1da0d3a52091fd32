"""Changes the files of a run and makes their hashes anew, as somebody does who knows the format."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from reports.run_directory.layout import FIRST_PREV, sha256, write_manifest


def edit_log(run: Path, log: str, change: Callable[[list[dict[str, Any]]], None]) -> None:
    """Change a log and make all hashes anew, as a forger who knows the format does."""
    path = run / f"{log}.jsonl"
    records = [json.loads(line) for line in path.read_bytes().splitlines()]
    change(records)
    prev, lines = FIRST_PREV, []
    for number, record in enumerate(records, start=1):
        line = json.dumps(record | {"seq": number, "prev": prev}).encode() + b"\n"
        lines.append(line)
        prev = sha256(line)
    path.write_bytes(b"".join(lines))
    write_manifest(run)


def edit_summary(run: Path, change: Callable[[dict[str, Any]], None]) -> None:
    """Change run.json and make the manifest anew."""
    document = json.loads((run / "run.json").read_bytes())
    change(document)
    (run / "run.json").write_text(json.dumps(document, indent=1) + "\n", encoding="ascii")
    write_manifest(run)
