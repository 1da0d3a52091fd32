"""The bench's end of its guardian: started before the first output is enabled, released when all is proven safe."""

import json
import os
import select
import subprocess
import sys
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from bench.assembly import guardian_process
from bench.assembly.guardian_process import ACT, ASKED_S, DONE, READY, RECORD_FILE, Ward
from bench.lease import Lease
from instruments.errors import BenchError

START_S = 30.0
"""How long the guardian may take to be ready."""
END_S = 5.0


class Guardian:
    """A running guardian. It is in a session of its own, so that no signal for the bench's terminal reaches it."""

    def __init__(self, wards: Sequence[Ward], folder: Path, lease: Lease) -> None:
        """Start the process and wait until it is ready; what it will have done goes to `folder`.

        It inherits the files of the lease. Raises BenchError when it does not come up.
        """
        self._record = folder.resolve() / RECORD_FILE
        self._recorded = self._size()
        self._process = subprocess.Popen(  # noqa: S603  our own interpreter and module
            [sys.executable, "-P", "-m", guardian_process.__name__],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            cwd="/",
            start_new_session=True,
            pass_fds=lease.files,
        )
        try:
            self._brief(wards)
        except BaseException:
            self._process.kill()
            self._close()
            raise

    @property
    def pid(self) -> int:
        """Its process id."""
        return self._process.pid

    def require_alive(self) -> None:
        """Raise BenchError when the guardian is gone: nothing would make the equipment safe after a kill."""
        if self._process.poll() is not None:
            raise BenchError(f"the guardian (process {self.pid}) is gone, with exit code {self._process.returncode}")

    def release(self) -> None:
        """Tell it that all is proven safe; it ends itself."""
        self._end(DONE, END_S)

    def act(self) -> dict[str, str]:
        """Let it try what the bench could not prove, and wait for it; return by device what came of it."""
        self._end(ACT, ASKED_S + END_S)
        lines = self._record.read_bytes()[self._recorded :].splitlines() if self._record.is_file() else []
        found = [entry for entry in map(json.loads, lines) if "device" in entry]
        return {e["device"]: "made it safe" if e["safe"] else e["error"] for e in found}

    def _brief(self, wards: Sequence[Ward]) -> None:
        orders = {"bench_pid": os.getpid(), "record": str(self._record), "wards": [ward.plain() for ward in wards]}
        if not self._tell(json.dumps(orders)) or self._answer() != READY:
            raise BenchError("the guardian did not come up; nothing was energised")

    def _answer(self) -> str:
        answer, end_s = b"", time.monotonic() + START_S
        assert self._process.stdout is not None  # noqa: S101  it was opened as a pipe
        pipe = self._process.stdout.fileno()
        while not answer.endswith(b"\n") and select.select([pipe], [], [], max(0.0, end_s - time.monotonic()))[0]:
            received = os.read(pipe, 64)
            if not received:
                break
            answer += received
        return answer.decode().strip()

    def _tell(self, line: str) -> bool:
        assert self._process.stdin is not None  # noqa: S101  it was opened as a pipe
        try:
            self._process.stdin.write(line.encode() + b"\n")
            self._process.stdin.flush()
        except OSError:
            return False
        return True

    def _end(self, word: str, limit_s: float) -> None:
        """Say a last word and wait; one that does not end goes on by itself, and keeps the lease while it does."""
        self._tell(word)
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(limit_s)
        self._close()

    def _close(self) -> None:
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                with suppress(OSError):
                    pipe.close()
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(END_S)

    def _size(self) -> int:
        return self._record.stat().st_size if self._record.is_file() else 0
