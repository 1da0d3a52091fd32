"""`bench verify` and `bench sign` on a real run: nothing changes unnoticed, and hashes made anew do not help."""

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)
from forging import edit_summary
from hypothesis import given, settings
from hypothesis import strategies as st

from bench.cli import main
from reports.rendering import render
from reports.run_directory.layout import write_manifest

Change = Callable[[bytes, int], bytes]


def bench(*arguments: object, typed: str | None = None) -> Result:
    return CliRunner().invoke(main, [str(argument) for argument in arguments], input=typed)


@pytest.fixture(scope="module")
def whole(recorded: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the run that tests change and put right again."""
    return shutil.copytree(recorded, tmp_path_factory.mktemp("whole") / "run")


def files_of(run: Path) -> list[Path]:
    return sorted(path for path in run.rglob("*") if path.is_file())


def flipped(data: bytes, at: int) -> bytes:
    return data[:at] + bytes([data[at] ^ 0x41]) + data[at + 1 :]


def inserted(data: bytes, at: int) -> bytes:
    return data[:at] + b"\n" + data[at:]


def deleted(data: bytes, at: int) -> bytes:
    return data[:at] + data[at + 1 :]


def truncated(data: bytes, at: int) -> bytes:
    return data[:at]


def appended(data: bytes, _at: int) -> bytes:
    return data + b"\n"


def test_the_run_is_as_it_was_written(whole: Path) -> None:
    assert bench("verify", whole).exit_code == 0


@settings(max_examples=60)
@given(
    place=st.integers(0, 10**6),
    position=st.floats(0.0, 1.0, exclude_max=True),
    change=st.sampled_from([flipped, inserted, deleted, truncated, appended]),
)
def test_a_changed_byte_of_any_file_is_found_and_its_file_named(
    whole: Path, place: int, position: float, change: Change
) -> None:
    files = files_of(whole)
    target = files[place % len(files)]
    before = target.read_bytes()
    after = change(before, int(position * len(before)))
    try:
        target.write_bytes(after)
        result = bench("verify", whole)
    finally:
        target.write_bytes(before)
    name = target.relative_to(whole).as_posix()
    assert result.exit_code in {1, 5}, f"{change.__name__} at {position:.3f} of {name}: {result.output}"
    assert name in result.output, f"{change.__name__} of {name} is found, but told as {result.output}"


@pytest.mark.parametrize("name", ["extra.txt", "series/0002.parquet", "rendered/extra.html", ".hidden", "rendered.txt"])
def test_an_added_file_is_found(copied: Path, name: str) -> None:
    (copied / name).write_bytes(b"")
    result = bench("verify", copied)
    assert result.exit_code == 1
    assert f"added: {name}" in result.output


def test_an_added_folder_is_found(copied: Path) -> None:
    (copied / "series" / "more").mkdir()
    result = bench("verify", copied)
    assert result.exit_code == 1
    assert "added: series/more" in result.output


@pytest.mark.parametrize("name", ["trace.jsonl", "run.json", "manifest.sha256", "rendered", "series"])
def test_a_link_to_the_very_same_content_is_no_evidence(copied: Path, name: str) -> None:
    (copied / name).rename(copied.parent / "moved")
    (copied / name).symlink_to(copied.parent / "moved")
    result = bench("verify", copied)
    assert result.exit_code == 1
    assert f"changed: {name}: it is a link" in result.output


def test_an_added_link_is_found_and_not_followed(copied: Path, tmp_path: Path) -> None:
    (copied / "series" / "elsewhere").symlink_to(tmp_path)
    result = bench("verify", copied)
    assert result.exit_code == 1
    assert "series/elsewhere" in result.output


def test_every_missing_file_is_named(copied: Path) -> None:
    for target in files_of(copied):
        before = target.read_bytes()
        target.unlink()
        result = bench("verify", copied)
        target.write_bytes(before)
        name = target.relative_to(copied).as_posix()
        assert result.exit_code in {1, 5}, f"without {name}: {result.output}"
        assert name in result.output, f"without {name}: {result.output}"


class Keys:
    """A user's key, made for a test."""

    def __init__(self, folder: Path, passphrase: str = "", key: Any = None) -> None:
        folder.mkdir()
        key = key or Ed25519PrivateKey.generate()
        sealed = BestAvailableEncryption(passphrase.encode()) if passphrase else NoEncryption()
        self.private, self.public = folder / "private.pem", folder / "public.pem"
        self.private.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, sealed))
        self.public.write_bytes(key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))


@pytest.fixture
def keys(tmp_path: Path) -> Keys:
    return Keys(tmp_path / "keys")


def test_a_signed_run_verifies_with_its_key(copied: Path, keys: Keys) -> None:
    signed = bench("sign", copied, "--key", keys.private)
    assert signed.exit_code == 0, signed.output
    result = bench("verify", copied, "--public-key", keys.public)
    assert result.exit_code == 0, result.output
    assert "signed by this key" in result.output
    assert "its signature was not checked" in bench("verify", copied).output


def test_forged_rows_with_all_hashes_made_anew_are_noticed_when_signed(copied: Path, keys: Keys) -> None:
    bench("sign", copied, "--key", keys.private)
    edit_summary(copied, lambda document: document.update(seed=99))
    assert bench("verify", copied).exit_code == 0, "hashes alone do not notice it"
    result = bench("verify", copied, "--public-key", keys.public)
    assert result.exit_code == 1
    assert "changed: manifest.sig" in result.output


def test_a_forged_report_is_noticed_when_signed(copied: Path, keys: Keys) -> None:
    bench("sign", copied, "--key", keys.private)
    (copied / "rendered" / "report.html").write_text("PASS", encoding="utf-8")
    write_manifest(copied / "rendered")
    result = bench("verify", copied, "--public-key", keys.public)
    assert result.exit_code == 1
    assert "changed: rendered/manifest.sig" in result.output


def test_a_report_rendered_again_has_to_be_signed_again(copied: Path, keys: Keys) -> None:
    bench("sign", copied, "--key", keys.private)
    render(copied)
    result = bench("verify", copied, "--public-key", keys.public)
    assert result.exit_code == 1
    assert "missing: rendered/manifest.sig" in result.output
    bench("sign", copied, "--key", keys.private)
    assert bench("verify", copied, "--public-key", keys.public).exit_code == 0


def test_a_run_without_a_signature_fails_where_one_is_asked_for(copied: Path, keys: Keys) -> None:
    result = bench("verify", copied, "--public-key", keys.public)
    assert result.exit_code == 1
    assert "missing: manifest.sig" in result.output


def test_the_signature_of_somebody_else_fails(copied: Path, keys: Keys, tmp_path: Path) -> None:
    bench("sign", copied, "--key", Keys(tmp_path / "others").private)
    result = bench("verify", copied, "--public-key", keys.public)
    assert result.exit_code == 1
    assert "changed: manifest.sig" in result.output


@settings(max_examples=20)
@given(position=st.integers(0, 63), mask=st.integers(1, 255))
def test_any_changed_byte_of_a_signature_fails(whole: Path, position: int, mask: int) -> None:
    if not (whole.parent / "keys").exists():
        Keys(whole.parent / "keys")
    private, public = (whole.parent / "keys" / f"{kind}.pem" for kind in ("private", "public"))
    bench("sign", whole, "--key", private)
    signature = whole / "manifest.sig"
    data = bytearray(signature.read_bytes())
    data[position] ^= mask
    signature.write_bytes(bytes(data))
    result = bench("verify", whole, "--public-key", public)
    signature.unlink()
    (whole / "rendered" / "manifest.sig").unlink()
    assert result.exit_code == 1
    assert "manifest.sig" in result.output


def test_a_key_with_a_passphrase_asks_for_it(copied: Path, tmp_path: Path) -> None:
    keys = Keys(tmp_path / "keys", "correct horse")
    assert bench("sign", copied, "--key", keys.private, typed="wrong\n").exit_code == 2
    assert bench("sign", copied, "--key", keys.private, typed="correct horse\n").exit_code == 0
    assert bench("verify", copied, "--public-key", keys.public).exit_code == 0


def test_a_run_that_is_not_whole_is_not_signed(copied: Path, keys: Keys) -> None:
    (copied / "rows.jsonl").write_bytes(b"")
    result = bench("sign", copied, "--key", keys.private)
    assert result.exit_code == 2
    assert "rows.jsonl" in result.output
    assert not (copied / "manifest.sig").exists()


def test_other_keys_and_no_keys_are_refused_with_a_reason(copied: Path, keys: Keys, tmp_path: Path) -> None:
    other = Keys(tmp_path / "rsa", key=generate_private_key(65537, 2048))
    for arguments, told in (
        (("sign", copied, "--key", other.private), "is no Ed25519 key"),
        (("verify", copied, "--public-key", other.public), "is no Ed25519 key"),
        (("sign", copied, "--key", keys.public), "is no private key"),
        (("verify", copied, "--public-key", keys.private), "is no public key"),
        (("sign", copied, "--key", tmp_path / "none.pem"), "cannot read the key"),
    ):
        result = bench(*arguments)
        assert result.exit_code == 2, result.output
        assert told in result.output


@pytest.mark.skipif(shutil.which("openssl") is None, reason="needs the openssl command")
def test_openssl_checks_the_signature_as_well(copied: Path, keys: Keys) -> None:
    bench("sign", copied, "--key", keys.private)
    command = ["openssl", "pkeyutl", "-verify", "-pubin", "-inkey", keys.public, "-rawin"]
    files = ["-in", copied / "manifest.sha256", "-sigfile", copied / "manifest.sig"]
    checked = subprocess.run([*command, *files], capture_output=True, text=True, check=False)
    assert checked.returncode == 0, checked.stderr
