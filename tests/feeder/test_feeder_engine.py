"""The feeder layer against the engine driven directly, and its guards."""

import json
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import opendssdirect
import pytest
from reference_feeder import FOLDER, Reference

from bench.feeder.engine import Feeder, FeederError
from bench.feeder.model import InjectionSite
from bench.feeder.voltage import SERVICE_NOMINAL_V, ServiceVoltages, SiteVoltages
from instruments.errors import ConfigError

SITES = (
    InjectionSite("plant", "680", (1, 2, 3), 4.16),
    InjectionSite("roof", "611", (3,), 2.4),
    InjectionSite("shop", "634", (1, 2, 3), 0.48),
)
P_KW, Q_KVAR = np.array([400.0, -50.0, 60.0]), np.array([120.0, 30.0, -20.0])


def directly(master: Path, factor: float, tap: int) -> dict[str, float]:
    """The same state through opendssdirect, element by element, as its manual shows."""
    engine = opendssdirect.dss.NewContext()
    engine.Basic.AllowChangeDir(False)
    engine.Text.Command(f'compile "{master}"')
    engine.Text.Command("set mode=snap controlmode=off tolerance=1e-9 maxiterations=200")
    engine.Text.Command("batchedit load..* vminpu=0.4 vmaxpu=1.5")
    for site, p_kw, q_kvar in zip(SITES, P_KW, Q_KVAR, strict=True):
        nodes = ".".join(map(str, site.nodes))
        engine.Text.Command(
            f"new generator.{site.name} bus1={site.bus}.{nodes} phases={len(site.nodes)} kv={site.kv} model=1 "
            f"kw={p_kw} kvar={q_kvar} vminpu=0.4 vmaxpu=1.5"
        )
    for name in engine.Loads.AllNames():
        engine.Loads.Name(name)
        p_kw, q_kvar = engine.Loads.kW() * factor, engine.Loads.kvar() * factor
        engine.Loads.kW(p_kw)
        engine.Loads.kvar(q_kvar)
    engine.Transformers.Name("reg1")
    engine.Transformers.Wdg(2)
    engine.Transformers.Tap(1.0 + tap * 0.00625)
    engine.Solution.Solve()
    assert engine.Solution.Converged()
    return dict(zip(map(str.lower, engine.Circuit.AllNodeNames()), engine.Circuit.AllBusVMag(), strict=True))


def test_ieee_13_equals_the_engine_driven_directly(ieee13: Feeder, decks: Path) -> None:
    ieee13.add_injections(SITES)
    ieee13.set_injections(P_KW, Q_KVAR)
    ieee13.scale_loads(0.8)
    assert ieee13.set_tap("reg1", 5) == 5
    snapshot = ieee13.solve(0.0)
    expected = directly(decks / "13Bus" / "IEEE13Nodeckt.dss", 0.8, 5)
    for name, volts in zip(ieee13.node_names, np.abs(snapshot.voltage_v), strict=True):
        assert volts == pytest.approx(expected[name], rel=2e-6), f"node {name}"


def test_power_balances_at_the_head(ieee13: Feeder) -> None:
    ieee13.add_injections(SITES)
    before = ieee13.solve(0.0)
    ieee13.set_injections(P_KW, Q_KVAR)
    after = ieee13.solve(1.0)
    delivered_kw = sum(load.kw for load in ieee13.loads) - P_KW.sum() + ieee13.read_losses_kw()
    # Some loads of this deck follow their voltage, so that the balance is close and not exact.
    assert after.head_p_kw == pytest.approx(delivered_kw, rel=0.02)
    assert before.head_p_kw - after.head_p_kw == pytest.approx(P_KW.sum(), rel=0.1)


@pytest.mark.parametrize("poison", [np.nan, np.inf, -1e9])
def test_a_step_that_cannot_be_solved_is_rolled_back(ieee13: Feeder, poison: float) -> None:
    ieee13.add_injections(SITES)
    ieee13.set_injections(P_KW, Q_KVAR)
    good = ieee13.solve(0.0)
    ieee13.set_injections(np.array([poison, 0.0, 0.0]), Q_KVAR)
    ieee13.set_tap("reg1", -16)
    ieee13.set_capacitor("cap1", False)
    bad = ieee13.solve(1.0)
    assert (bad.good, bad.step, bad.time_s) == (False, good.step + 1, 1.0)
    assert bad.reason, "a bad step says why"
    np.testing.assert_array_equal(bad.voltage_v, good.voltage_v, err_msg="a bad step repeats the last good state")
    assert (bad.taps, bad.capacitors) == (good.taps, good.capacitors)
    again = ieee13.solve(2.0)
    assert again.good, f"the feeder did not recover: {again.reason}"
    np.testing.assert_allclose(again.voltage_v, good.voltage_v, rtol=1e-5, err_msg="recovered to another state")


def test_poisoned_loads_are_rolled_back_too(ieee13: Feeder) -> None:
    good = ieee13.solve(0.0)
    ieee13.scale_loads(np.nan)
    assert not ieee13.solve(1.0).good
    np.testing.assert_allclose(ieee13.solve(2.0).voltage_v, good.voltage_v, rtol=1e-5)


def test_a_feeder_that_never_solved_says_so(ieee13: Feeder) -> None:
    ieee13.scale_loads(np.nan)
    with pytest.raises(FeederError, match="does not solve as written"):
        ieee13.solve(0.0)


def test_equal_set_points_give_equal_voltages_bit_for_bit(decks: Path) -> None:
    def run() -> bytes:
        with Feeder.open(decks / "13Bus" / "IEEE13Nodeckt.dss") as feeder:
            feeder.add_injections(SITES)
            states = []
            for step in range(20):
                feeder.set_injections(P_KW * step / 20, Q_KVAR)
                feeder.set_tap("reg2", step % 4)
                states.append(feeder.solve(float(step)).voltage_v.tobytes())
            return b"".join(states)

    assert run() == run(), "the same commands after a fresh compile must give the same bits"


@pytest.mark.parametrize(("asked", "reached"), [(20, 16), (-99, -16), (3, 3), (16, 16)])
def test_taps_are_clamped_to_what_the_tap_changer_has(ieee13: Feeder, asked: int, reached: int) -> None:
    assert ieee13.set_tap("REG1", asked) == reached
    assert ieee13.solve(0.0).taps["reg1"] == reached


def test_a_tap_raises_the_regulated_bus_by_five_eighths_of_a_percent(night: Reference) -> None:
    feeder = night.feeder
    feeder.scale_loads(0.0)
    nothing = np.zeros(len(night.sites))
    feeder.set_injections(nothing, nothing)
    (info,) = feeder.tap_changers
    bus = feeder.node_indices(info.bus, info.nodes)
    volts = []
    for position in (0, 1, 16):
        feeder.set_tap("ltc", position)
        volts.append(np.abs(feeder.solve(0.0).voltage_v[bus]).mean())
    assert volts[1] / volts[0] == pytest.approx(1.00625, rel=1e-3)
    assert volts[2] / volts[0] == pytest.approx(1.1, rel=1e-3)


def test_a_bank_injects_its_rating(night: Reference) -> None:
    feeder = night.feeder
    feeder.scale_loads(0.2)
    opened = feeder.solve(0.0)
    feeder.set_capacitor("capacitor_1", True)
    closed = feeder.solve(1.0)
    assert opened.head_q_kvar - closed.head_q_kvar == pytest.approx(300.0, rel=0.1)
    assert (opened.capacitors["capacitor_1"], closed.capacitors["capacitor_1"]) == (False, True)


def test_settling_the_decks_own_controls_brings_ieee_13_into_band(ieee13: Feeder) -> None:
    for info in ieee13.tap_changers:
        ieee13.set_tap(info.name, 0)
    ieee13.settle_deck_controls()
    settled = ieee13.solve(0.0)
    assert all(position > 0 for position in settled.taps.values()), f"no regulator moved: {settled.taps}"
    assert ieee13.solve(1.0).taps == settled.taps, "the deck's controls must be off again afterwards"


def test_a_split_phase_service_is_read_leg_to_leg(night: Reference) -> None:
    voltages = ServiceVoltages(night.feeder)
    voltage_v = night.feeder.solve(0.0).voltage_v
    legs, across = voltages.legs_v(voltage_v), voltages.across_v(voltage_v)
    assert len(voltages.services) == len(across) >= 200
    np.testing.assert_allclose(legs.sum(axis=1), across, rtol=1e-3, err_msg="the legs are of opposite polarity")
    assert np.all((across > 0.8 * SERVICE_NOMINAL_V) & (across < 1.1 * SERVICE_NOMINAL_V))
    distances = [service.distance_km for service in voltages.services]
    assert min(distances) < 1.0
    assert max(distances) > 14.0


def test_site_voltages_are_per_unit_of_their_rating(night: Reference) -> None:
    voltage_v = night.feeder.solve(0.0).voltage_v
    sites = [site.injection for site in night.sites]
    all_pu = SiteVoltages(night.feeder, sites).pu(voltage_v)
    for site, together in zip(sites, all_pu, strict=True):
        alone = SiteVoltages(night.feeder, [site]).pu(voltage_v)
        assert together == pytest.approx(alone[0]), f"{site.name}: order of the vectorised reading"
    assert np.all((all_pu > 0.8) & (all_pu < 1.1)), "a wrong rated voltage shows as a voltage far from one"


def test_only_the_owner_thread_may_use_a_feeder(ieee13: Feeder) -> None:
    caught: list[Exception] = []

    def intrude() -> None:
        try:
            ieee13.solve(0.0)
        except FeederError as error:
            caught.append(error)

    thread = threading.Thread(target=intrude)
    thread.start()
    thread.join()
    assert caught, "a second thread was let in"


def test_snapshots_cannot_be_changed(ieee13: Feeder) -> None:
    snapshot = ieee13.solve(0.0)
    with pytest.raises(ValueError, match="read-only"):
        snapshot.voltage_v[0] = 0.0


def test_a_closed_feeder_refuses_and_its_context_is_used_again(decks: Path) -> None:
    feeder = Feeder.open(decks / "13Bus" / "IEEE13Nodeckt.dss")
    feeder.close()
    feeder.close()
    with pytest.raises(FeederError, match="closed"):
        feeder.solve(0.0)
    with Feeder.open(FOLDER / "master.dss") as other:
        assert other.solve(0.0).good


def test_two_feeders_do_not_disturb_each_other(ieee13: Feeder, night: Reference) -> None:
    before = ieee13.solve(0.0).voltage_v
    night.feeder.scale_loads(0.5)
    night.feeder.solve(0.0)
    np.testing.assert_allclose(ieee13.solve(1.0).voltage_v, before, rtol=1e-5)


def test_a_feeder_leaves_the_working_directory_alone(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    with Feeder.open(FOLDER / "master.dss"):
        assert Path.cwd() == tmp_path


def write_deck(folder: Path, part: str) -> Path:
    master = folder / "master.dss"
    master.write_text("clear\nnew circuit.small basekv=12.47\nredirect part.dss\n")
    (folder / "part.dss").write_text(part)
    return master


def test_disabled_elements_of_a_deck_stay_out_of_the_way(tmp_path: Path) -> None:
    master = write_deck(
        tmp_path,
        "new line.a bus1=sourcebus bus2=b length=0.01\n"
        "new load.absent bus1=b kv=12.47 kw=500 kvar=0 enabled=no\nnew load.present bus1=b kv=12.47 kw=20 kvar=0\n"
        "new generator.absent bus1=b kv=12.47 kw=100 enabled=no\n"
        "set voltagebases=[12.47]\ncalcvoltagebases\n",
    )
    with Feeder.open(master) as feeder:
        feeder.add_injections([InjectionSite("roof", "b", (1, 2, 3), 12.47)])
        assert [load.name for load in feeder.loads] == ["present"]
        feeder.set_loads(np.array([50.0]), np.array([0.0]))
        feeder.set_injections(np.array([15.0]), np.array([0.0]))
        assert feeder.solve(0.0).head_p_kw == pytest.approx(35.0, abs=0.5)


@pytest.mark.parametrize(
    ("part", "said"),
    [
        ("! fine\nnew line.a bus1=sourcebus bus2=b linecode=none_such length=1\n", "none_such"),
        ("! fine\nnwe line.a bus1=sourcebus bus2=b\n", "nwe"),
    ],
)
def test_an_error_in_a_deck_names_file_and_line(tmp_path: Path, part: str, said: str) -> None:
    with pytest.raises(ConfigError) as caught:
        Feeder.open(write_deck(tmp_path, part))
    text = str(caught.value)
    assert said in text
    assert 'part.dss", line: 2' in text, f"where is the mistake? {text}"
    assert "\n" not in text


def test_a_missing_master_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"feeder file not found: .*nowhere\.dss"):
        Feeder.open(tmp_path / "nowhere.dss")


def test_a_file_without_a_circuit_is_refused(tmp_path: Path) -> None:
    master = tmp_path / "empty.dss"
    master.write_text("! nothing\n")
    with pytest.raises(ConfigError, match="no circuit"):
        Feeder.open(master)


@pytest.mark.parametrize(
    ("site", "said"),
    [
        (InjectionSite("x", "680x", (1, 2, 3), 4.16), "nearest: 680"),
        (InjectionSite("x", "611", (1,), 2.4), r"has nodes \[3\], not \[1\]"),
    ],
)
def test_a_site_at_a_wrong_place_is_refused(ieee13: Feeder, site: InjectionSite, said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        ieee13.add_injections([site])


def test_sites_are_refused_twice_and_after_the_first_solve(ieee13: Feeder) -> None:
    assert ieee13.add_injections(SITES[:1]) == slice(0, 1)
    with pytest.raises(ConfigError, match="already"):
        ieee13.add_injections(SITES[:1])
    assert ieee13.add_injections(SITES[1:]) == slice(1, 3)
    ieee13.solve(0.0)
    with pytest.raises(FeederError, match="before the first solve"):
        ieee13.add_injections([InjectionSite("late", "680", (1, 2, 3), 4.16)])


def test_unknown_equipment_is_named_with_its_nearest(ieee13: Feeder) -> None:
    with pytest.raises(ConfigError, match="nearest: cap1"):
        ieee13.set_capacitor("cap11", True)
    with pytest.raises(ConfigError, match="nearest: reg1"):
        ieee13.set_tap("regg1", 1)


SECOND_OPINION = """
import json, sys
import py_dss_interface
commands, out = json.loads(sys.argv[1]), sys.argv[2]
engine = py_dss_interface.DSS()
for command in commands:
    engine.text(command)
volts = dict(zip(engine.circuit.nodes_names, engine.circuit.buses_vmag))
json.dump(volts, open(out, "w"))
"""


def test_the_developers_own_engine_agrees_on_the_reference_feeder(night: Reference, tmp_path: Path) -> None:
    """EPRI's build of OpenDSS, in a process of its own because it talks on the standard output."""
    feeder = night.feeder
    p_kw = night.power_kw(0.5, 300.0)
    q_kvar = 0.2 * np.abs(p_kw)
    feeder.scale_loads(1.0)
    feeder.set_tap("ltc", 4)
    feeder.set_capacitor("capacitor_2", True)
    feeder.set_injections(p_kw, q_kvar)
    ours = feeder.solve(0.0)
    commands = [f'compile "{FOLDER / "master.dss"}"', "batchedit load..* vminpu=0.4 vmaxpu=1.5"]
    for site, p, q in zip(night.sites, p_kw, q_kvar, strict=True):
        nodes = ".".join(map(str, site.nodes))
        phases = 1 if site.injection.leg_to_leg else len(site.nodes)
        commands.append(
            f"new generator.{site.name} bus1={site.bus}.{nodes} phases={phases} kv={site.kv} kw={p} kvar={q} model=1 "
            "vminpu=0.4 vmaxpu=1.5"
        )
    commands += ["transformer.ltc.wdg=2", "transformer.ltc.tap=1.025", "capacitor.capacitor_2.states=[1]"]
    commands += ["set mode=snap controlmode=off tolerance=1e-9 maxiterations=200", "solve"]
    out = tmp_path / "volts.json"
    subprocess.run(
        [sys.executable, "-c", SECOND_OPINION, json.dumps(commands), str(out)],
        check=True,
        capture_output=True,
        cwd=tmp_path,
        timeout=60,
    )
    theirs = json.loads(out.read_text())
    for name, volts in zip(feeder.node_names, np.abs(ours.voltage_v), strict=True):
        assert volts == pytest.approx(theirs[name], rel=5e-6), f"node {name}"
