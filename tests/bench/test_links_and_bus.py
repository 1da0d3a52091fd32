"""Links and bus: how long messages travel, who overtakes whom, and what is recorded."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.bus import Bus, Delivery, Message, Priority
from bench.clock import Clock, Process
from bench.evidence import Evidence
from bench.links import HEADER_BYTES, AmiLink, AmiLinkSettings, FixedLatency, Link
from bench.messages.customers import MeterRegisters
from bench.messages.equipment import AreaRequest, BeginAutomation, VoltageOutOfRangeEvent
from bench.messages.names import Information, Party
from bench.messages.readings import ScheduledRead
from instruments.errors import ConfigError
from reports.run_directory import RunDirectory, RunWriter

ONE_SECOND_BYTES = 1200 - HEADER_BYTES
"""What is on the air for exactly one second at 9600 bit/s, headers included."""
SETTINGS = AmiLinkSettings(latency_s=2.0, bandwidth_bps=9600.0, retries=2, retry_delay_s=5.0)


def arrivals(settings: AmiLinkSettings, sent: list[tuple[str, int]], seed: int = 1) -> dict[str, float]:
    """Put messages of one second on the link at time 0 in this order; return when each arrived."""
    clock = Clock()
    link, arrived = AmiLink(clock, settings, seed), dict[str, float]()

    def carry(name: str, priority: int) -> Process:
        if (yield from link.carry(ONE_SECOND_BYTES, priority)):
            arrived[name] = clock.now_s

    for name, priority in sent:
        clock.start(carry(name, priority))
    clock.run_until(1000.0)
    return arrived


READS_THEN_ALERT = [("read 1", 0), ("read 2", 0), ("read 3", 0), ("alert", 2)]


def test_an_alert_jumps_the_queue_behind_what_is_on_the_air_already() -> None:
    assert arrivals(SETTINGS, READS_THEN_ALERT) == {"read 1": 3.0, "alert": 4.0, "read 2": 5.0, "read 3": 6.0}


def test_first_in_first_out_keeps_the_alert_waiting() -> None:
    fifo = replace(SETTINGS, queue="fifo")
    assert arrivals(fifo, READS_THEN_ALERT) == {"read 1": 3.0, "read 2": 4.0, "read 3": 5.0, "alert": 6.0}


@given(st.lists(st.integers(0, 2), min_size=1, max_size=8))
def test_the_channel_carries_one_message_at_a_time_and_the_most_urgent_first(priorities: list[int]) -> None:
    arrived = arrivals(SETTINGS, [(str(i), p) for i, p in enumerate(priorities)])
    assert sorted(arrived.values()) == [3.0 + i for i in range(len(priorities))], "one second of air time for each"
    order = sorted(arrived, key=lambda name: arrived[name])[1:]
    waited = [priorities[int(name)] for name in order]
    assert waited == sorted(waited, reverse=True), f"of those that waited {waited} came in this order of urgency"


@pytest.mark.parametrize(("size_bytes", "bandwidth_bps"), [(0, 9600.0), (1, 300.0), (1136, 19200.0)])
def test_air_time_is_message_and_header_over_bandwidth(size_bytes: int, bandwidth_bps: float) -> None:
    clock = Clock()
    link = AmiLink(clock, AmiLinkSettings(latency_s=0.5, bandwidth_bps=bandwidth_bps), seed=1)
    clock.start(link.carry(size_bytes, 0))
    clock.run_until(0.5 + (size_bytes + 64) * 8 / bandwidth_bps)
    assert clock.environment.peek() == float("inf"), "the message is still on its way after its air time and latency"


def test_a_lossy_link_tries_again_and_gives_up_after_its_retries() -> None:
    always_lost = replace(SETTINGS, loss_probability=0.999999)
    assert arrivals(always_lost, [("read", 0)]) == {}


def test_losses_are_drawn_from_the_seed() -> None:
    lossy = replace(SETTINGS, loss_probability=0.5)
    messages = [(str(i), 0) for i in range(20)]
    assert arrivals(lossy, messages, seed=7) == arrivals(lossy, messages, seed=7)
    assert arrivals(lossy, messages, seed=7) != arrivals(lossy, messages, seed=8), "the seed changes nothing"


def test_every_retry_costs_its_delay_and_its_air_time() -> None:
    lossy = replace(SETTINGS, loss_probability=0.5)
    times = {arrivals(lossy, [("read", 0)], seed).get("read") for seed in range(40)}
    assert times == {3.0, 9.0, 15.0, None}, "first try, second (1 s + 5 s later), third, or given up after two retries"


def test_a_fixed_latency_has_room_for_everything_at_once() -> None:
    clock = Clock()
    link, arrived = FixedLatency(clock, 0.2), list[float]()

    def carry() -> Process:
        assert (yield from link.carry(10**6, 0))
        arrived.append(clock.now_s)

    for _ in range(3):
        clock.start(carry())
    clock.run_until(1.0)
    assert arrived == [0.2, 0.2, 0.2]


@pytest.fixture
def recorded(tmp_path: Path) -> Iterator[tuple[Bus, RunWriter]]:
    """A bus with a fast way to the DMS and a slow one to everyone else, recorded into a run directory."""
    clock = Clock()
    writer = RunWriter.create(tmp_path / "run")
    fast, slow = FixedLatency(clock, 0.1), FixedLatency(clock, 3.0)

    def route(_producer: Party, receiver: Party) -> Link:
        return fast if receiver is Party.DMS else slow

    yield Bus(clock, route, Evidence(writer, clock, "1").message), writer
    writer.close()


def request(receiver: Party, event: str = "e1") -> Message:
    return Message(
        Party.DER_AUTOMATION, receiver, Information.AREA_REQUEST, AreaRequest(event=event), event, evidence=("trace:9",)
    )


def test_messages_are_numbered_and_recorded_in_order_of_delivery(recorded: tuple[Bus, RunWriter]) -> None:
    bus, writer = recorded
    heard: list[Delivery] = []
    bus.listeners.append(heard.append)
    bus.send(request(Party.MDMS, "slow"))
    bus.send(request(Party.DMS, "fast"))
    bus.clock.run_until(10.0)
    assert [(d.seq, d.message.correlation, d.sent_s, d.time_s) for d in heard] == [
        (1, "fast", 0.0, 0.1),
        (2, "slow", 0.0, 3.0),
    ]
    assert [d.citation for d in bus.recent(5)] == ["trace:1", "trace:2"]
    lines = RunDirectory.open(writer.path).trace
    assert [line.correlation for line in lines] == ["fast", "slow"]
    assert lines[0].payload == {"event": "fast"}
    assert list(lines[0].evidence) == ["trace:9"]
    assert (lines[0].producer, lines[0].receiver) == (Party.DER_AUTOMATION.value, Party.DMS.value)


def test_a_message_reaches_its_receiver_alone(recorded: tuple[Bus, RunWriter]) -> None:
    bus, _ = recorded
    bus.send(request(Party.DMS))
    bus.clock.run_until(1.0)
    assert len(bus.mailbox(Party.DMS).items) == 1
    assert not bus.mailbox(Party.MDMS).items


def test_a_withheld_message_never_leaves(recorded: tuple[Bus, RunWriter]) -> None:
    bus, writer = recorded
    bus.withheld.append(lambda message: message.receiver is Party.DMS)
    bus.send(request(Party.DMS))
    bus.send(request(Party.MDMS))
    bus.clock.run_until(10.0)
    assert [line.receiver for line in RunDirectory.open(writer.path).trace] == [Party.MDMS.value]
    assert not bus.mailbox(Party.DMS).items


def test_a_payload_of_another_information_object_is_refused() -> None:
    with pytest.raises(ConfigError, match=r"Voltage Out of Range Event carries VoltageOutOfRangeEvent, not Begin"):
        Message(Party.DMS, Party.MDMS, Information.VOLTAGE_EVENT, BeginAutomation(event="e1"), "e1")


def test_on_a_shared_link_of_the_bus_an_alert_overtakes_scheduled_reads() -> None:
    clock = Clock()
    link = AmiLink(clock, AmiLinkSettings(latency_s=0.0, bandwidth_bps=960.0), seed=1)
    heard: list[Information] = []
    bus = Bus(clock, lambda _producer, _receiver: link, lambda _message, _sent_s, _time_s: len(heard) + 1)
    bus.listeners.append(lambda delivery: heard.append(delivery.message.information))
    registers = MeterRegisters(
        meter="net_meter_1", time_s=0.0, voltage_v=(119.0,), p_w=0.0, q_var=0.0, import_wh=0.0, export_wh=0.0
    )
    reading = ScheduledRead(interval=1, registers=registers)
    alert = VoltageOutOfRangeEvent(meter="net_meter_1", condition="under", voltage_v=113.0)
    read = Message(Party.NET_METER, Party.AMI_NETWORK, Information.SCHEDULED_READ, reading, "r", Priority.SCHEDULED)
    for message in (read, read, Message(*_to_network(Information.VOLTAGE_EVENT), alert, "a", Priority.ALERT)):
        bus.send(message)
    clock.run_until(60.0)
    assert heard == [Information.SCHEDULED_READ, Information.VOLTAGE_EVENT, Information.SCHEDULED_READ]


def _to_network(information: Information) -> tuple[Party, Party, Information]:
    return Party.NET_METER, Party.AMI_NETWORK, information
