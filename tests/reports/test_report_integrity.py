"""Nothing in a run directory changes unnoticed."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from synthetic_run import write_run

from reports.run_directory import RunDirectory
from reports.run_directory.integrity import verify

FILES = (
    "trace.jsonl",
    "rows.jsonl",
    "wire.jsonl",
    "measurements.jsonl",
    "run.json",
    "series/0001-autonomous.parquet",
    "series/0001.parquet",
    "manifest.sha256",
)


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_run(tmp_path_factory.mktemp("whole") / "run", steps=5, alerts=2)


def damaged(whole: Path, damage: Callable[[bytes, int], bytes], file: str, position: int) -> bool:
    """Apply the damage, verify, and put the file back; True when a finding names the file or it was no damage."""
    target = whole / file
    before = target.read_bytes()
    after = damage(before, position % len(before))
    try:
        target.write_bytes(after)
        return after == before or any(file in (finding.file, "manifest.sha256") for finding in verify(whole))
    finally:
        target.write_bytes(before)


@settings(max_examples=150)
@given(file=st.sampled_from(FILES), position=st.integers(0, 10**6), mask=st.integers(1, 255))
def test_any_changed_byte_is_found(whole: Path, file: str, position: int, mask: int) -> None:
    def change(data: bytes, at: int) -> bytes:
        return data[:at] + bytes([data[at] ^ mask]) + data[at + 1 :]

    assert damaged(whole, change, file, position)


@settings(max_examples=60)
@given(file=st.sampled_from(FILES), position=st.integers(0, 10**6))
def test_any_missing_byte_is_found(whole: Path, file: str, position: int) -> None:
    assert damaged(whole, lambda data, at: data[:at] + data[at + 1 :], file, position)


@settings(max_examples=60)
@given(file=st.sampled_from(FILES), position=st.integers(0, 10**6), extra=st.binary(min_size=1, max_size=3))
def test_any_added_byte_is_found(whole: Path, file: str, position: int, extra: bytes) -> None:
    assert damaged(whole, lambda data, at: data[:at] + extra + data[at:], file, position)


def test_the_whole_run_has_no_finding(whole: Path) -> None:
    assert verify(whole) == []


@pytest.mark.parametrize("file", FILES)
def test_a_missing_file_is_found(small_run: Path, file: str) -> None:
    (small_run / file).unlink()
    assert ("missing", file) in [(finding.kind, finding.file) for finding in verify(small_run)]


def test_an_added_file_is_found(small_run: Path) -> None:
    (small_run / "series" / "0002.parquet").write_bytes(b"")
    assert [(finding.kind, finding.file) for finding in verify(small_run)] == [("added", "series/0002.parquet")]


@pytest.mark.parametrize(
    ("edit", "kind", "line"),
    [
        (lambda lines: lines[:2] + lines[3:], "missing", 3),
        (lambda lines: [*lines[:3], lines[2], *lines[3:]], "added", 4),
        (lambda lines: [*lines[:2], lines[2].replace(b'"e1"', b'"e2"'), *lines[3:]], "changed", 4),
        (lambda lines: [*lines[:2], b"\n", *lines[3:]], "changed", 3),
    ],
    ids=["removed", "repeated", "edited", "emptied"],
)
def test_the_chain_alone_says_which_line(
    small_run: Path, edit: Callable[[list[bytes]], list[bytes]], kind: str, line: int
) -> None:
    log = small_run / "trace.jsonl"
    log.write_bytes(b"".join(edit(log.read_bytes().splitlines(keepends=True))))
    first = verify(small_run)[0]
    assert (first.kind, first.file, first.line) == (kind, "trace.jsonl", line), str(first)


def test_a_run_cannot_be_called_killed_to_get_rid_of_its_manifest(small_run: Path) -> None:
    (small_run / "manifest.sha256").unlink()
    assert ("missing", "manifest.sha256") in [(finding.kind, finding.file) for finding in verify(small_run)]


def test_a_copy_verifies_like_the_original(small_run: Path, tmp_path: Path) -> None:
    shutil.copytree(small_run, tmp_path / "copy")
    assert RunDirectory.open(tmp_path / "copy").verify() == []
