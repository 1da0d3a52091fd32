"""The bench file: everything that is wrong in it, at once, with its place and the nearest thing that is known."""

import copy
import re
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bench.config import BenchFile, bench_files, load_bench
from instruments.errors import ConfigError

ROOT = Path(__file__).parents[2]
EMULATED = ROOT / "fixtures" / "benches" / "emulated.yaml"
SOCKET = "TCPIP0::127.0.0.1::0::SOCKET"
MODBUS = "modbus+tcp://127.0.0.1:0/1"

SMALL: dict[str, Any] = {
    "bench": "small",
    "feeder": {"model": "master.dss"},
    "devices": {
        "inverter_1": {"role": "inverter", "driver": "sunspec", "resource": MODBUS, "emulate": {"rating_kva": 10}},
        "battery_1": {"role": "battery", "driver": "sunspec", "resource": MODBUS, "emulate": {"rating_kva": 10}},
        "source_1": {"role": "grid_simulator", "driver": "scpi_generic", "resource": SOCKET, "emulate": {}},
        "analyzer_1": {"role": "power_analyzer", "driver": "scpi_generic", "resource": SOCKET, "emulate": {}},
    },
    "terminals": {"t1": {"device": "inverter_1", "site": "pv_1"}},
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "master.dss").write_text("clear\n", encoding="utf-8")
    return tmp_path


def write(folder: Path, document: Any) -> Path:
    path = folder / "bench.yaml"
    path.write_text(document if isinstance(document, str) else yaml.safe_dump(document), encoding="utf-8")
    return path


def changed(*changes: tuple[str, Any]) -> dict[str, Any]:
    """Return the small bench with values at dotted places; None takes the key away."""
    document = copy.deepcopy(SMALL)
    for place, value in changes:
        *parents, key = place.split(".")
        section = document
        for parent in parents:
            section = section.setdefault(parent, {})
        if value is None:
            section.pop(key)
        else:
            section[key] = value
    return document


def faults(folder: Path, document: Any) -> str:
    with pytest.raises(ConfigError) as refused:
        load_bench(write(folder, document))
    return str(refused.value)


def test_a_small_bench_loads_with_its_paths_made_absolute(folder: Path) -> None:
    bench = load_bench(write(folder, SMALL))
    assert bench.feeder.model == folder / "master.dss"
    assert bench.clock.mode == "virtual"


def test_the_emulated_bench_has_the_devices_that_others_name() -> None:
    named = {"utility_inverter", "utility_battery", "utility_dg", "customer_inverter_1", "customer_battery_1"}
    named |= {"customer_dg", "net_meter_1", "credit_meter_1", "ltc", "capacitor_1", "grid_simulator", "power_analyzer"}
    assert named <= set(load_bench(EMULATED).devices)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (("clok", {}), "clok: unknown key; did you mean 'clock'?"),
        (("clock.stepp_s", 1.0), "clock.stepp_s: unknown key; did you mean 'step_s'?"),
        (("devices.inverter_1.resourc", "x"), "devices.inverter_1.resourc: unknown key; did you mean 'resource'?"),
        (
            ("devices.inverter_1.emulate.rating_kw", 10),
            "devices.inverter_1.emulate.rating_kw: unknown key; did you mean 'rating_kva'?",
        ),
        (("devices.source_1.limits.voltage", [0, 1]), "limits.voltage: unknown key; did you mean 'voltage_v'?"),
        (("terminals.t1.anlyzer", "x"), "terminals.t1.anlyzer: unknown key; did you mean 'analyzer'?"),
        (("actors.der_automation.margin", 1), "actors.der_automation.margin: unknown key; did you mean 'margin_v'?"),
        (("environment.cloud.depth", 0.1), "environment.cloud.depth: unknown key; did you mean 'depth_pu'?"),
    ],
    ids=lambda value: value[0] if isinstance(value, tuple) else "",
)
def test_a_mistyped_key_is_told_with_its_place_and_the_nearest_known(
    folder: Path, change: tuple[str, Any], told: str
) -> None:
    message = faults(folder, changed(change))
    assert told in message
    assert "known here:" in message


@pytest.mark.parametrize(
    ("place", "value"),
    [
        ("clock.mode", "vrtual"),
        ("clock.step_s", 0),
        ("clock.step_s", 61),
        ("clock.longest_step_s", 0),
        ("clock", {"mode": "wall", "longest_step_s": 60.0}),
        ("devices.inverter_1.emulate.customer_unit", 0),
        ("horizon_s", -1),
        ("horizon_s", float("inf")),
        ("horizon_s", "soon"),
        ("range_a.interval_s", 0),
        ("ami.loss_probability", 1.0),
        ("ami.queue", "random"),
        ("environment.start_hour", 24),
        ("environment.date", "2026-06-31"),
        ("environment.load_pu", float("nan")),
        ("devices.inverter_1.role", "invertor"),
        ("devices.inverter_1.emulate.initial_soc_pct", 101),
        ("devices.inverter_1.emulate.listen", "5602"),
        ("devices.source_1.limits.current_a", float("nan")),
        ("devices.source_1.limits.voltage_v", [0]),
        ("devices.source_1.limits.current_a", -1),
        ("bench", None),
        ("feeder.model", None),
        ("devices.inverter_1.driver", None),
    ],
)
def test_a_value_that_cannot_be_is_told_with_its_place(folder: Path, place: str, value: Any) -> None:
    assert f"{place}" in faults(folder, changed((place, value)))


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (("devices.source_1.limits.power_w", [0, 1]), "a grid_simulator is held to power_w; it has current_a, freq"),
        (("devices.inverter_1.limits", {"tap": [0, 1]}), "an inverter is held to tap; it has power_w, reactive_var"),
        (
            ("devices.source_1.limits.voltage_v", [300, 0]),
            "devices.source_1.limits: Value error, the lower limit comes",
        ),
        (("devices.analyzer_1.limits", {"voltage_v": [0, 1]}), "a power_analyzer is held to voltage_v; it has none"),
    ],
    ids=lambda value: value[0] if isinstance(value, tuple) else "",
)
def test_a_limit_that_nothing_would_hold_to_or_nothing_could_meet_is_refused(
    folder: Path, change: tuple[str, Any], told: str
) -> None:
    assert told in faults(folder, changed(change))


def test_a_name_that_could_be_no_name_is_refused(folder: Path) -> None:
    message = faults(folder, changed(("devices.Inverter 2", SMALL["devices"]["inverter_1"])))
    assert "devices.Inverter 2" in message


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (("feeder.model", "mastr.dss"), "feeder.model: there is no file"),
        (("feeder.sites", "sites.csv"), "feeder.sites: there is no file"),
        (("environment.load_shape", "shape.csv"), "environment.load_shape: there is no file"),
        (("environment.irradiance_csv", "sun.csv"), "environment.irradiance_csv: there is no file"),
        (("devices.inverter_1.point_map", "map.yaml"), "devices.inverter_1.point_map: there is no file"),
        (
            ("terminals.t1.device", "inverter_2"),
            "terminals.t1.device: no device 'inverter_2'; did you mean 'inverter_1'?",
        ),
        (("terminals.t1", {"device": "zzz", "site": "s"}), "terminals.t1.device: no device 'zzz'; known: analyzer_1"),
        (
            ("devices.inverter_1.emulate.dc_source", "batery_1"),
            "devices.inverter_1.emulate.dc_source: no device 'batery_1'; did you mean 'battery_1'?",
        ),
        (("terminals.t1.source", "source_1"), "terminals.t1: Value error, a source and an analyzer belong together"),
        (("terminals.t1.bus", "n1"), "terminals.t1: Value error, a terminal is at one place"),
        (("terminals.t1.site", None), "terminals.t1: Value error, a terminal is at one place"),
        (("terminals", {}), "devices.inverter_1: no terminal wires it to the feeder"),
        (
            ("devices.meter_1", {"role": "meter", "driver": "sunspec", "resource": MODBUS, "emulate": {}}),
            "devices.meter_1: no terminal wires it to the feeder",
        ),
        (
            ("devices.inverter_1.emulate", None),
            "devices.inverter_1: real equipment needs a source and an analyzer in front of it",
        ),
    ],
    ids=lambda value: value[0] if isinstance(value, tuple) else "",
)
def test_names_and_files_that_there_are_not_are_told(folder: Path, change: tuple[str, Any], told: str) -> None:
    assert told in faults(folder, changed(change))


def test_real_equipment_behind_a_source_and_an_analyzer_is_no_error_of_the_file(folder: Path) -> None:
    wired = {"device": "inverter_1", "site": "pv_1", "source": "source_1", "analyzer": "analyzer_1"}
    real = [(f"devices.{name}.emulate", None) for name in ("inverter_1", "source_1", "analyzer_1")]
    load_bench(write(folder, changed(*real, ("devices.inverter_1.rating_kva", 10), ("terminals.t1", wired))))


CONTROL: dict[str, Any] = {"role": "capacitor_bank", "driver": "point_map", "resource": MODBUS, "emulate": {}}
WIRED: dict[str, Any] = {
    "device": "bank_1",
    "capacitor": "c1",
    "source": "sensing_1",
    "contacts": {"digital_io": "contacts_1", "inputs": [1, 2], "status": [1]},
}


def behind_instruments(*changes: tuple[str, Any]) -> dict[str, Any]:
    """The small bench with a capacitor control behind a sensing source and a digital I/O."""
    instruments = {
        name: {"role": role, "driver": "scpi_generic", "resource": SOCKET, "emulate": {}}
        for name, role in (("sensing_1", "sensing_source"), ("contacts_1", "digital_io"))
    }
    added = [(f"devices.{name}", device) for name, device in {"bank_1": CONTROL, **instruments}.items()]
    return changed(*copy.deepcopy(added), ("terminals.t2", copy.deepcopy(WIRED)), *changes)


def test_a_control_behind_a_source_and_contacts_is_no_error_of_the_file_emulated_or_not(folder: Path) -> None:
    load_bench(write(folder, behind_instruments()))
    real = [(f"devices.{name}.emulate", None) for name in ("bank_1", "sensing_1", "contacts_1")]
    terminal = load_bench(write(folder, behind_instruments(*real))).terminals["t2"]
    assert terminal.instruments == {"source": "sensing_1", "contacts.digital_io": "contacts_1"}


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (
            ("terminals.t2", {"device": "bank_1", "capacitor": "c1"}, "devices.bank_1.emulate", None),
            "devices.bank_1: real equipment needs a source and contacts in front of it",
        ),
        (("terminals.t2.source", None), "terminals.t2: Value error, a source and an analyzer belong together"),
        (("terminals.t2.contacts", None), "in front of a control a source and `contacts`"),
        (("terminals.t2.analyzer", "analyzer_1"), "contacts are in front of a control"),
        (
            ("terminals.t2.source", "source_1"),
            "terminals.t2.source: 'source_1' is a grid_simulator; in front of a capacitor_bank it has to be a "
            "sensing_source",
        ),
        (
            ("terminals.t2.contacts.digital_io", "contact_1"),
            "terminals.t2.contacts.digital_io: no device 'contact_1'; did you mean 'contacts_1'?",
        ),
        (
            ("terminals.t2.contacts.digital_io", "analyzer_1"),
            "terminals.t2.contacts.digital_io: 'analyzer_1' is a power_analyzer; in front of a capacitor_bank it has",
        ),
        (
            ("terminals.t1.source", "sensing_1", "terminals.t1.analyzer", "analyzer_1"),
            "terminals.t1.source: 'sensing_1' is a sensing_source; in front of a inverter it has to be a grid_sim",
        ),
        (
            (
                "terminals.t1.source",
                "source_1",
                "terminals.t1.contacts",
                {"digital_io": "contacts_1", "inputs": [5, 6]},
            ),
            "terminals.t1.contacts.digital_io: a digital_io has no place in front of a inverter",
        ),
        (
            ("terminals.t2.source", "sensing_1", "terminals.t2.contacts", None, "terminals.t2.analyzer", "analyzer_1"),
            "terminals.t2.analyzer: a power_analyzer has no place in front of a capacitor_bank",
        ),
        (
            ("devices.sensing_1.emulate", None),
            "terminals.t2.source: the instrument is real and the device is emulated: nothing can be wired between them",
        ),
        (
            ("devices.bank_1.emulate", None),
            "terminals.t2.contacts.digital_io: the device is real and the instrument is emulated",
        ),
        (("terminals.t2.contacts.inputs", [1, 1]), "`inputs` names a channel twice: 1, 1"),
        (("terminals.t2.contacts.inputs", [0, 1]), "terminals.t2.contacts.inputs.0: Input should be greater than"),
        (("terminals.t2.contacts.outputs", [1]), "terminals.t2.contacts.outputs: unknown key; did you mean 'inputs'"),
        (
            ("terminals.t3", {**WIRED, "contacts": {"digital_io": "contacts_1", "inputs": [2, 3]}}),
            "terminals.t3.contacts: input 2 of contacts_1 is wired to the terminal 't2'",
        ),
        (
            ("terminals.t3", {**WIRED, "contacts": {"digital_io": "contacts_1", "inputs": [3, 4], "status": [1]}}),
            "terminals.t3.contacts: output 1 of contacts_1 is wired to the terminal 't2'",
        ),
        (
            ("devices.inverter_1.rating_kva", 10),
            "devices.inverter_1: Value error, rating_kva: once is enough, here or in `emulate`",
        ),
        (
            ("devices.inverter_1.stated", {"response_s": 1.0}),
            "devices.inverter_1: Value error, stated: this is told of a battery alone",
        ),
        (("devices.battery_1.stated", {"response_s": 0.0}), "devices.battery_1.stated.response_s: Input should be"),
        (("devices.battery_1.stated", {"respons_s": 1.0}), "unknown key; did you mean 'response_s'"),
        (
            ("devices.battery_1.emulate", None),
            "devices.battery_1: real equipment needs its `rating_kva`, of which its accuracy is a share",
        ),
        (("devices.inverter_1.dc_source", "batery_1"), "devices.inverter_1.dc_source: no device 'batery_1'"),
    ],
    ids=lambda value: value[0] if isinstance(value, tuple) else "",
)
def test_wrong_wiring_of_instruments_is_told(folder: Path, change: tuple[Any, ...], told: str) -> None:
    pairs = list(zip(change[::2], change[1::2], strict=True))
    assert told in faults(folder, behind_instruments(*pairs))


def test_what_a_bench_has_to_know_of_equipment_may_stand_at_the_device(folder: Path) -> None:
    """Then it outlives the emulation, and an emulator takes it from there."""
    at_device = {"rating_kva": 10.0, "capacity_kwh": 20.0}
    moved = [(f"devices.battery_1.{key}", value) for key, value in at_device.items()]
    bench = load_bench(
        write(folder, changed(("devices.battery_1.emulate", {}), *moved, ("devices.inverter_1.dc_source", "battery_1")))
    )
    battery = bench.devices["battery_1"]
    assert (battery.rated_kva, battery.stored_kwh) == (10.0, 20.0)
    assert bench.behind_inverter == {"battery_1": "inverter_1"}


def test_phases_are_said_of_instruments_that_have_their_own(folder: Path) -> None:
    bench = load_bench(write(folder, behind_instruments(("devices.source_1.phases", 1))))
    assert (bench.devices["source_1"].phases, bench.devices["inverter_1"].phases) == (1, 3)
    told = faults(folder, changed(("devices.inverter_1.phases", 1)))
    assert "phases: the site says those of inverter; grid_simulator, power_analyzer have their own" in told
    assert "phases" in faults(folder, behind_instruments(("devices.source_1.phases", 2)))


def test_all_errors_come_at_once(folder: Path) -> None:
    document = changed(("clok", {}), ("horizon_s", -1), ("devices.inverter_1.rol", "inverter"), ("ami.queue", "lifo"))
    message = faults(folder, document)
    assert message.splitlines()[0].endswith("bench.yaml has 4 errors:")
    assert all(place in message for place in ("clok", "horizon_s", "devices.inverter_1.rol", "ami.queue"))


def test_all_dangling_names_come_at_once(folder: Path) -> None:
    message = faults(folder, changed(("feeder.model", "no.dss"), ("terminals.t1.device", "nobody")))
    assert "has 3 errors" in message, "the file, the name, and the inverter that is now wired to nothing"


def test_addresses_can_come_from_the_environment(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    document = changed(("devices.inverter_1.resource", "modbus+tcp://${INVERTER_HOST}:502/1"))
    monkeypatch.setenv("INVERTER_HOST", "127.0.0.7")
    assert load_bench(write(folder, document)).devices["inverter_1"].resource == "modbus+tcp://127.0.0.7:502/1"


def test_unset_variables_are_all_named(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HOST_A", "HOST_B"):
        monkeypatch.delenv(name, raising=False)
    document = changed(("devices.inverter_1.resource", "${HOST_A}"), ("devices.battery_1.resource", "${HOST_B}"))
    message = faults(folder, document)
    assert "environment variable HOST_A is not set" in message
    assert "environment variable HOST_B is not set" in message


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "it must be a mapping"),
        ("- a\n- b\n", "it must be a mapping"),
        ("bench: [unclosed\n", "line 2"),
        ("environment: {date: 2026-06-31}\n", "day is out of range"),
    ],
    ids=["empty", "a list", "not YAML", "a day that there is not"],
)
def test_a_file_that_is_no_bench_file_is_refused(folder: Path, text: str, told: str) -> None:
    assert told in faults(folder, text)


def test_a_file_that_is_not_there_or_not_text_is_refused(folder: Path) -> None:
    with pytest.raises(ConfigError, match="cannot read the bench file"):
        load_bench(folder / "nowhere.yaml")
    (folder / "binary.yaml").write_bytes(b"\xff\xfe\x00bench")
    with pytest.raises(ConfigError, match="cannot read the bench file"):
        load_bench(folder / "binary.yaml")


def in_scenario(number: Any, **part: Any) -> tuple[str, Any]:
    return ("scenarios", {number: part})


def test_a_scenario_has_its_own_part_of_the_bench_and_the_rest_of_the_common_one(folder: Path) -> None:
    document = changed(
        ("environment", {"start_hour": 13.0, "load_pu": 0.9, "heat": {"rise_s": 45.0}}),
        ("horizon_s", 1800.0),
        in_scenario(
            2,
            environment={"start_hour": 22.0, "heat": None},
            horizon_s=86400.0,
            ami={"scheduled_read_s": 3600.0},
            actors={"operations": {"reduction_kw": 300.0}},
            devices={"battery_1": {"emulate": {"initial_soc_pct": 20.0}}},
        ),
    )
    bench = load_bench(write(folder, document))
    peak = bench.for_scenario("2")
    assert (peak.environment.start_hour, peak.environment.load_pu, peak.environment.heat) == (22.0, 0.9, None)
    assert (peak.horizon_s, peak.ami.scheduled_read_s, peak.ami.queue) == (86400.0, 3600.0, "priority")
    assert (peak.actors.operations.reduction_kw, peak.actors.operations.duration_s) == (300.0, 3600.0)
    battery = peak.devices["battery_1"].emulate
    assert battery is not None
    assert (battery.initial_soc_pct, battery.rating_kva) == (20.0, 10.0)
    assert peak.scenarios == {}
    for other in ("1", "3", "controls-1"):
        assert bench.for_scenario(other) == bench
    assert bench.environment.start_hour == 13.0


def test_files_of_a_scenario_are_relative_to_the_bench_file_too(folder: Path) -> None:
    (folder / "evening.csv").write_text("hour,load_pu\n0,1\n", encoding="utf-8")
    (folder / "other.dss").write_text("clear\n", encoding="utf-8")
    part = {"environment": {"load_shape": "evening.csv"}, "feeder": {"model": "other.dss"}}
    bench = load_bench(write(folder, changed(in_scenario("3", **part))))
    assert bench.feeder.model == folder / "master.dss"
    changed_bench = bench.for_scenario("3")
    assert changed_bench.environment.load_shape == folder / "evening.csv"
    assert changed_bench.feeder.model == folder / "other.dss"


@pytest.mark.parametrize(
    ("part", "told"),
    [
        ({"environmnt": {}}, "scenarios.2.environmnt: unknown key; did you mean 'environment'?"),
        (
            {"environment": {"start_our": 22}},
            "scenarios.2.environment.start_our: unknown key; did you mean 'start_hour'?",
        ),
        ({"environment": {"start_hour": 24}}, "scenarios.2.environment.start_hour: "),
        ({"actors": {"operations": 7}}, "scenarios.2.actors.operations: "),
        (
            {"devices": {"battery_1": {"emulate": {"capacity": 1}}}},
            "scenarios.2.devices.battery_1.emulate.capacity: unknown key; did you mean 'capacity_kwh'?",
        ),
        ({"feeder": {"model": "no.dss"}}, "scenarios.2.feeder.model: there is no file"),
        ({"terminals": {"t1": {"device": "inverter_2"}}}, "scenarios.2.terminals.t1.device: no device 'inverter_2'"),
        ({"scenarios": {"1": {}}}, "scenarios.2: a scenario has no `bench` or `scenarios` of its own"),
        ({"bench": "another"}, "scenarios.2: a scenario has no `bench` or `scenarios` of its own"),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else "",
)
def test_what_is_wrong_in_a_scenarios_part_is_told_with_its_place(
    folder: Path, part: dict[str, Any], told: str
) -> None:
    assert told in faults(folder, changed(in_scenario("2", **part)))


def test_a_part_for_a_scenario_that_there_is_not_is_an_error(folder: Path) -> None:
    assert "scenarios.22" in faults(folder, changed(in_scenario("22", horizon_s=60.0)))


def test_errors_of_several_scenarios_come_at_once(folder: Path) -> None:
    parts = {"1": {"horizon_s": -1}, "2": {"ami": {"queue": "lifo"}}}
    message = faults(folder, changed(("scenarios", parts)))
    assert "has 2 errors" in message
    assert "scenarios.1.horizon_s" in message
    assert "scenarios.2.ami.queue" in message


SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text("abz_.1{}$: -", max_size=12) | st.dates()
KEYS = st.sampled_from([*BenchFile.model_fields, "step_s", "model", "emulate", "device", "inverter_1", "cloud", "x"])
DOCUMENTS = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS | SCALARS, inner, max_size=4),
    max_leaves=12,
)
quietly = settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)


def loads_or_is_refused(load: Callable[[], BenchFile]) -> None:
    with suppress(ConfigError):
        load()


@quietly
@given(document=st.dictionaries(KEYS | SCALARS, DOCUMENTS, max_size=6))
def test_any_mapping_loads_or_is_refused_in_words(folder: Path, document: dict[Any, Any]) -> None:
    loads_or_is_refused(lambda: load_bench(write(folder, document)))


@quietly
@given(data=st.data())
def test_a_bench_with_anything_anywhere_loads_or_is_refused_in_words(folder: Path, data: st.DataObject) -> None:
    """Put anything at any place of a good bench: deeper places than a free mapping would ever reach."""
    places = [
        "devices",
        "devices.inverter_1",
        "devices.inverter_1.emulate",
        "terminals.t1",
        "terminals",
        "feeder",
        "scenarios",
        "scenarios.2",
    ]
    place = data.draw(st.sampled_from([*places, "devices.inverter_1.emulate.x", "terminals.t1.x", "actors.x"]))
    document = changed((place, data.draw(DOCUMENTS.filter(lambda drawn: drawn is not None))))
    loads_or_is_refused(lambda: load_bench(write(folder, document)))


def like(folder: Path, name: str, text: str) -> Path:
    path = folder / f"{name}.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def test_a_bench_file_like_another_is_that_one_with_its_own_parts_laid_over_it(folder: Path) -> None:
    whole = write(folder, changed(("range_a.interval_s", 30.0), ("horizon_s", 100.0)))
    (folder / "deeper").mkdir()
    text = "like: ../bench.yaml\nbench: other\nrange_a: {recover_s: 60}\nscenarios: {'3': {horizon_s: 50}}\n"
    path = like(folder / "deeper", "other", text)
    bench, below = load_bench(path), load_bench(whole)
    assert (bench.bench, bench.range_a.interval_s, bench.range_a.recover_s) == ("other", 30.0, 60.0)
    assert (bench.devices, bench.feeder, bench.horizon_s) == (below.devices, below.feeder, 100.0)
    assert bench.for_scenario("3").horizon_s == 50.0
    assert [file.resolve() for file in bench_files(path)] == [path, whole]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("like: gone.yaml", "cannot read the bench file"),
        ("like: other.yaml", "other.yaml is itself like this one"),
        ("like: [bench.yaml]", "it has to be the name of another bench file"),
        ("like: bench.yaml\nhorizn_s: 5", "did you mean 'horizon_s'?"),
    ],
)
def test_what_a_bench_file_cannot_be_like_is_told(folder: Path, text: str, told: str) -> None:
    write(folder, SMALL)
    path = like(folder, "other", text)
    with pytest.raises(ConfigError, match=re.escape(told)):
        load_bench(path)


def test_two_bench_files_that_are_like_each_other_are_none(folder: Path) -> None:
    path = write(folder, "like: other.yaml\n")
    like(folder, "other", "like: bench.yaml\n")
    for find in (load_bench, bench_files):
        with pytest.raises(ConfigError, match="is itself like this one"):
            find(path)


def test_what_is_served_for_the_bench_of_equipment_is_its_equipment_at_its_addresses_and_in_its_wiring() -> None:
    bench, served = (load_bench(EMULATED.parent / f"{name}.yaml") for name in ("equipment", "equipment_served"))
    real = {name: device for name, device in bench.devices.items() if device.emulate is None}
    assert all(device.emulate is not None for device in served.devices.values())
    for facts in (lambda d: d.resource, lambda d: d.role, lambda d: d.rated_kva, lambda d: d.point_map):
        assert {n: facts(d) for n, d in served.devices.items()} == {n: facts(d) for n, d in real.items()}
    wired = {name: terminal for name, terminal in bench.terminals.items() if terminal.device in real}
    assert served.terminals == wired


def test_what_is_emulated_may_take_longer_on_a_busy_machine_than_equipment_may(folder: Path) -> None:
    emulated = load_bench(write(folder, SMALL)).devices["inverter_1"]
    real = emulated.model_copy(update={"emulate": None})
    assert emulated.patience_s > real.patience_s
    assert emulated.model_copy(update={"timeout_s": 0.5}).patience_s == 0.5, "what the bench file says counts"
