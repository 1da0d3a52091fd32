"""Links that lose, repeat, reorder, delay and part: what arrives, what is counted, and which command stands."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from playing import EMULATED

from bench.assembly.defects import Defects
from bench.bus import Bus, Delivery, Message
from bench.clock import Clock
from bench.config import load_bench
from bench.faults import check_fault, parse_fault
from bench.link_log import TOLD, LinkTally
from bench.links import AmiLink, AmiLinkSettings, FixedLatency, Link
from bench.messages.equipment import AssetCommand, OperationalCommand, VoltageOutOfRangeEvent, VoltageRestored
from bench.messages.names import Information, Party
from bench.system_faults import LINK_KINDS, LINKS
from instruments.errors import ConfigError, InstrumentError

LATENCY_S = 0.5
AMI = AmiLinkSettings(latency_s=0.5, bandwidth_bps=19200.0)
MANY = 60


@dataclass
class Wire:
    """A bus on which everything goes over one link with faults, and all that was delivered on it."""

    faults: Sequence[str] = ()
    seed: int = 1
    target: str = "scada"
    clock: Clock = field(default_factory=Clock)
    heard: list[Delivery] = field(default_factory=list)
    bus: Bus = field(init=False)

    def __post_init__(self) -> None:
        self.defects = Defects([parse_fault(text) for text in self.faults], self.seed)
        disturbance = self.defects.disturbance(self.target)
        link: Link = FixedLatency(self.clock, LATENCY_S, LINKS["scada"], disturbance)
        if self.target == "ami":
            link = AmiLink(self.clock, AMI, self.seed, disturbance)
        self.bus = Bus(self.clock, lambda _p, _r: link, lambda _message, _sent_s, _time_s: len(self.heard) + 1)
        self.bus.listeners.append(self.heard.append)

    def send(self, power_kw: float, device: str = "battery", at_s: float | None = None) -> None:
        if at_s is not None:
            self.clock.run_until(at_s)
        self.bus.send(commanding(power_kw, device))

    def after(self, time_s: float) -> "Wire":
        self.clock.run_until(time_s)
        return self

    @property
    def powers_kw(self) -> list[float]:
        """What was delivered, in order."""
        payloads = (delivery.message.payload for delivery in self.heard)
        return [payload.command.power_kw for payload in payloads if isinstance(payload, OperationalCommand)]

    @property
    def tally(self) -> LinkTally:
        return self.bus.log.tallies["AMI link" if self.target == "ami" else "SCADA link"]


def commanding(power_kw: float, device: str = "battery") -> Message:
    command = AssetCommand(device=device, kind="battery", power_kw=power_kw, duration_s=60.0)
    payload = OperationalCommand(event="e1", command=command)
    return Message(Party.DMS, Party.AMI_NETWORK, Information.OPERATIONAL_COMMAND, payload, "e1")


def test_a_link_without_faults_delivers_at_once_and_says_nothing_of_it() -> None:
    wire = Wire()
    wire.send(1.0)
    (delivery,) = wire.after(5.0).heard
    assert (delivery.time_s, delivery.hindrance) == (LATENCY_S, "")
    assert wire.tally == LinkTally(delivered=1)


@pytest.mark.parametrize("target", ["scada", "ami"])
def test_a_lost_frame_is_sent_again_and_its_delivery_says_so(target: str) -> None:
    """Half a second of partition: the frame of the first moment is lost, that two seconds later gets through."""
    wire = Wire([f"{target}:partition@0..1"], target=target)
    wire.send(1.0)
    (delivery,) = wire.after(10.0).heard
    link = LINKS[target]
    assert delivery.hindrance == f"the {link} has lost it once"
    assert (wire.tally.frames_lost, wire.tally.sent_again, wire.tally.delivered) == (1, 1, 1)
    (incident,) = wire.bus.log.incidents
    assert (incident.what, incident.trace) == (delivery.hindrance, delivery.citation)


@pytest.mark.parametrize("target", ["scada", "ami"])
def test_a_partition_that_lasts_is_given_up_and_told_to_whoever_misses_the_message(target: str) -> None:
    wire = Wire([f"{target}:partition@0..100"], target=target)
    wire.send(1.0)
    assert wire.after(3.0).heard == []
    ((_, so_far),) = wire.bus.log.missing()
    assert so_far == f"the {LINKS[target]} has lost it twice", "a message under way is missing as well"
    ((letter, what),) = wire.after(30.0).bus.log.missing()
    assert what == f"the {LINKS[target]} has lost it 4 times"
    assert letter.information is Information.OPERATIONAL_COMMAND
    assert (wire.tally.given_up, wire.tally.frames_lost, wire.tally.sent_again) == (1, 4, 3)
    wire.send(2.0, at_s=120.0)
    assert wire.after(130.0).powers_kw == [2.0], "after its end the partition is over"


def test_the_record_counts_what_is_still_under_way_and_may_be_asked_again() -> None:
    wire = Wire(["scada:partition@0..100"])
    wire.send(1.0)
    first, again = (wire.after(3.0).bus.log.entry() for _ in range(2))
    assert first == again
    assert first["links"]["SCADA link"]["frames_lost"] == 2


def test_incidents_beyond_the_first_are_counted_only() -> None:
    wire = Wire(["scada:delay=1"])
    for number in range(TOLD + 7):
        wire.send(1.0, f"battery_{number}")
    entry = wire.after(10.0).bus.log.entry()
    assert (len(entry["incidents"]), entry["incidents_left_out"]) == (TOLD, 7)


def test_a_message_that_waits_for_the_channel_says_since_when_and_a_delivered_one_does_not() -> None:
    """At 96 bit/s a message is on the air for tens of seconds, so that the second one waits."""
    wire = Wire([], target="ami")
    slow = AmiLink(wire.clock, AmiLinkSettings(latency_s=0.5, bandwidth_bps=96.0), 1)
    bus = Bus(wire.clock, lambda _p, _r: slow, lambda _message, _sent_s, _time_s: 1)
    bus.listeners.append(wire.heard.append)
    wire.clock.run_until(2.0)
    for number in range(2):
        bus.send(commanding(float(number), f"battery_{number}"))
    wire.after(10.0)
    ((letter, what),) = bus.log.missing()
    assert (letter.payload, what) == (commanding(1.0, "battery_1").payload, "the AMI link keeps it waiting since 2.0 s")
    assert [delivery.hindrance for delivery in wire.after(200.0).heard] == ["", ""]


def test_a_delay_holds_a_message_back_and_says_for_how_long() -> None:
    wire = Wire(["scada:delay=40@10..20"])
    wire.send(1.0, at_s=12.0)
    wire.after(30.0)
    ((_, what),) = wire.bus.log.missing()
    assert what == "the SCADA link has held it back for 40 s"
    (delivery,) = wire.after(60.0).heard
    assert (delivery.time_s, delivery.hindrance) == (12.0 + LATENCY_S + 40.0, what)


@pytest.mark.parametrize("target", ["scada", "ami"])
def test_a_message_that_comes_twice_is_delivered_once(target: str) -> None:
    wire = Wire([f"{target}:duplication"], target=target)
    for number in range(5):
        wire.send(float(number), f"battery_{number}")
    wire.after(30.0)
    assert sorted(wire.powers_kw) == [0.0, 1.0, 2.0, 3.0, 4.0]
    assert wire.tally.duplicates_dropped == 5
    assert len(wire.bus.mailbox(Party.AMI_NETWORK).items) == 5, "nobody is told twice"


def overtaking_seed() -> int:
    """Find a seed with which the first of two messages takes the longer way, and the second the shorter."""
    for seed in range(100):
        chance = Defects([parse_fault("scada:reordering=5")], seed).disturbance("scada")
        if (chance.held_s(0.0), chance.held_s(0.0)) == (5.0, 0.0):
            return seed
    raise LookupError("no seed reorders a pair")


def test_of_a_reordered_pair_the_older_command_does_not_win() -> None:
    wire = Wire(["scada:reordering=5"], seed=overtaking_seed())
    wire.send(100.0)
    wire.send(-50.0, at_s=1.0)
    assert wire.after(30.0).powers_kw == [-50.0], "the older command came last, and must not stand"
    assert (wire.tally.stale_dropped, wire.tally.overtaken, wire.tally.delivered) == (1, 1, 1)
    assert "overtaken by a newer one" in wire.bus.log.incidents[-1].what


def test_a_command_to_another_device_is_not_stale() -> None:
    wire = Wire(["scada:reordering=5"], seed=overtaking_seed())
    wire.send(100.0, "battery_1")
    wire.send(-50.0, "battery_2", at_s=1.0)
    assert wire.after(30.0).powers_kw == [-50.0, 100.0]
    assert wire.tally.overtaken == 1


def test_an_alert_that_its_own_all_clear_has_overtaken_opens_nothing_again() -> None:
    wire = Wire(["scada:reordering=5"], seed=overtaking_seed())
    alert = VoltageOutOfRangeEvent(meter="m1", condition="under", voltage_v=113.0)
    ends = (Party.NET_METER, Party.AMI_NETWORK)
    wire.bus.send(Message(*ends, Information.VOLTAGE_EVENT, alert, "a"))
    wire.bus.send(Message(*ends, Information.VOLTAGE_RESTORED, VoltageRestored(meter="m1"), "b"))
    assert [d.message.information for d in wire.after(30.0).heard] == [Information.VOLTAGE_RESTORED]


def played(faults: Sequence[str], seed: int, target: str = "ami") -> Wire:
    wire = Wire(faults, seed, target)
    for number in range(MANY):
        wire.send(float(number), f"battery_{number % 3}", at_s=float(number))
    return wire.after(400.0)


def test_the_same_seed_loses_the_same_frames() -> None:
    once, again, other = (played(["ami:loss=0.5"], seed) for seed in (7, 7, 8))
    assert [d.time_s for d in once.heard] == [d.time_s for d in again.heard]
    assert [d.time_s for d in once.heard] != [d.time_s for d in other.heard], "the seed changes nothing"
    assert once.tally.frames_lost > 0


def test_a_fault_outside_its_time_changes_nothing() -> None:
    faults = [f"ami:{kind.name}@900..950" for kind in LINK_KINDS]
    assert [d.time_s for d in played(faults, 1).heard] == [d.time_s for d in played([], 1).heard]


FAULTS = st.lists(
    st.sampled_from(["loss=0.2", "loss=0.7", "duplication", "duplication=0.5", "reordering=3", "delay=2"]),
    max_size=3,
    unique_by=lambda text: text.partition("=")[0],
)


@settings(max_examples=40, deadline=None)
@given(FAULTS, st.integers(0, 1000), st.sampled_from(["ami", "scada"]))
def test_whatever_a_link_does_each_message_acts_once_at_most_and_the_newest_stands(
    kinds: list[str], seed: int, target: str
) -> None:
    wire = played([f"{target}:{kind}" for kind in kinds], seed, target)
    numbers = [int(power_kw) for power_kw in wire.powers_kw]
    assert len(numbers) == len(set(numbers)), f"acted twice: {numbers}"
    for device in range(3):
        own = [number for number in numbers if number % 3 == device]
        assert own == sorted(own), f"an older command came to stand at battery_{device}: {own}"
    tally = wire.tally
    assert tally.delivered + tally.given_up + tally.stale_dropped == MANY, (
        f"not every message is accounted for: {tally}"
    )


class Control:
    """A control at the far end of a link, which counts how often it was reached."""

    name = "ltc"

    def __init__(self) -> None:
        self.reached = 0

    def raise_tap(self, steps: int) -> int:
        self.reached += 1
        return steps


def test_an_exchange_over_a_parted_link_is_refused_and_the_device_never_reached() -> None:
    wire, control = Wire(["scada:partition@10..20"]), Control()
    far = wire.defects.behind("scada", {"ltc": control}, wire.bus)["ltc"]
    assert (far.raise_tap(1), far.name) == (1, "ltc")
    wire.after(12.0)
    with pytest.raises(InstrumentError, match="the SCADA link lets nothing through to ltc"):
        far.raise_tap(1)
    assert control.reached == 1
    told = wire.bus.log.cut_off("no command for ltc by 30 s", 12.0)
    assert told == "the SCADA link let nothing through to ltc at 12.0 s"
    assert wire.bus.log.cut_off_from(Party.DMS, 12.0) == told, "it is the DMS that goes over SCADA"
    assert wire.bus.log.cut_off_from(Party.MDMS, 12.0) == ""
    assert wire.bus.log.cut_off(told, 1000.0) == "", "that is long ago"
    assert wire.bus.log.cut_off("no command for ltc_2 by 30 s", 12.0) == "", "that is another device"
    assert wire.after(25.0).bus.log.tallies["SCADA link"].exchanges_lost == 4
    assert far.raise_tap(2) == 2


def test_a_link_without_faults_leaves_its_devices_alone() -> None:
    wire, devices = Wire(["ami:loss"]), {"ltc": Control()}
    assert wire.defects.behind("scada", devices, wire.bus) is devices


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("ami:los", "did you mean 'loss'?"),
        ("amy:loss", "did you mean 'ami'?"),
        ("ami:loss=1.5", "takes a probability, 0 to 1, not 1.5"),
        ("ami:delay=-3", "takes 0 or more, not -3"),
        ("ami:partition=1", "takes no value"),
        ("ami:loss@20..10", "ends at 10.0 s, not after its start"),
        ("scada:stuck", "no fault 'stuck' for the role 'scada'"),
    ],
)
def test_what_a_link_cannot_have_is_refused_with_what_it_can(text: str, told: str) -> None:
    with pytest.raises(ConfigError) as refusal:
        check_fault(parse_fault(text), load_bench(EMULATED))
    assert told in str(refusal.value)


@pytest.mark.parametrize("target", LINKS)
@pytest.mark.parametrize("kind", [kind.name for kind in LINK_KINDS])
def test_every_link_takes_every_kind(target: str, kind: str) -> None:
    check_fault(parse_fault(f"{target}:{kind}@10..20"), load_bench(EMULATED))
