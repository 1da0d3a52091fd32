"""What the meters answer over Modbus against the feeder model, solved once more with what the plant says flows."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pytest
from plant_bench import RunningBench, running

from bench.feeder.engine import Feeder
from bench.feeder.model import Floats
from instruments.readings import MeterReading

CLASS = 0.002
"""`accuracy_pct: 0.2` of the bench file's meters."""
HALF_STEP_V, HALF_STEP_W = 0.005, 0.5
"""Half a register step: two digits of volts, whole watts."""


@dataclass(frozen=True)
class Truth:
    """The feeder solved by itself: legs of each service, V, shape (services, 2), losses, and loads without a meter."""

    services: tuple[str, ...]
    legs_v: Floats
    losses_kw: float
    unmetered_kw: float


@dataclass(frozen=True)
class Read:
    """A running bench in the cloud, everything its meters said in one step, and the truth of that step."""

    bench: RunningBench
    net: dict[str, MeterReading]
    credit: dict[str, MeterReading]
    truth: Truth


@pytest.fixture(scope="module")
def read(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Read]:
    with running(tmp_path_factory.mktemp("meters") / "run") as bench:
        bench.run_for(20)
        bench.played.story.release_cloud()
        bench.run_for(15)  # a third of the way down the front: sun and voltage differ from place to place
        drivers, places = bench.assembly.drivers, bench.assembly.places
        net = {name: drivers[name].read_meter() for name in bench.assembly.meters}
        names = [f"credit_meter_{number}" for number in range(1, len(places.metered("generation")) + 1)]
        credit = {name: drivers[name].read_meter() for name in names}
        yield Read(bench, net, credit, solved_again(bench))


def solved_again(bench: RunningBench) -> Truth:
    state, assembly = bench.state, bench.assembly
    with Feeder.open(assembly.config.feeder.model) as feeder:
        feeder.add_injections([site.injection for site in assembly.places.sites])
        for transformer, position in state.snapshot.taps.items():
            feeder.set_tap(transformer, position)
        for bank, closed in state.snapshot.capacitors.items():
            feeder.set_capacitor(bank, closed)
        load_pu = assembly.weather.load_pu(state.time_s)
        feeder.scale_loads(load_pu)
        feeder.set_injections(state.site_p_kw, state.site_q_kvar)
        voltage_v = feeder.solve(0.0).voltage_v
        places = [feeder.node_names.index(f"{s.bus}.{node}") for s in feeder.services for node in s.nodes]
        legs_v = np.abs(voltage_v[places]).reshape(-1, 2)
        metered = {service.load for service in feeder.services}
        unmetered_kw = load_pu * sum(load.kw for load in feeder.loads if load.name not in metered)
        return Truth(tuple(s.name for s in feeder.services), legs_v, feeder.read_losses_kw(), unmetered_kw)


def test_every_net_meter_reads_its_service_voltage_within_its_class(read: Read) -> None:
    assert len(read.net) >= 200
    for name, service, true_v in zip(read.net, read.truth.services, read.truth.legs_v, strict=True):
        shown_v = read.net[name].voltage_v
        bound_v = CLASS * true_v + HALF_STEP_V + 1e-3
        assert np.all(np.abs(shown_v - true_v) <= bound_v), f"{name} at {service}: {shown_v} V, truly {true_v} V"


def test_what_the_plant_publishes_is_the_feeder_solved_again(read: Read) -> None:
    np.testing.assert_allclose(read.bench.state.legs_v, read.truth.legs_v, atol=1e-3)


def test_class_errors_are_drawn_for_each_meter_and_leg(read: Read) -> None:
    """Uniform within the class: spread over it on both sides, and no two alike but by the register's rounding."""
    shown = np.array([reading.voltage_v for reading in read.net.values()])
    errors = shown / read.truth.legs_v - 1.0
    assert errors.min() < -0.9 * CLASS
    assert errors.max() > 0.9 * CLASS
    assert errors.std() == pytest.approx(CLASS / np.sqrt(3.0), rel=0.1)
    assert abs(np.corrcoef(errors[:, 0], errors[:, 1])[0, 1]) < 0.3, "both legs of a meter share one error"


def test_the_named_meter_is_at_the_service_of_the_bench_file(read: Read) -> None:
    place = read.truth.services.index("s200")
    assert read.bench.assembly.meters[place] == "net_meter_1"
    assert read.net["net_meter_1"].voltage_v == pytest.approx(read.truth.legs_v[place], rel=CLASS, abs=HALF_STEP_V)


def test_every_credit_meter_measures_its_sites_generation_within_its_class(read: Read) -> None:
    sites, powers_w = read.bench.assembly.places.sites, read.bench.state.site_p_kw * 1000.0
    pv = {site.name: powers_w[i] for i, site in enumerate(sites) if site.kind == "pv" and site.service}
    assert "pv_s001" in pv
    assert len(read.credit) == len(pv) > 100
    off = [
        f"{name} at {site}: {reading.p_w} W, truly {-true_w:.1f} W"
        for (name, reading), (site, true_w) in zip(read.credit.items(), pv.items(), strict=True)
        if abs(reading.p_w + true_w) > CLASS * true_w + HALF_STEP_W
    ]
    assert not off, "; ".join(off[:5])
    errors = [reading.p_w / -true_w - 1.0 for reading, true_w in zip(read.credit.values(), pv.values(), strict=True)]
    assert np.std(errors) > CLASS / 4, "every credit meter has the same error"


def test_every_credit_meter_reads_the_voltage_of_the_service_that_its_site_is_behind(read: Read) -> None:
    services = [site.service for site in read.bench.assembly.places.sites if site.kind == "pv" and site.service]
    for (name, reading), service in zip(read.credit.items(), services, strict=True):
        true_v = read.truth.legs_v[read.truth.services.index(service)]
        off_v = np.abs(reading.voltage_v - true_v[: len(reading.voltage_v)])
        bound_v = CLASS * true_v.max() + HALF_STEP_V + 1e-3
        assert reading.voltage_v
        assert np.all(off_v <= bound_v), f"{name} behind {service}: {reading.voltage_v} V, truly {true_v} V"


def test_net_meters_and_losses_add_up_to_what_the_substation_delivers(read: Read) -> None:
    """An energy balance with the substation on its other side."""
    state, sites = read.bench.state, read.bench.assembly.places.sites
    generated_kw = sum(state.site_p_kw[i] for i, site in enumerate(sites) if not site.service)
    metered_kw = sum(reading.p_w for reading in read.net.values()) / 1000.0
    bound_kw = sum(CLASS * abs(reading.p_w) + HALF_STEP_W for reading in read.net.values()) / 1000.0
    expected_kw = read.truth.unmetered_kw + metered_kw + read.truth.losses_kw - generated_kw
    assert state.snapshot.head_p_kw == pytest.approx(expected_kw, abs=bound_kw)
