"""The judge: what a message tells, held against true voltages, the field, the wire log and what was told before."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import pytest
from by_hand import FakeHomes, FakePlans, alert, command, power, row

from bench.bus import Delivery, Message, Priority
from bench.clock import Clock
from bench.evidence import Evidence
from bench.measurement import Measurement
from bench.messages.equipment import (
    AffectedArea,
    AssetCommand,
    BeginAutomation,
    EquipmentState,
    EquipmentStatus,
    Payload,
    SelectedAssets,
    SystemCondition,
    SystemStatus,
    VarSwitchingOrder,
    VoltageOutOfRangeEvent,
)
from bench.messages.names import Information, Party
from bench.truth.range_a import RangeASettings, ServiceVoltages
from bench.use_case.judge import PREDICTION_TOLERANCE_V, Der, PlantJudge, Wiring, subject_of
from bench.use_case.model import Row
from instruments.wire import WireExchange
from reports.run_directory import RunWriter

METER, NETWORK, DMS, PREMISE = Party.NET_METER, Party.AMI_NETWORK, Party.DMS, Party.PREMISE_INTERFACE
APPLICATION, INVERTER, BATTERY = Party.DER_AUTOMATION, Party.UTILITY_INVERTER, Party.UTILITY_BATTERY
CONTROLS = Party.CAPACITOR_CONTROLS
ALERT, COMMAND, STATUS = Information.VOLTAGE_EVENT, Information.OPERATIONAL_COMMAND, Information.EQUIPMENT_STATUS
ASSETS, PICTURE = Information.SELECTED_ASSETS, Information.SYSTEM_STATUS

ALERTED = row("1.1", METER, NETWORK, ALERT, per="meter", limit_from="stimulus", wire="wire")
FORWARDED = row("1.1.2", NETWORK, APPLICATION, ALERT, per="meter")
AREA = row("1.2.1", DMS, APPLICATION, Information.AFFECTED_AREA)
SELECTED = row("1.2.2", APPLICATION, APPLICATION, ASSETS, kind="computation", verb="computes")
HANDED_OVER = row("1.2.3", APPLICATION, DMS, ASSETS)
WRITTEN = row("1.3.2", PREMISE, INVERTER, COMMAND, per="device", wire="wire")
EFFECT = row("1.3.4", BATTERY, BATTERY, COMMAND, per="device", kind="effect", verb="responds to")
REPORTED = row("1.4", INVERTER, PREMISE, STATUS, per="device", wire="wire")
INSIDE = row("1.3.5", BATTERY, INVERTER, STATUS, per="device", wire="inside")
BLOCKED = row("1.5", DMS, CONTROLS, Information.BLOCK_VAR_SWITCHING, per="device", wire="wire")
ENTERED = row("1.4.3", DMS, DMS, STATUS, kind="computation", verb="computes")
SHOWN = row("1.4.4", DMS, APPLICATION, PICTURE)

BATTERY_AT_WORK = EquipmentState(device="battery", kind="battery", available=True, power_kw=500.0, rating_kw=1000.0)
CHOSEN = SelectedAssets(event="e1", commands=(command().command,), predicted_lowest_v=114.6, predicted_highest_v=122.0)


@dataclass
class FakeField:
    """Plant and instruments that answer what the test gives them."""

    measured: Measurement | None = None
    contradiction: str | None = None
    lowest_v: float = 114.6
    highest_v: float = 122.0
    reaches_v: float = 113.5
    banks: frozenset[str] = frozenset({"cap_1", "cap_2"})
    controls: frozenset[str] = frozenset({"cap_1"})
    carried_out: list[tuple[AssetCommand, ...]] = field(default_factory=list)

    def effect(self, command: AssetCommand, since_s: float) -> Measurement | None:  # noqa: ARG002
        return self.measured

    def holds(self, state: EquipmentState, age_s: float = 2.0) -> str | None:  # noqa: ARG002
        return self.contradiction

    def voltages_after(self, commands: tuple[AssetCommand, ...]) -> tuple[float, float]:
        self.carried_out.append(commands)
        return self.lowest_v, self.highest_v

    def reach_v(self, highest_v: float) -> float:  # noqa: ARG002
        return self.reaches_v


class Bench:
    """A judge with two meters: m1 stood at 113 V from 10 s to 40 s, m2 was healthy all the time."""

    def __init__(self, folder: Path) -> None:
        self.writer = RunWriter.create(folder / "run")
        self.evidence = Evidence(self.writer, Clock(), "1")
        self.field = FakeField()
        voltages = ServiceVoltages(("m1", "m2"), RangeASettings(interval_s=10.0, guard_v=0.3))
        for second in range(41):
            leg_v = 113.0 if second >= 10 else 120.0
            voltages.take(float(second), np.array([[leg_v, leg_v], [120.0, 120.0]]))
        endpoints = {INVERTER: "inverter", BATTERY: "battery"}
        wiring = Wiring(lambda party, name: name if party in {METER, CONTROLS} else endpoints.get(party))
        der = Der(FakePlans(), {}, read_after_s=90.0, since_s=lambda _row: None)
        self.priority = Priority.ALERT
        self.judge = PlantJudge(voltages, self.field, FakeHomes(), wiring, self.evidence, der)

    def exchange(self, endpoint: str, operation: str = "read", error: str | None = None) -> str:
        """Let an exchange with a device happen; return its citation."""
        with self.evidence.citing() as citations:
            self.evidence.observer(endpoint)(WireExchange("modbus", operation, "40000", (1,), error))
        return citations[0]

    def remark(self, row: Row, payload: Payload, *evidence: str) -> str:
        message = Message(Party(row.producer), Party(row.receiver), Information(row.information), payload, "e1")
        return self.judge.remark(row, Delivery(1, 40.0, 40.0, replace(message, evidence=evidence)))

    def objection(self, row: Row, payload: Payload, evidence: tuple[str, ...] = (), sent_s: float = 40.0) -> str | None:
        parties, information = (Party(row.producer), Party(row.receiver)), Information(row.information)
        message = Message(*parties, information, payload, "e1", self.priority, evidence)
        return self.judge.objection(row, Delivery(1, sent_s, sent_s, message))

    def alerted(self, alert: VoltageOutOfRangeEvent, sent_s: float = 40.0) -> str | None:
        return self.objection(ALERTED, alert, (self.exchange(alert.meter),), sent_s)


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    bench = Bench(tmp_path)
    yield bench
    bench.writer.close()


def refused(objection: str | None, told: str) -> bool:
    """Whether there is an objection that says this."""
    return objection is not None and told in objection


def test_an_alert_that_would_wait_its_turn_on_the_link_is_none(bench: Bench) -> None:
    bench.priority = Priority.SCHEDULED
    assert refused(bench.alerted(alert("m1")), "m1 sent its alert as ordinary traffic")


def test_a_true_alert_stands(bench: Bench) -> None:
    assert bench.alerted(alert("m1")) is None


def test_an_alert_of_a_healthy_meter_is_refused(bench: Bench) -> None:
    objection = bench.alerted(alert("m2", 120.0))
    assert refused(objection, "m2 reports under-voltage, but its service is at 120.00 V")


def test_an_alert_with_another_voltage_than_the_true_one_is_refused(bench: Bench) -> None:
    assert refused(bench.alerted(alert("m1", 111.0)), "111.00 V is told of m1, but its service is at 113.00 V")


def test_an_alert_that_calls_low_voltage_high_is_refused(bench: Bench) -> None:
    upside_down = alert("m1").model_copy(update={"condition": "over"})
    assert refused(bench.alerted(upside_down), "m1 reports over-voltage")


def test_an_alert_before_an_interval_was_out_is_refused(bench: Bench) -> None:
    assert refused(bench.alerted(alert("m1", 120.0), sent_s=9.0), "never below 114 V before")


def test_a_meter_that_the_feeder_does_not_have_is_refused(bench: Bench) -> None:
    assert refused(bench.alerted(alert("m7")), "'m7'")


def test_an_alert_that_cites_no_exchange_with_its_meter_is_refused(bench: Bench) -> None:
    assert refused(bench.objection(ALERTED, alert("m1")), "trace:1 cites no wire exchange with m1")
    other = bench.exchange("m2")
    assert refused(bench.objection(ALERTED, alert("m1"), (other,)), "no wire exchange with m1")
    assert refused(bench.objection(ALERTED, alert("m1"), ("wire:999",)), "no wire exchange with m1")


def test_an_alert_has_to_be_passed_on_as_it_came(bench: Bench) -> None:
    bench.alerted(alert("m1"))
    assert bench.objection(FORWARDED, alert("m1")) is None
    assert refused(bench.objection(FORWARDED, alert("m1", 112.9)), "but the meter sent")
    assert refused(bench.objection(FORWARDED, alert("m2")), "but the meter sent None")


CLOSED_BANK = EquipmentState(device="cap_1", kind="capacitor", available=True, closed=True)


def area(*meters: str, **voltage_v: float) -> AffectedArea:
    return AffectedArea(event="e1", affected_meters=meters, voltage_v=voltage_v, equipment=(CLOSED_BANK,))


def test_the_affected_area_has_to_be_that_of_the_alerts_and_the_voltages(bench: Bench) -> None:
    bench.alerted(alert("m1"))
    assert bench.objection(AREA, area("m1", m1=113.0, m2=120.0)) is None
    assert refused(bench.objection(AREA, area("m1", "m2")), "never alerted: m2")
    assert refused(bench.objection(AREA, area("m1", m1=118.0)), "118.00 V is told of m1")
    assert refused(bench.objection(AREA, area("m1", m9=120.0)), "m9"), "a meter that the feeder does not have"


def test_the_area_has_to_tell_of_every_control(bench: Bench) -> None:
    bench.alerted(alert("m1"))
    silent = area("m1", m1=113.0, m2=120.0).model_copy(update={"equipment": ()})
    assert refused(bench.objection(AREA, silent), "does not tell of cap_1")


@pytest.mark.parametrize(("power_kw", "stands"), [(500.0, True), (-500.0, True), (501.0, False), (-501.0, False)])
def test_nobody_may_select_more_than_a_device_is_rated_for(bench: Bench, power_kw: float, stands: bool) -> None:
    chosen = CHOSEN.model_copy(update={"commands": (command(power_kw=power_kw).command,)})
    objection = bench.objection(SELECTED, chosen)
    assert objection is None if stands else refused(objection, "which can give 500.0 kW")


def test_a_selection_is_held_against_an_independent_power_flow(bench: Bench) -> None:
    assert bench.objection(SELECTED, CHOSEN) is None
    assert bench.field.carried_out == [CHOSEN.commands], "the power flow has to be solved with these commands"


@pytest.mark.parametrize("off_v", [PREDICTION_TOLERANCE_V + 0.1, -PREDICTION_TOLERANCE_V - 0.1])
def test_a_wrong_prediction_is_refused(bench: Bench, off_v: float) -> None:
    bench.field.lowest_v += off_v
    assert refused(bench.objection(SELECTED, CHOSEN), "114.60 V as lowest service voltage")
    bench.field.lowest_v -= off_v
    bench.field.highest_v += off_v
    assert refused(bench.objection(SELECTED, CHOSEN), "122.00 V as highest service voltage")


def test_what_is_handed_over_has_to_be_what_was_selected(bench: Bench) -> None:
    bench.objection(SELECTED, CHOSEN)
    assert bench.objection(HANDED_OVER, CHOSEN) is None
    changed = CHOSEN.model_copy(update={"commands": (command(power_kw=400.0).command,)})
    assert refused(bench.objection(HANDED_OVER, changed), "differs from the assets that were selected")


@pytest.mark.parametrize("payload", [command(power_kw=400.0), command("another_battery")], ids=["power", "device"])
def test_a_command_that_was_not_selected_is_refused(bench: Bench, payload: Payload) -> None:
    bench.objection(SELECTED, CHOSEN)
    cited = (bench.exchange("inverter", "write"),)
    assert bench.objection(WRITTEN, command(), cited) is None
    assert refused(bench.objection(WRITTEN, payload, cited), "is not what was selected")


def test_a_command_before_any_selection_is_refused(bench: Bench) -> None:
    assert refused(
        bench.objection(WRITTEN, command(), (bench.exchange("inverter", "write"),)), "is not what was selected"
    )


def test_a_command_that_was_never_written_is_refused(bench: Bench) -> None:
    bench.objection(SELECTED, CHOSEN)
    assert refused(bench.objection(WRITTEN, command(), ("trace:3",)), "no wire exchange with inverter")


@pytest.mark.parametrize(("operation", "error"), [("read", None), ("write", "illegal data value")])
def test_a_command_that_was_only_read_or_refused_is_not_written(
    bench: Bench, operation: str, error: str | None
) -> None:
    """Anything could be read from a device that nobody has told anything."""
    bench.objection(SELECTED, CHOSEN)
    cited = (bench.exchange("inverter", operation, error),)
    assert refused(bench.objection(WRITTEN, command(), cited), "cites nothing that was written to it")


def test_a_write_to_another_device_is_no_command(bench: Bench) -> None:
    bench.objection(SELECTED, CHOSEN)
    cited = (bench.exchange("inverter"), bench.exchange("battery", "write"))
    assert refused(bench.objection(WRITTEN, command(), cited), "cites nothing that was written to it")


def test_a_row_inside_equipment_is_derived_where_only_its_inverter_has_shown_it(bench: Bench) -> None:
    told = EquipmentStatus(event="e1", equipment=BATTERY_AT_WORK)
    assert "derived: on the wire of inverter alone" in bench.remark(INSIDE, told, bench.exchange("inverter"))
    assert bench.remark(INSIDE, told, bench.exchange("inverter"), bench.exchange("battery")) == ""
    assert bench.remark(REPORTED, told, bench.exchange("inverter")) == "", "nothing is inside here"


def test_the_block_is_wanted_of_every_bank_whichever_are_selected(bench: Bench) -> None:
    assert set(bench.judge.required(BLOCKED, 40.0)) == {"cap_1", "cap_2"}
    order = VarSwitchingOrder(event="e1", device="cap_1")
    assert bench.objection(BLOCKED, order, (bench.exchange("cap_1", "write"),)) is None
    assert refused(bench.objection(BLOCKED, order, (bench.exchange("cap_1"),)), "nothing that was written")


def test_a_status_that_contradicts_the_instruments_is_refused(bench: Bench) -> None:
    bench.field.contradiction = "battery reports 500.0 kW, but power_analyzer measures 0.0"
    cited = (bench.exchange("inverter"),)
    status = EquipmentStatus(event="e1", equipment=BATTERY_AT_WORK)
    assert refused(bench.objection(REPORTED, status, cited), "power_analyzer measures 0.0")
    bench.field.contradiction = None
    assert bench.objection(REPORTED, status, cited) is None


def test_the_picture_of_the_system_has_to_show_what_was_reported(bench: Bench) -> None:
    idle = BATTERY_AT_WORK.model_copy(update={"power_kw": 0.0})
    bench.objection(REPORTED, EquipmentStatus(event="e1", equipment=BATTERY_AT_WORK), (bench.exchange("inverter"),))
    assert bench.objection(ENTERED, EquipmentStatus(event="e1", equipment=BATTERY_AT_WORK)) is None
    assert refused(bench.objection(ENTERED, EquipmentStatus(event="e1", equipment=idle)), "but was told")
    for equipment, shown in (((BATTERY_AT_WORK,), True), ((idle,), False), ((), False)):
        picture = SystemStatus(event="e1", updated="battery", equipment=equipment)
        assert (bench.objection(SHOWN, picture) is None) is shown, f"the picture holds {equipment}"


def test_a_picture_of_banks_is_held_against_their_switches_also_where_nobody_reported_one_lately(bench: Bench) -> None:
    bank = EquipmentState(device="bank", kind="capacitor", available=True, closed=True)
    picture = SystemStatus(event="e1", updated="capacitor", equipment=(BATTERY_AT_WORK, bank))
    assert bench.objection(SHOWN, picture) is None
    bench.field.contradiction = "bank reports closed=True, its switch is closed=False"
    assert refused(bench.objection(SHOWN, picture), "its switch is closed=False")
    about_storage = picture.model_copy(update={"updated": "battery"})
    assert bench.objection(SHOWN, about_storage) is None, "banks are judged when the picture is about them"


def test_an_effect_is_that_of_the_selected_command_and_names_its_row(bench: Bench) -> None:
    bench.field.measured = power(495.0)
    assert bench.judge.effect(EFFECT, "battery", 0.0) is None, "nothing was commanded yet"
    bench.objection(SELECTED, CHOSEN)
    assert bench.judge.effect(EFFECT, "battery", 0.0) == replace(power(495.0), row="1.3.4")
    assert bench.judge.effect(EFFECT, "another_battery", 0.0) is None


def test_rows_of_meters_require_those_that_are_out_and_those_that_alerted(bench: Bench) -> None:
    assert bench.judge.required(ALERTED, 29.0) == {}
    assert bench.judge.required(ALERTED, 30.0) == {"m1": 30.0}
    assert bench.judge.pending(ALERTED, 20.0) == {"m1"}
    assert bench.judge.required(FORWARDED, 40.0) == {}
    bench.alerted(alert("m1"))
    assert set(bench.judge.required(FORWARDED, 40.0)) == {"m1"}


def test_rows_of_devices_require_those_that_were_selected_of_their_kind(bench: Bench) -> None:
    assert bench.judge.required(WRITTEN, 40.0) == {}
    bank = AssetCommand(device="bank", kind="capacitor", close=True)
    bench.objection(SELECTED, CHOSEN.model_copy(update={"commands": (command().command, bank)}))
    assert set(bench.judge.required(WRITTEN, 40.0)) == {"battery"}
    assert bench.judge.required(SELECTED, 40.0) == {"": None}


@pytest.mark.parametrize(
    ("number", "kind"),
    [
        *(("1.1", None), ("1.2.2", None), ("1.3.4", "battery"), ("1.4", "battery")),
        *(("1.5", "capacitor"), ("1.9", "capacitor"), ("1.10.1", "tap_changer"), ("1.13", "tap_changer")),
    ],
)
def test_a_branch_of_the_table_is_about_one_kind_of_equipment(number: str, kind: str | None) -> None:
    assert subject_of(row(number, DMS, NETWORK, COMMAND)) == kind


def test_a_row_takes_messages_about_its_own_kind_alone(bench: Bench) -> None:
    bank = EquipmentState(device="bank", kind="capacitor", available=True, closed=True)
    assert bench.judge.selects(REPORTED, EquipmentStatus(event="e1", equipment=BATTERY_AT_WORK))
    assert not bench.judge.selects(REPORTED, EquipmentStatus(event="e1", equipment=bank))
    assert bench.judge.selects(ALERTED, alert())
    assert bench.judge.selects(SHOWN, BeginAutomation(event="e1")), (
        "a payload about no equipment is not sorted out here"
    )


CONDITION_SHOWN = row("1.15.1", DMS, Party.DISTRIBUTION_OPERATIONS, Information.SYSTEM_CONDITION)
CONDITION = SystemCondition(
    event="e2",
    system_load_kw=8000.0,
    affected_meters=("m1",),
    voltage_v={"m1": 113.0},
    equipment=(BATTERY_AT_WORK,),
    commands=CHOSEN.commands,
    predicted_lowest_v=114.6,
    predicted_highest_v=122.0,
)


def test_a_condition_that_equipment_alone_cannot_clear_stands(bench: Bench) -> None:
    assert bench.objection(CONDITION_SHOWN, CONDITION) is None


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"system_load_kw": 7000.0}, "8010 kW flow into the feeder"),
        ({"system_load_kw": None}, "does not tell the present load"),
        ({"voltage_v": {"m1": 116.0}}, "116.00 V is told of m1"),
        ({"predicted_lowest_v": 116.0}, "predicts 116.00 V"),
    ],
)
def test_a_condition_that_is_not_the_plants_is_refused(change: dict[str, object], told: str, bench: Bench) -> None:
    assert refused(bench.objection(CONDITION_SHOWN, CONDITION.model_copy(update=change)), told)


def test_nobody_has_to_shed_load_where_equipment_suffices_beyond_what_meters_can_tell(bench: Bench) -> None:
    bench.field.reaches_v = 114.2
    assert bench.objection(CONDITION_SHOWN, CONDITION) is None, "a meter may read that as out of range"
    bench.field.reaches_v = 114.4
    assert refused(bench.objection(CONDITION_SHOWN, CONDITION), "nobody has to shed load")


def test_alerts_of_a_further_occurrence_take_the_place_of_those_before(bench: Bench) -> None:
    again = row("1.14", METER, NETWORK, ALERT, per="meter", limit_from="stimulus", wire="wire")
    bench.alerted(alert("m1"))
    assert set(bench.judge.required(FORWARDED, 40.0)) == {"m1"}
    assert bench.objection(again, alert("m1", 113.1), (bench.exchange("m1"),)) is None
    assert bench.objection(FORWARDED, alert("m1", 113.1)) is None
    assert refused(bench.objection(FORWARDED, alert("m1", 113.0)), "but the meter sent")
