"""Scheduled reads: spread over the interval, missing meters asked again, all validated before they are kept."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from wiretap import Wiretap, citing

from bench.actors.meter_data import MeterDataManagement
from bench.actors.meter_health import FAILING_AFTER, CommunicationHealth
from bench.actors.meter_reading import CreditMeters
from bench.actors.metering import AmiNetwork, MeteringSettings, NetMeters
from bench.actors.scheduled_reading import GRACE_S, slots_s
from bench.bus import Message
from bench.clock import Clock, Process
from bench.dispatch.validation import SERVICE_W, RegisterRead, estimate, finding
from bench.links import AmiLink, AmiLinkSettings
from bench.messages.customers import MeterRegisters, MetersReadRequest
from bench.messages.names import Information, Party
from bench.messages.readings import CollectedReads, ScheduledRead, ValidatedReads
from bench.meter_store import MeterStore
from instruments.errors import InstrumentError
from instruments.readings import MeterEvents, MeterReading

INTERVAL_S = 100.0
SETTINGS = MeteringSettings(event_poll_s=1e6, read_air_time_s=0.1, scheduled_read_s=INTERVAL_S)


@dataclass
class HandMeter:
    """A meter with a steady load whose registers count; silent in the stretches of time that the test gives."""

    clock: Clock
    p_w: float = 3600.0
    silent_s: list[tuple[float, float]] = field(default_factory=list)
    import_offset_wh: float = 0.0

    def read_meter(self) -> MeterReading:
        self._answer()
        taken_wh = self.p_w * self.clock.now_s / 3600.0 + self.import_offset_wh
        return MeterReading((120.0, 120.0), 240.0, 60.0, self.p_w, 0.0, taken_wh, 0.0)

    def read_events(self) -> MeterEvents:
        self._answer()
        return MeterEvents(under_voltage=False, over_voltage=False, raw=0)

    def _answer(self) -> None:
        if any(since <= self.clock.now_s < until for since, until in self.silent_s):
            raise InstrumentError("the target failed to respond")


@dataclass
class Utility:
    """Four meters' radios, the head-end and the meter data store on one bus."""

    tap: Wiretap
    meters: dict[str, HandMeter]
    store: MeterStore
    network: AmiNetwork

    def run_until(self, time_s: float) -> None:
        self.tap.clock.run_until(time_s)

    def collected(self) -> list[CollectedReads]:
        return [m.payload for m in self.tap.told(Information.COLLECTED_READS) if isinstance(m.payload, CollectedReads)]

    def validated(self) -> list[ValidatedReads]:
        return [m.payload for m in self.tap.told(Information.VALIDATED_READS) if isinstance(m.payload, ValidatedReads)]

    def read_times_s(self) -> list[tuple[str, float]]:
        sent = [(d.message.payload, d.sent_s) for d in self.tap.heard]
        return [(read.registers.meter, sent_s) for read, sent_s in sent if isinstance(read, ScheduledRead)]


@pytest.fixture
def utility() -> Iterator[Utility]:
    tap, store = Wiretap(), MeterStore()
    meters = {name: HandMeter(tap.clock) for name in ("m1", "m2", "m3", "m4")}
    radios = NetMeters(tap.bus, meters, citing, SETTINGS)
    network = AmiNetwork(tap.bus, meters, {}, (), citing, SETTINGS)
    for actor in (radios, network, MeterDataManagement(tap.bus, store, {}), CreditMeters(tap.bus, {}, citing)):
        tap.clock.start(actor.run())
    tap.clock.start(radios.report())
    yield Utility(tap, meters, store, network)
    store.close()


AFTER_FIRST_S = INTERVAL_S + GRACE_S + 20.0
"""When the first interval has been told, with all attempts at missing meters."""


def test_each_meter_is_read_once_an_interval_at_a_moment_of_its_own(utility: Utility) -> None:
    utility.run_until(2 * INTERVAL_S + 1.0)
    expected = [(f"m{n}", begun_s + 25.0 * n) for begun_s in (0.0, INTERVAL_S) for n in (1, 2, 3, 4)]
    assert utility.read_times_s() == expected


@given(st.integers(1, 300), st.floats(1.0, 3600.0))
def test_slots_lie_inside_the_interval_evenly_and_in_order(count: int, interval_s: float) -> None:
    slots = slots_s([f"m{n}" for n in range(count)], interval_s)
    times_s = [0.0, *(time_s for time_s, _ in slots)]
    assert times_s[-1] == interval_s
    assert [b - a for a, b in pairwise(times_s)] == pytest.approx([interval_s / count] * count)
    assert [name for _, name in slots] == [f"m{n}" for n in range(count)]


def waits_s(sent_s: Sequence[float]) -> list[float]:
    """Return how long each of some messages is under way on a radio link of its own, those of the same size."""
    clock = Clock()
    link, taken = AmiLink(clock, AmiLinkSettings(latency_s=0.0, bandwidth_bps=9600.0), seed=1), []

    def send(at_s: float) -> Process:
        yield clock.timeout(at_s)
        yield from link.carry(200, 0)
        taken.append(clock.now_s - at_s)

    for at_s in sent_s:
        clock.start(send(at_s))
    clock.run_until(1e5)
    return taken


def test_spread_reads_do_not_queue_where_reads_at_once_do() -> None:
    """One read of 264 bytes with its header is 0.22 s on the air."""
    meters = [f"m{n}" for n in range(200)]
    assert max(waits_s([s for s, _ in slots_s(meters, 900.0)])) == pytest.approx(0.22)
    assert max(waits_s([900.0] * 200)) == pytest.approx(200 * 0.22)


def test_the_interval_goes_to_the_meter_data_store_complete_and_is_kept(utility: Utility) -> None:
    utility.run_until(AFTER_FIRST_S)
    (told,) = utility.collected()
    assert [r.meter for r in told.registers] == ["m1", "m2", "m3", "m4"]
    assert (told.interval, told.late, told.silent, told.reached_pu, told.failing) == (1, (), (), {}, ())
    (validated,) = utility.validated()
    assert (validated.valid, validated.suspect, validated.estimated, validated.unknown) == (4, {}, (), ())
    assert utility.store.count_readings("scheduled", "valid") == 4


def test_a_meter_that_misses_its_moment_is_asked_again_and_told_as_late(utility: Utility) -> None:
    utility.meters["m2"].silent_s.append((40.0, 60.0))
    utility.run_until(AFTER_FIRST_S)
    (told,) = utility.collected()
    assert (told.late, told.silent) == (("m2",), ())
    assert {r.meter: r.time_s for r in told.registers}["m2"] > INTERVAL_S + GRACE_S
    assert told.reached_pu == {"m2": 0.5}
    assert utility.validated()[0].valid == 4


def test_a_meter_that_never_answers_is_listed_failing_and_nothing_is_made_up_for_it(utility: Utility) -> None:
    utility.meters["m3"].silent_s.append((0.0, 1e6))
    utility.run_until(AFTER_FIRST_S)
    (told,) = utility.collected()
    assert (told.silent, told.failing, told.reached_pu) == (("m3",), ("m3",), {"m3": 0.0})
    (validated,) = utility.validated()
    assert (validated.valid, validated.estimated, validated.unknown) == (3, (), ("m3",))


def test_a_meter_that_falls_silent_is_estimated_from_its_last_read(utility: Utility) -> None:
    utility.meters["m1"].silent_s.append((INTERVAL_S, 1e6))
    utility.run_until(INTERVAL_S + AFTER_FIRST_S)
    assert utility.collected()[1].silent == ("m1",)
    assert utility.validated()[1].estimated == ("m1",)
    assert utility.store.count_readings("scheduled", "estimated") == 1


def test_registers_that_run_backwards_are_not_taken_for_a_reading(utility: Utility) -> None:
    utility.run_until(AFTER_FIRST_S)
    utility.meters["m4"].import_offset_wh = -500.0
    utility.run_until(INTERVAL_S + AFTER_FIRST_S)
    second = utility.validated()[1]
    assert second.valid == 3
    assert "runs backwards by 400 Wh" in second.suspect["m4"]
    assert second.estimated == ("m4",)
    assert utility.store.count_readings("scheduled", "suspect") == 1, "what was read is kept, beside its estimate"


def test_an_answer_that_comes_after_its_order_was_told_is_not_lost(utility: Utility) -> None:
    """The radio's answer hangs on the air; the order is told without it, and the next interval brings it as late."""
    held: list[Message] = []

    def hold(message: Message) -> bool:
        if message.information is Information.NET_METER_DATA and not held:
            held.append(message)
            return True
        return False

    utility.tap.bus.withheld.append(hold)
    order = MetersReadRequest(event="e2", net_meters=("m1",), credit_meters=())
    utility.tap.bus.send(
        Message(Party.RESOURCE_CONTROL, Party.AMI_NETWORK, Information.METERS_READ_REQUEST, order, "e2")
    )
    utility.run_until(60.0)
    (data, *_) = utility.tap.told(Information.METERS_DATA)
    assert data.payload.silent == ("m1",)  # type: ignore[attr-defined]
    utility.tap.bus.send(held[0])
    utility.run_until(AFTER_FIRST_S)
    (told,) = utility.collected()
    assert told.late == ("m1",)
    assert [r.meter for r in told.registers].count("m1") == 2, "its scheduled read, and the late answer"


def test_health_counts_attempts_and_forgives_a_meter_that_answers() -> None:
    health = CommunicationHealth()
    for _ in range(FAILING_AFTER):
        health.take("a", answered=False)
        health.take("b", answered=True)
    assert (health.failing, health.reached_pu) == (("a",), {"a": 0.0})
    health.take("a", answered=True)
    assert (health.failing, health.reached_pu) == ((), {"a": 0.25})


BEFORE = RegisterRead(0.0, 1000.0, 5000.0, 700.0)


@pytest.mark.parametrize(
    ("read", "words"),
    [
        (RegisterRead(3600.0, 1200.0, 6100.0, 700.0), None),
        (RegisterRead(3600.0, -1200.0, 5000.0, 1800.0), None),
        (RegisterRead(3600.0, 60_000.0, 6100.0, 700.0), "60000 W is more than a service carries"),
        (RegisterRead(3600.0, 1200.0, 4000.0, 700.0), "runs backwards by 1000 Wh"),
        (RegisterRead(3600.0, 1200.0, 5000.0, 600.0), "runs backwards by 100 Wh"),
        (RegisterRead(3600.0, 1200.0, 60_000.0, 700.0), "55000 Wh since the last read is more than a service carries"),
        (RegisterRead(0.0, 1200.0, 4000.0, 700.0), None),
    ],
)
def test_a_read_is_held_against_the_last_one_that_stood(read: RegisterRead, words: str | None) -> None:
    found = finding(BEFORE, read)
    assert (found is None) if words is None else (words in str(found))


@given(st.floats(-SERVICE_W, SERVICE_W), st.floats(1.0, 86_400.0))
def test_an_estimate_stands_itself_and_carries_the_energy_of_the_last_power(p_w: float, after_s: float) -> None:
    before = RegisterRead(0.0, p_w, 5000.0, 700.0)
    made = estimate(before, after_s)
    assert finding(before, made) is None
    net_wh = (made.import_wh - made.export_wh) - (before.import_wh - before.export_wh)
    assert net_wh == pytest.approx(p_w * after_s / 3600.0, abs=1e-6)


def registers(time_s: float) -> MeterRegisters:
    return MeterRegisters(
        meter="a", time_s=time_s, voltage_v=(120.0,), p_w=time_s, q_var=0.0, import_wh=0.0, export_wh=0.0
    )


def test_what_leaves_the_window_goes_to_the_archive_with_its_quality() -> None:
    store = MeterStore(window_s=100.0)
    store.add_readings([registers(10.0)], "scheduled", "valid")
    store.add_readings([registers(20.0)], "scheduled", "suspect")
    store.add_readings([registers(60.0)], "interval")
    assert store.archived_readings("a") == []
    store.add_readings([registers(125.0)], "demand")
    assert store.archived_readings("a") == [(10.0, "scheduled", "valid", 10.0), (20.0, "scheduled", "suspect", 20.0)]
    assert store.last_standing("a") is None, "the window holds no scheduled read any more"
    assert store.intervals("a", 0.0, 999.0) == {60.0: (60.0, 0.0)}
    store.close()
