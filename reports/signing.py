"""Signs the manifests of a run with a key of the user's (Ed25519), and checks such signatures.

Whoever may write a run directory can make all its hashes anew; who does not have the key cannot sign them. A signature
is the 64 bytes over the manifest as it stands, so OpenSSL checks it as well:
``openssl pkeyutl -verify -pubin -inkey PUBLIC.pem -rawin -in manifest.sha256 -sigfile manifest.sig``.
"""

from collections.abc import Callable, Iterator
from pathlib import Path

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key, load_pem_public_key

from reports.errors import ReportError
from reports.run_directory.integrity import Finding, verify
from reports.run_directory.layout import MANIFEST_FILE, RENDERED_FOLDER, SIGNATURE_FILE, write_atomically


def read_private_key(path: Path, passphrase: Callable[[], str]) -> Ed25519PrivateKey:
    """Read a private key from a PEM file; `passphrase` is asked for one that is encrypted.

    :raises ReportError: it cannot be read, or is no Ed25519 key
    """
    data = _read(path)
    try:
        try:
            key = load_pem_private_key(data, None)
        except TypeError:  # it is encrypted
            key = load_pem_private_key(data, passphrase().encode())
    except (ValueError, UnsupportedAlgorithm) as error:
        raise ReportError(f"{path} is no private key that can be read: {error}") from error
    if not isinstance(key, Ed25519PrivateKey):
        raise ReportError(f"{path} is no Ed25519 key; `openssl genpkey -algorithm ed25519` makes one")
    return key


def read_public_key(path: Path) -> Ed25519PublicKey:
    """Read a public key from a PEM file.

    :raises ReportError: it cannot be read, or is no Ed25519 key
    """
    try:
        key = load_pem_public_key(_read(path))
    except (ValueError, UnsupportedAlgorithm) as error:
        raise ReportError(f"{path} is no public key that can be read: {error}") from error
    if not isinstance(key, Ed25519PublicKey):
        raise ReportError(f"{path} is no Ed25519 key")
    return key


def sign(root: Path, key: Ed25519PrivateKey) -> list[str]:
    """Sign the manifest of a run, and that of ``rendered/`` where there is one; return the files written.

    :raises ReportError: the run is not as it was written, or did not finish: nobody should sign that
    """
    if findings := verify(root):
        raise ReportError("\n".join([f"{root} is not signed, for it is not whole:", *map(str, findings)]))
    written = []
    for folder in _sealed(root):
        write_atomically(folder / SIGNATURE_FILE, key.sign((folder / MANIFEST_FILE).read_bytes()))
        written.append((folder / SIGNATURE_FILE).relative_to(root).as_posix())
    return written


def is_signed(root: Path) -> bool:
    """Whether a run has a signature, right or wrong."""
    return (root / SIGNATURE_FILE).exists()


def check_signatures(root: Path, key: Ed25519PublicKey) -> Iterator[Finding]:
    """Find manifests that are not signed, or by another key, or that are not what was signed."""
    for folder in _sealed(root):
        name = (folder / SIGNATURE_FILE).relative_to(root).as_posix()
        if not (folder / SIGNATURE_FILE).is_file():
            yield Finding("missing", name, None, "the manifest beside it is not signed")
        elif not _is_valid(key, folder):
            yield Finding("changed", name, None, "this key has not signed the manifest beside it, as it is now")


def _is_valid(key: Ed25519PublicKey, folder: Path) -> bool:
    try:
        key.verify((folder / SIGNATURE_FILE).read_bytes(), (folder / MANIFEST_FILE).read_bytes())
    except (InvalidSignature, OSError):
        return False
    return True


def _sealed(root: Path) -> list[Path]:
    """Return the folders that have a manifest of their own; the run itself always."""
    return [root, *(folder for folder in [root / RENDERED_FOLDER] if folder.exists())]


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise ReportError(f"cannot read the key {path}: {error.strerror}") from error
