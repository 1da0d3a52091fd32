"""`bench emulate --system`: one of the bench's own systems in the place of a vendor's, over the bench file's broker."""

import json
import time
from collections.abc import Callable
from pathlib import Path

from bench.assembly.outside import connect
from bench.commands.stop_request import stop_request
from bench.config import load_bench
from bench.outside.protocol import FROM_BENCH, HELLO, topic_of
from bench.outside.stand_in import StandIn
from instruments.errors import ConfigError
from instruments.wire import unobserved

TICK_S = 0.05
PLAYED = ("dms",)
"""Which of the bench's systems can be played from outside."""


def emulate_system(path: Path, name: str, tell: Callable[[str], None], warn: Callable[[str], None]) -> None:
    """Serve until SIGINT or SIGTERM; `tell` gets a JSON line about the system, then `{"ready": true}`.

    Raises ConfigError for a system that cannot be played or that the bench file has nothing of, TransportError without
    a broker.
    """
    systems = load_bench(path).systems
    section = next((section for key, section in systems.items() if key == name and name in PLAYED), None)
    if section is None:
        has = ", ".join(systems) or "none"
        raise ConfigError(f"no system {name!r} can be played: {', '.join(PLAYED)} can; the bench file has {has}")
    with stop_request() as stop:
        link = connect(section, FROM_BENCH, unobserved, topic_of(section.topic, HELLO))
        try:
            stand_in = StandIn(link, section.topic, warn)
            endpoint = {"name": name, "role": "system", "protocol": "mqtt", "address": section.broker, "unit": None}
            tell(json.dumps(endpoint))
            tell(json.dumps({"ready": True}))
            while not stop.requested:
                time.sleep(TICK_S)
                stand_in.step(time.monotonic())
            stand_in.leave()
        finally:
            link.close()
