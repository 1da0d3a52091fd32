"""A DMS that is outside takes the place of the bench's own: the story goes on, and nothing but its own words counts."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

import bench.assembly.bench
import bench.assembly.outside
from bench.actors.field_control import ScadaControls
from bench.assembly.outside import in_places
from bench.bus import Bus, Message, Priority
from bench.clock import Clock
from bench.config import BenchFile
from bench.config.systems import SystemName, SystemSection
from bench.faults import check_fault, parse_fault
from bench.links import FixedLatency
from bench.messages.equipment import AffectedArea, AreaRequest, EquipmentState, VoltageReadings
from bench.messages.names import Information, Party
from bench.outside.field import Field
from bench.outside.gateway import OutsideSystem
from bench.outside.protocol import FROM_BENCH, FROM_SYSTEM, Begin, FieldAnswer, Told
from bench.outside.stand_in import StandIn
from bench.stage import Cast
from bench.story import Story
from bench.system_faults import ACTORS
from instruments.errors import ConfigError, InstrumentError, TransportError
from instruments.transports.mqtt import Heard
from reports.verdict import RowState, Verdict
from tests.outside import TOPIC, Broker, MemoryLink, Outside
from tests.playing import FIRST_EVENT, Record, play, quick_bench


def with_dms(horizon_s: float) -> BenchFile:
    """The quick bench with its DMS outside; it says that its time is the wall's, as it has to."""
    bench = quick_bench(horizon_s=horizon_s)
    section = SystemSection(broker="mqtt://127.0.0.1:1", topic=TOPIC)
    return bench.model_copy(update={"systems": {"dms": section}})


@pytest.fixture
def outside(monkeypatch: pytest.MonkeyPatch) -> Outside:
    found = Outside()
    monkeypatch.setattr(bench.assembly.outside, "MqttLink", found.link)
    monkeypatch.setattr(bench.assembly.bench, "make_clock", lambda *_: Clock())
    return found


def play_outside(folder: Path, outside: Outside, horizon_s: float, stop_after: str) -> Record:
    def begin(story: Story) -> None:
        outside.bus = story.bus

    return play(folder, with_dms(horizon_s), prepare=begin, stop_after=stop_after)


@pytest.mark.long
def test_the_story_s_first_event_passes_with_a_dms_that_is_outside(tmp_path: Path, outside: Outside) -> None:
    record = play_outside(tmp_path / "run", outside, 260.0, FIRST_EVENT)
    assert (record.failed_step, record.failure) == ("", "")
    assert record.verdict is Verdict.PASS
    assert outside.system.warned == []
    wire = [json.loads(line) for line in record.log("wire").splitlines()]
    spoken = {line["address"].removeprefix(f"{TOPIC}/") for line in wire if line["endpoint"] == "dms"}
    assert spoken >= {"begin", "told", "said", "field/request", "field/answer"}, "all that was said is on record"


def test_a_dms_that_says_nothing_fails_at_its_own_row(tmp_path: Path, outside: Outside) -> None:
    outside.system.stand_in.step = lambda _now_s: None  # type: ignore[method-assign]
    record = play_outside(tmp_path / "run", outside, 150.0, "1.4")
    assert record.verdict is Verdict.FAIL
    assert record.failed_at == "1.2.1", record.failure
    assert "Distribution Management System" in record.failure
    assert record.states["1.1.4"] is RowState.MET


class Bank:
    """The control of a bank that closes and refuses to open; each order is an exchange."""

    def __init__(self) -> None:
        self.citations: list[str] = []

    @contextmanager
    def citing(self) -> Iterator[list[str]]:
        yield self.citations

    def close_bank(self) -> None:
        self.citations.append("wire:1")

    def open_bank(self) -> None:
        self.citations.append("wire:1")
        raise InstrumentError("it refuses")


class Place:
    """The place of the DMS on a bus by itself, and the system that has taken it."""

    def __init__(self, field: Field | None = None) -> None:
        self.sent: list[Message] = []
        self.clock, broker = Clock(), Broker()
        link = FixedLatency(self.clock, 0.0)
        self.bus = Bus(self.clock, lambda _producer, _receiver: link, self._record)
        ours, self.link = MemoryLink(broker), MemoryLink(broker)
        for word, end in [*((word, ours) for word in FROM_SYSTEM), *((word, self.link) for word in FROM_BENCH)]:
            end.subscribe(f"{TOPIC}/{word}")
        begin = Begin(bench="b", capacitors=(), tap_changers=(), credit_meters={}, lowest_v=114, head_uncertainty=0)
        system = OutsideSystem(self.bus, Party.DMS, TOPIC, ours, begin, field)
        self.clock.start(system.run())
        self.clock.start(system.listen())
        self.clock.run_until(0.0)

    def _record(self, message: Message, _sent_s: float, _time_s: float) -> int:
        self.sent.append(message)
        return len(self.sent)

    def say(self, word: str, text: str) -> dict[str, Any]:
        """Say something, and return what comes back, by its words."""
        self.link.heard()
        self.link.publish(f"{TOPIC}/{word}", text)
        self.clock.run_until(self.clock.now_s + 1.0)
        return {heard.topic.removeprefix(f"{TOPIC}/"): json.loads(heard.text) for heard in self.link.heard()}


def said(**changes: Any) -> str:
    whole = {
        "receiver": "Distributed Energy Resource Automation Application",
        "information": "Affected Equipment and Affected Area",
        "correlation": "event-1",
        "payload": {"event": "event-1", "affected_meters": [], "voltage_v": {}, "equipment": []},
    }
    return json.dumps(whole | changes)


def test_what_a_dms_says_is_on_the_bus_in_its_name_and_with_what_it_rests_on() -> None:
    place = Place()
    assert place.say("said", said(because=["trace:7"])) == {}
    (message,) = place.sent
    assert (message.producer, message.receiver) == (Party.DMS, Party.DER_AUTOMATION)
    assert isinstance(message.payload, AffectedArea)
    assert message.evidence == ("trace:7",)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("no JSON at all", "Invalid JSON"),
        (said(receiver="Nobody"), "receiver"),
        (said(information="Gossip"), "information"),
        (said(payload={"event": "event-1"}), "affected_meters: Field required"),
        (said(payload={"event": 1, "affected_meters": [], "voltage_v": {}, "equipment": []}), "valid string"),
        (said(producer="Distribution Operations"), "producer: Extra inputs are not permitted"),
    ],
)
def test_what_a_dms_may_not_say_does_not_reach_the_bus_and_comes_back_with_the_reason(text: str, why: str) -> None:
    place = Place()
    assert why in place.say("said", text)["refused"]["why"]
    assert place.sent == []
    assert place.say("said", said()) == {}, "it may go on with what is right"


def test_what_is_sent_to_it_is_told_to_it_word_for_word() -> None:
    place = Place()
    place.link.heard()
    request = AreaRequest(event="event-1")
    place.bus.send(Message(Party.DER_AUTOMATION, Party.DMS, Information.AREA_REQUEST, request, "event-1"))
    place.clock.run_until(1.0)
    (heard,) = place.link.heard()
    told = Told.model_validate_json(heard.text)
    assert (heard.topic, told.payload, told.correlation) == (f"{TOPIC}/told", {"event": "event-1"}, "event-1")
    assert (told.producer, told.seq) == (Party.DER_AUTOMATION, 1)


def test_a_place_that_operates_no_equipment_gets_none() -> None:
    answer = Place().say("field/request", json.dumps({"number": 1, "order": "close capacitor", "device": "bank_1"}))
    assert "operates no equipment" in answer["refused"]["why"]


@pytest.mark.parametrize(
    ("order", "taken"), [("close capacitor", True), ("open capacitor", False), ("raise tap", False)]
)
def test_an_order_is_carried_out_and_its_exchanges_are_cited(order: str, taken: bool) -> None:
    """The bank takes a close and refuses an open; there is no tap changer on this bench."""
    bank = Bank()
    controls = ScadaControls({"bank_1": bank}, {})
    field = Field(tuple, tuple, lambda: None, controls, bank.citing)
    answer = Place(field).say("field/request", json.dumps({"number": 5, "order": order, "device": "bank_1"}))
    found = FieldAnswer.model_validate(answer["field/answer"])
    assert (found.number, found.taken) == (5, taken)
    assert found.evidence == (("wire:1",) if "capacitor" in order else ())


@pytest.mark.parametrize(("order", "device"), [("close capacitor", ""), ("read load", "bank_1")])
def test_an_order_that_does_not_say_whom_it_is_for_is_refused(order: str, device: str) -> None:
    field = Field(tuple, tuple, lambda: None, ScadaControls({"bank_1": Bank()}, {}), Bank().citing)
    answer = Place(field).say("field/request", json.dumps({"number": 1, "order": order, "device": device}))
    assert f"'{order}' is for" in answer["refused"]["why"]


def test_an_order_to_a_device_of_another_kind_is_not_taken() -> None:
    field = Field(tuple, tuple, lambda: None, ScadaControls({}, {"tap_1": object()}), Bank().citing)  # type: ignore[dict-item]
    answer = Place(field).say("field/request", json.dumps({"number": 1, "order": "close capacitor", "device": "tap_1"}))
    assert FieldAnswer.model_validate(answer["field/answer"]).taken is False


def test_a_link_of_the_bench_that_breaks_is_told_to_the_system_and_is_no_fault_of_its() -> None:
    def unanswered() -> tuple[EquipmentState, ...]:
        raise TransportError("capacitor_1 does not answer")

    place = Place(Field(unanswered, tuple, lambda: None, ScadaControls({}, {}), Bank().citing))
    with pytest.raises(TransportError, match="capacitor_1 does not answer"):
        place.say("field/request", json.dumps({"number": 3, "order": "read equipment"}))
    answers = [FieldAnswer.model_validate_json(heard.text) for heard in place.link.heard() if "answer" in heard.topic]
    assert [(answer.number, answer.taken) for answer in answers] == [(3, False)], "it does not wait for ever"


class Answering:
    """The bench's end of the link of a stand-in: answers every request of the field alike, and keeps what is said."""

    def __init__(self, **answer: Any) -> None:
        self.answer, self.said, self.asked = answer, list[str](), list[str]()
        self.waiting: list[Heard] = []

    def tell(self, word: str, text: str) -> None:
        self.waiting.append(Heard(f"{TOPIC}/{word}", text))

    def publish(self, topic: str, text: str, retain: bool = False) -> None:  # noqa: ARG002
        if topic.endswith("request"):
            self.asked.append(json.loads(text)["order"])
            self.tell("field/answer", json.dumps({"number": json.loads(text)["number"]} | self.answer))
        elif topic.endswith("said"):
            self.said.append(json.loads(text)["information"])

    def heard(self) -> list[Heard]:
        found, self.waiting = self.waiting, []
        return found


@pytest.mark.parametrize(
    ("answer", "said"),
    [({"taken": True}, ["Affected Equipment and Affected Area"]), ({"taken": False}, [])],
    ids=["read", "out of reach"],
)
def test_a_stand_in_says_nothing_of_equipment_that_could_not_be_read(answer: dict[str, bool], said: list[str]) -> None:
    link, warned = Answering(**answer), list[str]()
    stand_in = StandIn(link, TOPIC, warned.append)
    begin = Begin(bench="b", capacitors=(), tap_changers=(), credit_meters={}, lowest_v=114, head_uncertainty=0)
    readings = VoltageReadings(voltage_v={"meter_1": 113.0})
    told = Told(
        seq=1,
        sent_s=0.0,
        time_s=0.0,
        producer=Party.AMI_NETWORK,
        receiver=Party.DMS,
        information=Information.VOLTAGE_READINGS,
        correlation="event-1",
        payload=readings.model_dump(mode="json"),
        priority=Priority.NORMAL,
    )
    link.tell("begin", begin.model_dump_json())
    link.tell("told", told.model_dump_json())
    for now_s in (0.0, 10.0):
        stand_in.step(now_s)
    assert "read equipment" in link.asked
    assert link.said == said
    assert bool(warned) == (not said), warned


def test_a_system_that_leaves_in_the_middle_breaks_the_bench_by_its_name() -> None:
    with pytest.raises(TransportError, match="Distribution Management System has left"):
        Place().say("hello", "")


def test_a_system_may_take_the_place_of_actors_that_faults_know_by_the_same_name() -> None:
    assert set(SystemName.__args__) <= set(ACTORS)  # type: ignore[attr-defined]


def test_a_place_that_nobody_has_cannot_be_taken() -> None:
    system = OutsideSystem.__new__(OutsideSystem)
    system.party = ACTORS["dms"]
    with pytest.raises(ConfigError, match="nobody on this bench has the place of Distribution Management System"):
        in_places(Cast((), (), {}), [system])


def test_what_is_outside_cannot_be_made_defective() -> None:
    with pytest.raises(ConfigError, match="dms is outside of this bench"):
        check_fault(parse_fault("dms:forgets-the-block"), with_dms(100.0))
