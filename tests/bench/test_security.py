"""Security analysis: worked examples, factors against flows solved anew, islands, and the area of the fixtures."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from bench.dispatch.security import analyse, flows_mw, outage_factors, relief_factors, required_reduction
from bench.dispatch.transmission import Branch, Bus, Transmission, load_transmission
from instruments.errors import ConfigError

AREA_FILE = Path(__file__).parents[2] / "fixtures" / "transmission" / "area.yaml"


def line(name: str, start: str, end: str, x: float = 0.1, emergency_mw: float = 1000.0) -> Branch:
    return Branch(name, start, end, x, emergency_mw, emergency_mw)


def triangle(load_mw: float = 90.0, ab_emergency_mw: float = 1000.0, x: float = 0.1) -> Transmission:
    """Generation at a, load at c: two thirds go straight, one third round by b when all reactances are equal."""
    return Transmission(
        buses=(Bus("a"), Bus("b"), Bus("c", load_mw=load_mw)),
        branches=(line("ab", "a", "b", x, ab_emergency_mw), line("bc", "b", "c"), line("ca", "c", "a")),
        swing="a",
        feeder_bus="c",
    )


def test_the_triangle_splits_by_reactance_and_signs_follow_the_ends() -> None:
    assert flows_mw(triangle()) == pytest.approx({"ab": 30.0, "bc": 30.0, "ca": -60.0})
    assert flows_mw(triangle(x=0.2)) == pytest.approx({"ab": 22.5, "bc": 22.5, "ca": -67.5})


def test_generation_counts_against_load() -> None:
    network = triangle()
    fed = replace(network, buses=(*network.buses[:2], Bus("c", load_mw=90.0, generation_mw=60.0)))
    assert flows_mw(fed)["ca"] == pytest.approx(-20.0)


def test_a_lost_branch_of_the_triangle_sends_all_of_its_flow_the_other_way() -> None:
    factors = outage_factors(triangle())
    assert factors == pytest.approx(-np.ones((3, 3))), "branches that run round in one direction lose it all"


def test_the_emergency_rating_holds_after_an_outage_and_relief_has_the_right_sign() -> None:
    network = triangle(ab_emergency_mw=80.0)
    report = analyse(network)
    worst = report.worst
    assert worst is not None
    assert (worst.branch, worst.contingency) == ("ab", "ca")
    assert worst.flow_mw == pytest.approx(90.0)
    assert worst.loading_pu == pytest.approx(90.0 / 80.0)
    assert relief_factors(network, worst) == pytest.approx({"a": 0.0, "b": 1.0, "c": 1.0})
    assert required_reduction(network, report.overloads, "c").required_kw == pytest.approx(10_000.0)


def test_a_flow_against_the_direction_of_its_branch_is_relieved_alike() -> None:
    network = triangle()
    turned = replace(network, branches=(line("ba", "b", "a", emergency_mw=80.0), *network.branches[1:]))
    worst = analyse(turned).worst
    assert worst is not None
    assert worst.flow_mw == pytest.approx(-90.0)
    assert required_reduction(turned, [worst], "c").required_kw == pytest.approx(10_000.0)


def test_a_flow_at_its_rating_is_no_overload() -> None:
    assert analyse(triangle(ab_emergency_mw=90.0)).is_secure
    assert not analyse(triangle(ab_emergency_mw=89.9)).is_secure


def test_without_an_outage_the_continuous_rating_holds() -> None:
    network = triangle()
    weak = replace(network, branches=(replace(network.branches[0], continuous_mw=29.0), *network.branches[1:]))
    report = analyse(weak)
    assert [(o.branch, o.contingency, o.limit_mw) for o in report.overloads] == [("ab", None, 29.0)]
    assert required_reduction(weak, report.overloads, "c").required_kw == pytest.approx(3000.0)


def test_a_bus_that_does_not_help_is_said_not_to() -> None:
    network = triangle(ab_emergency_mw=80.0)
    reduction = required_reduction(network, analyse(network).overloads, "a")
    assert (reduction.required_kw, len(reduction.unrelieved)) == (0.0, 1)
    with pytest.raises(KeyError):
        required_reduction(network, [], "nowhere")


def test_an_outage_that_islands_is_said_with_its_load_and_the_rest_is_solved() -> None:
    network = triangle(ab_emergency_mw=25.0)
    spur = replace(
        network,
        buses=(*network.buses, Bus("d", load_mw=12.0), Bus("e", load_mw=3.0)),
        branches=(*network.branches, line("cd", "c", "d"), line("de", "d", "e")),
    )
    report = analyse(spur)
    found = {islanding.contingency: (islanding.buses, islanding.load_mw) for islanding in report.islandings}
    assert found == {"cd": (("d", "e"), 15.0), "de": (("e",), 3.0)}
    after = {o.contingency: o.flow_mw for o in report.overloads if o.branch == "ab"}
    assert after["cd"] == pytest.approx(30.0), "the island's load is gone from the rest"
    assert after[None] == pytest.approx(35.0)
    worst = next(o for o in report.overloads if o.contingency == "cd")
    assert relief_factors(spur, worst)["d"] == 0.0


def test_losing_the_swing_bus_leaves_an_island_of_everything_else() -> None:
    pair = Transmission((Bus("a"), Bus("b", 10.0)), (line("ab", "a", "b"),), "a", "b")
    report = analyse(pair)
    assert report.is_secure
    assert report.islandings[0].buses == ("b",)


def test_a_network_in_two_pieces_is_refused() -> None:
    with pytest.raises(ValueError, match="not connected to a: b, c"):
        analyse(triangle().without({"ab", "ca"}))


@st.composite
def meshed(draw: st.DrawFn) -> Transmission:
    """A ring with chords (parallel ones too) and at times a spur, with loads and generation anywhere."""
    size = draw(st.integers(3, 7))
    names = [f"n{i}" for i in range(size)]
    power, reactance = st.floats(0.0, 100.0), st.floats(0.02, 0.5)
    pairs = [(names[i], names[(i + 1) % size]) for i in range(size)]
    pairs += draw(
        st.lists(st.tuples(st.sampled_from(names), st.sampled_from(names)).filter(lambda p: p[0] != p[1]), max_size=5)
    )
    buses = [Bus(name, draw(power), draw(power)) for name in names]
    if draw(st.booleans()):
        buses.append(Bus("spur", draw(power)))
        pairs.append((names[0], "spur"))
    branches = tuple(
        line(f"b{i}", a, b, draw(reactance), draw(st.floats(20.0, 300.0))) for i, (a, b) in enumerate(pairs)
    )
    return Transmission(tuple(buses), branches, draw(st.sampled_from(names)), names[-1])


@settings(max_examples=60, deadline=None)
@given(meshed())
def test_flows_balance_at_every_bus_and_around_every_ring(network: Transmission) -> None:
    flow = flows_mw(network)
    for bus in network.buses:
        if bus.name != network.swing:
            out = sum(flow[b.name] for b in network.branches if b.from_bus == bus.name)
            into = sum(flow[b.name] for b in network.branches if b.to_bus == bus.name)
            assert out - into == pytest.approx(bus.generation_mw - bus.load_mw, abs=1e-6), f"Kirchhoff at {bus.name}"
    ring = network.branches[: sum(bus.name != "spur" for bus in network.buses)]
    assert sum(flow[b.name] * b.reactance_pu for b in ring) == pytest.approx(0.0, abs=1e-6), "angles do not close"


@settings(max_examples=60, deadline=None)
@given(meshed())
def test_flows_after_each_outage_by_factors_are_those_solved_anew(network: Transmission) -> None:
    before, factors = flows_mw(network), outage_factors(network)
    names = [branch.name for branch in network.branches]
    for k, lost in enumerate(names):
        rest = network.without({lost})
        if len(rest.connected()) < len(network.buses):
            assert np.all(np.isnan(factors[:, k])), f"the loss of {lost} islands, its factors mean nothing"
            continue
        anew = flows_mw(rest)
        for row, name in enumerate(names):
            by_factor = before[name] + factors[row, k] * before[lost]
            assert by_factor == pytest.approx(anew.get(name, 0.0), abs=1e-6), f"flow in {name} after the loss of {lost}"


@settings(max_examples=60, deadline=None)
@given(meshed())
def test_the_analysis_finds_what_trying_every_outage_anew_finds(network: Transmission) -> None:
    limit = {b.name: b.emergency_mw for b in network.branches}
    expected = {(name, None) for name, mw in flows_mw(network).items() if abs(mw) > limit[name]}
    for lost in network.branches:
        rest = network.without({lost.name}).mainland()
        after = flows_mw(rest)
        assume(all(abs(abs(mw) - limit[name]) > 1e-5 for name, mw in after.items()))
        expected |= {(name, lost.name) for name, mw in after.items() if abs(mw) > limit[name]}
    report = analyse(network)
    assert {(o.branch, o.contingency) for o in report.overloads} == expected
    loadings = [o.loading_pu for o in report.overloads]
    assert loadings == pytest.approx(sorted(loadings, reverse=True))


@settings(max_examples=60, deadline=None)
@given(meshed(), st.data())
def test_relief_is_the_fall_of_the_flow_when_load_at_the_bus_falls(network: Transmission, data: st.DataObject) -> None:
    report = analyse(network)
    assume(report.worst is not None)
    assert report.worst is not None
    bus = data.draw(st.sampled_from(network.bus_names))
    factor = relief_factors(network, report.worst)[bus]
    less = network.with_loads({bus: network.load_mw(bus) - 1.0})

    def flow(of: Transmission) -> float:
        contingency = report.worst.contingency if report.worst else None
        after = of.without({contingency}).mainland() if contingency else of
        return abs(flows_mw(after)[report.worst.branch if report.worst else ""])

    assume(flow(network) > 2.0)  # a flow that turns round has no slope
    assert flow(network) - flow(less) == pytest.approx(factor, abs=1e-6)


@pytest.fixture(scope="module")
def area() -> Transmission:
    return load_transmission(AREA_FILE)


def test_the_area_is_secure_as_it_is_with_high_load_and_with_maintenance_alone(area: Transmission) -> None:
    assert analyse(area).is_secure
    assert analyse(area.scaled(1.24)).is_secure
    assert analyse(area.without({"west_central"})).is_secure
    assert analyse(area).islandings == ()


def test_the_area_is_insecure_under_maintenance_at_high_load_until_the_feeder_gives_what_is_asked(
    area: Transmission,
) -> None:
    stressed = area.scaled(1.24).without({"west_central"})
    report = analyse(stressed)
    assert [(o.branch, o.contingency) for o in report.overloads] == [("north_central", "north_east")]
    reduction = required_reduction(stressed, report.overloads, area.feeder_bus)
    assert 1000.0 < reduction.required_kw < 4000.0
    left_mw = stressed.load_mw(area.feeder_bus) - reduction.required_kw / 1000.0
    assert analyse(stressed.with_loads({area.feeder_bus: left_mw})).is_secure
    assert not analyse(stressed.with_loads({area.feeder_bus: left_mw + 0.01})).is_secure, (
        "more was asked than is needed"
    )


GOOD = """
transmission: t
swing: a
feeder_bus: b
buses: {a: {}, b: {load_mw: 5}}
branches: {ab: {from: a, to: b, reactance_pu: 0.1, continuous_mw: 10, emergency_mw: 12}}
"""


@pytest.mark.parametrize(
    ("right", "wrong", "says"),
    [
        ("reactance_pu: 0.1", "reactance_pu: 0", "branches.ab.reactance_pu: .*greater than 0"),
        ("reactance_pu: 0.1", "reactance_pu: .nan", "branches.ab.reactance_pu: .*finite"),
        ("load_mw: 5", "load_mw: five", "buses.b.load_mw"),
        ("load_mw: 5", "laod_mw: 5", "buses.b.laod_mw"),
        ("to: b", "to: c", "branches.ab: there is no bus 'c'"),
        ("to: b", "to: a", "branches.ab: both ends are at a"),
        ("emergency_mw: 12", "emergency_mw: 9", "branches.ab: .*continuous_mw <= emergency_mw"),
        ("swing: a", "swing: z", "swing: there is no bus 'z'"),
        ("feeder_bus: b", "feeder_bus: z", "feeder_bus: there is no bus 'z'"),
        ("b: {load_mw: 5}", "b: {load_mw: 5}, c: {}", "not connected to a: c"),
        ("transmission: t", "transmission: [", "line 2"),
        ("swing: a", "", "swing: Field required"),
    ],
)
def test_a_file_that_cannot_be_used_is_refused_with_its_place(
    tmp_path: Path, right: str, wrong: str, says: str
) -> None:
    path = tmp_path / "network.yaml"
    path.write_text(GOOD, encoding="utf-8")
    load_transmission(path)
    assert right in GOOD
    path.write_text(GOOD.replace(right, wrong), encoding="utf-8")
    with pytest.raises(ConfigError, match=f"(?s)network.yaml.*{says}"):
        load_transmission(path)


def test_names_that_lead_nowhere_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot read"):
        load_transmission(tmp_path / "none.yaml")
    with pytest.raises(ValueError, match="no branch xy"):
        triangle().without({"xy"})
    with pytest.raises(ValueError, match="no bus z"):
        triangle().with_loads({"z": 1.0})
    with pytest.raises(ValueError, match="twice"):
        replace(triangle(), buses=(Bus("a"), Bus("a"), Bus("c")))
