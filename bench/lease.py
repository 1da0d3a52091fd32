"""Who drives real equipment: one run at a time, for each address, on a lock that the kernel gives back with its holder.

The lock (`flock`) belongs to an open file and not to a process. The guardian inherits the file, so the lease of a
bench that was killed ends when its equipment was made safe, and not before.
"""

import fcntl
import getpass
import json
import os
import re
import socket
import tempfile
import time
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Self

from instruments.errors import ConfigError

FOLDER_VARIABLE = "DERBENCH_LEASES"
"""Names a folder for leases that several users, or several hosts, share."""
GUARDIAN_S = 90.0
"""How long a run waits for the guardian of a bench that is gone; longer than the guardian itself tries."""
POLL_S = 0.1
_UNREADABLE = 10
"""How often a holder that has not written its name yet is looked at."""


@dataclass(frozen=True)
class Holder:
    """Who has a lease, since when, and where its run is recorded."""

    pid: int
    host: str
    user: str
    bench: str
    since: str
    resource: str
    run: str = ""

    def __str__(self) -> str:
        return f"process {self.pid} of {self.user} on {self.host}, bench {self.bench!r}, since {self.since}"

    @property
    def is_gone(self) -> bool:
        """Whether the process is known to have ended; one on another host is taken to live."""
        if self.host != socket.gethostname():
            return False
        try:
            os.kill(self.pid, 0)
        except ProcessLookupError:
            return True
        except PermissionError:
            return False
        return False


@dataclass
class Lease:
    """The right to drive some addresses, until `close`. A context manager."""

    files: list[int] = field(default_factory=list)
    """Open lock files, for the guardian to inherit."""
    remarks: list[str] = field(default_factory=list)
    """What a person should know of how it was come by."""

    def close(self) -> None:
        """Give the lease back; the files stay and are empty."""
        while self.files:
            file = self.files.pop()
            with suppress(OSError):
                os.ftruncate(file, 0)
            os.close(file)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def take_lease(
    resources: Iterable[str],
    bench: str,
    run: Path | None = None,
    tell: Callable[[str], None] = lambda _text: None,
    environment: Mapping[str, str] = os.environ,
) -> Lease:
    """Take the lease of all resources or of none; `tell` hears of waiting for another bench's guardian.

    Raises ConfigError naming the holder when one of them is driven by somebody else. No resources need no lease.
    """
    wanted, lease = sorted(set(resources)), Lease()
    folder = _folder(environment) if wanted else Path()
    try:
        for resource in wanted:
            holder = _myself(resource, bench, run)
            file = _locked(_file(folder, resource), resource, tell)
            lease.files.append(file)
            lease.remarks += _taken_over(file)
            _write(file, holder)
    except BaseException:
        lease.close()
        raise
    return lease


def _myself(resource: str, bench: str, run: Path | None) -> Holder:
    since = datetime.now(UTC).isoformat(timespec="seconds")
    at = str(run.resolve()) if run else ""
    return Holder(os.getpid(), socket.gethostname(), getpass.getuser(), bench, since, resource, at)


def _folder(environment: Mapping[str, str]) -> Path:
    """Return where leases are, open to all users of this machine, for they share its equipment."""
    folder = Path(environment.get(FOLDER_VARIABLE) or Path(tempfile.gettempdir()) / "derbench-leases")
    try:
        folder.mkdir(parents=True)
        folder.chmod(0o1777)
    except FileExistsError:
        pass
    except OSError as error:
        raise ConfigError(f"cannot make the folder of leases {folder}: {error.strerror}") from error
    return folder


def _file(folder: Path, resource: str) -> Path:
    return folder / f"{re.sub(r'[^A-Za-z0-9.]+', '-', resource).strip('-')}.lease"


def _locked(path: Path, resource: str, tell: Callable[[str], None]) -> int:
    """Open and lock a file; waits only for the guardian of a bench that is gone. Raises ConfigError."""
    file = _opened(path)
    try:
        _await_lock(file, resource, tell)
    except BaseException:
        os.close(file)
        raise
    return file


def _opened(path: Path) -> int:
    flags = os.O_RDWR | os.O_NOFOLLOW | os.O_CLOEXEC
    try:
        try:
            return os.open(path, flags)
        except FileNotFoundError:
            pass
        try:
            file = os.open(path, flags | os.O_CREAT | os.O_EXCL, 0o666)
        except FileExistsError:
            return os.open(path, flags)
    except OSError as error:
        raise ConfigError(f"cannot open the lease {path}: {error.strerror}") from error
    with suppress(OSError):
        os.fchmod(file, 0o666)  # whatever the umask is: the next user has to be able to take it
    return file


def _await_lock(file: int, resource: str, tell: Callable[[str], None]) -> None:
    end_s, looks, told = time.monotonic() + GUARDIAN_S, 0, False
    while not _try_lock(file):
        holder = _read(file)
        looks += holder is None
        if (holder and not holder.is_gone) or looks > _UNREADABLE or time.monotonic() > end_s:
            raise ConfigError(f"{resource} is driven by {holder or 'another run'}; nothing was started")
        if holder and not told:
            told = True
            tell(f"{resource} was driven by {holder}, which is gone; waiting until its guardian has made it safe")
        time.sleep(POLL_S)


def _try_lock(file: int) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _taken_over(file: int) -> list[str]:
    """Say whose lease it was, where its holder did not give it back."""
    holder = _read(file)
    if holder is None:
        return []
    record = f"; what its guardian did is in {holder.run}/guardian.jsonl" if holder.run else ""
    return [f"took over the lease of {holder.resource} from {holder}, which ended without giving it back{record}"]


def _read(file: int) -> Holder | None:
    try:
        return Holder(**json.loads(os.pread(file, 65536, 0)))
    except (ValueError, TypeError):
        return None


def _write(file: int, holder: Holder) -> None:
    os.ftruncate(file, 0)
    os.pwrite(file, json.dumps(asdict(holder)).encode() + b"\n", 0)
