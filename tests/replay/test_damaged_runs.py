"""Files of a run that somebody has damaged end in a finding or a message, never in a bench that breaks."""

import json
import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from bench.cli import main

JSON_VALUES = (b"null", b"-1", b"[]", b"{}", b'"x"', b"1e99", b"", b"\xff", b"}", b'{"float": "nan"}')
"""What takes the place of a piece of a file: other kinds of values, and what is no JSON."""


@pytest.fixture(scope="module")
def damageable(recorded: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return shutil.copytree(recorded, tmp_path_factory.mktemp("damaged") / "run")


@settings(max_examples=40, phases=[Phase.explicit, Phase.generate])
@given(
    name=st.sampled_from(["judgement.jsonl", "trace.jsonl", "rows.jsonl", "measurements.jsonl", "run.json"]),
    share=st.floats(0.0, 1.0),
    length=st.sampled_from([1, 2, 5, 40]),
    put=st.sampled_from(JSON_VALUES),
)
def test_replay_and_compare_of_damaged_files(
    damageable: Path, recorded: Path, name: str, share: float, length: int, put: bytes
) -> None:
    target = damageable / name
    before = target.read_bytes()
    at = int(share * len(before))
    target.write_bytes(before[:at] + put + before[at + length :])
    try:
        results = {
            "replay": CliRunner().invoke(main, ["replay", str(damageable)]),
            "compare": CliRunner().invoke(main, ["compare", str(damageable), str(recorded)]),
        }
    finally:
        target.write_bytes(before)
    for command, result in results.items():
        told = f"{command}, with {put!r} at {at} of {name}: exit {result.exit_code}: {result.output[:500]}"
        assert result.exit_code in {0, 1, 2, 5}, told
        assert "the bench broke" not in result.output, told
        assert isinstance(result.exception, SystemExit | None), told


@settings(max_examples=40, phases=[Phase.explicit, Phase.generate])
@given(
    log=st.sampled_from(["judgement", "trace", "rows", "measurements"]),
    share=st.floats(0.0, 1.0, exclude_max=True),
    column=st.integers(0, 12),
    value=st.sampled_from([None, True, -1, 1e99, "x", "MET", [], [1], [0, 99999], {}, {"a": 1}, {"set": 3}]),
)
def test_replay_of_records_of_another_kind(
    damageable: Path, log: str, share: float, column: int, value: object
) -> None:
    target = damageable / f"{log}.jsonl"
    before = target.read_bytes()
    lines = before.splitlines(keepends=True)
    number = int(share * len(lines))
    record = json.loads(lines[number])
    key = sorted(record)[column % len(record)]
    lines[number] = json.dumps(record | {key: value}).encode() + b"\n"
    target.write_bytes(b"".join(lines))
    try:
        result = CliRunner().invoke(main, ["replay", str(damageable)])
    finally:
        target.write_bytes(before)
    told = f"{key}: {value!r} in line {number + 1} of {log}.jsonl: exit {result.exit_code}: {result.output[:500]}"
    assert result.exit_code in {0, 1, 2, 5}, told
    assert "the bench broke" not in result.output, told
