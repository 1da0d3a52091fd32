"""A broker of its own for tests of what goes over MQTT."""

import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

PATIENCE_S = 10.0
"""Guards against a hang only."""


def free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


@contextmanager
def mosquitto(folder: Path, *lines: str) -> Iterator[tuple[int, subprocess.Popen[bytes]]]:
    """Serve on loopback; `lines` go into its configuration. Skips where there is no mosquitto."""
    binary = shutil.which("mosquitto") or shutil.which("mosquitto", path="/usr/sbin")
    if binary is None:
        pytest.skip("no mosquitto on this machine: nothing went over MQTT")
    port = free_port()
    settings = folder / "mosquitto.conf"
    text = [f"listener {port} 127.0.0.1", *(lines or ("allow_anonymous true",)), ""]
    settings.write_text("\n".join(text), encoding="utf-8")
    process = subprocess.Popen([binary, "-c", settings], stderr=subprocess.DEVNULL)
    try:
        _await(port)
        yield port, process
    finally:
        process.kill()
        process.wait()


def _await(port: int) -> None:
    until_s = time.monotonic() + PATIENCE_S
    while time.monotonic() < until_s:
        with suppress(OSError), socket.create_connection(("127.0.0.1", port), PATIENCE_S):
            return
        time.sleep(0.01)
    raise AssertionError(f"mosquitto does not answer at port {port}")
