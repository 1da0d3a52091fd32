"""The way into a safe state: every device gets its turn, whatever the others do."""

import os
import signal
import subprocess
import sys
from dataclasses import dataclass, field
from threading import Event
from types import SimpleNamespace

import pytest

from bench import safety
from bench.safety import Interrupted, SafetyChain, interruptible, uninterrupted
from instruments.errors import TransportError


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


def test_a_device_that_hangs_is_told_of_and_stops_no_other() -> None:
    chain, turns, hanging = SafetyChain(timeout_s=0.05), list[str](), Hanging()
    chain.register("source", Device("source", turns))
    chain.register("inverter", hanging)
    try:
        assert chain.make_safe() == {"inverter": "did not finish within 0.05 s"}
    finally:
        hanging.released.set()
    assert turns == ["source"]


def test_the_next_device_does_not_wait_until_one_that_hangs_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """Here the one that hangs is let go by the next: were that one to wait, both would be given up."""
    monkeypatch.setattr(safety, "TURN_S", 0.01)
    chain, hanging = SafetyChain(), Hanging()
    chain.register("source", SimpleNamespace(make_safe=hanging.released.set))
    chain.register("inverter", hanging)
    assert chain.make_safe() == {}


def test_a_device_that_hangs_does_not_keep_the_process_alive() -> None:
    script = (
        "from threading import Event\n"
        "from types import SimpleNamespace\n"
        "from bench import safety\n"
        "chain = safety.SafetyChain(timeout_s=0.05)\n"
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


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_what_makes_safe_is_not_interrupted_and_the_signal_is_heard_afterwards(number: signal.Signals) -> None:
    done = []
    with pytest.raises(Interrupted, match=number.name), interruptible():  # noqa: PT012  the order is what is tested
        with uninterrupted() as held:
            os.kill(os.getpid(), number)
            os.kill(os.getpid(), signal.SIGINT)
            done.append("safe")
        done.append("never")
    assert (done, held) == (["safe"], [number, signal.SIGINT])


def test_only_the_first_signal_interrupts() -> None:
    with pytest.raises(Interrupted, match="SIGINT"), interruptible():  # noqa: PT012  both signals belong to the test
        try:
            os.kill(os.getpid(), signal.SIGINT)
        finally:
            os.kill(os.getpid(), signal.SIGTERM)


def test_a_signal_that_is_ignored_stays_ignored() -> None:
    """`nohup bench run` goes on when the terminal is closed."""
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with interruptible():
            os.kill(os.getpid(), signal.SIGHUP)
    finally:
        signal.signal(signal.SIGHUP, before)
