"""The way into a safe state: every device gets its turn, whatever the others do."""

import os
import signal
import subprocess
import sys
from dataclasses import dataclass, field
from threading import Event

import pytest

from bench import safety
from bench.safety import Interrupted, SafetyChain, interruptible, refuse_real_equipment
from instruments.errors import ConfigError, TransportError


@dataclass
class Device:
    """Notes its turn; raises what it is given."""

    name: str
    turns: list[str]
    error: Exception | None = None

    def make_safe(self) -> None:
        self.turns.append(self.name)
        if self.error:
            raise self.error


@dataclass
class Hanging:
    """Waits until the test lets it go."""

    released: Event = field(default_factory=Event)

    def make_safe(self) -> None:
        self.released.wait()


def test_what_was_put_to_use_last_is_made_safe_first() -> None:
    chain, turns = SafetyChain(), list[str]()
    for name in ("source", "inverter", "battery"):
        chain.register(name, Device(name, turns))
    assert chain.make_safe() == {}
    assert turns == ["battery", "inverter", "source"]


def test_a_second_way_out_does_nothing_twice() -> None:
    chain, turns = SafetyChain(), list[str]()
    chain.register("source", Device("source", turns))
    chain.make_safe()
    assert chain.make_safe() == {}
    assert turns == ["source"]


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (TransportError("no answer from 127.0.0.1"), "no answer from 127.0.0.1"),
        (ZeroDivisionError("a driver's own mistake"), "ZeroDivisionError: a driver's own mistake"),
        (OSError("broken pipe"), "OSError: broken pipe"),
    ],
)
def test_a_device_that_fails_is_told_of_and_stops_no_other(error: Exception, told: str) -> None:
    chain, turns = SafetyChain(), list[str]()
    chain.register("source", Device("source", turns))
    chain.register("inverter", Device("inverter", turns, error))
    chain.register("battery", Device("battery", turns))
    assert chain.make_safe() == {"inverter": told}
    assert turns == ["battery", "inverter", "source"], "the source has to be switched off all the same"


def test_a_device_that_hangs_is_told_of_and_stops_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(safety, "ACTION_TIMEOUT_S", 0.05)
    chain, turns, hanging = SafetyChain(), list[str](), Hanging()
    chain.register("source", Device("source", turns))
    chain.register("inverter", hanging)
    try:
        assert chain.make_safe() == {"inverter": "did not finish within 0.05 s"}
    finally:
        hanging.released.set()
    assert turns == ["source"]


def test_a_device_that_hangs_does_not_keep_the_process_alive() -> None:
    script = (
        "from threading import Event\n"
        "from types import SimpleNamespace\n"
        "from bench import safety\n"
        "safety.ACTION_TIMEOUT_S = 0.05\n"
        "chain = safety.SafetyChain()\n"
        "chain.register('inverter', SimpleNamespace(make_safe=Event().wait))\n"
        "print(chain.make_safe())\n"
    )
    ended = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60, check=False)
    assert (ended.returncode, "did not finish" in ended.stdout) == (0, True), ended.stderr


def test_sigterm_becomes_an_interruption_and_the_handler_is_put_back() -> None:
    before = signal.getsignal(signal.SIGTERM)
    with pytest.raises(Interrupted, match="stopped by SIGTERM"), interruptible():
        os.kill(os.getpid(), signal.SIGTERM)
    assert signal.getsignal(signal.SIGTERM) is before


def test_real_equipment_is_refused_by_name() -> None:
    with pytest.raises(ConfigError, match=r"real equipment is not admitted yet: ltc, utility_inverter\."):
        refuse_real_equipment(["utility_inverter", "ltc"])
    refuse_real_equipment([])
