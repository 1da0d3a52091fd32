"""Services for feeders that have none."""

from pathlib import Path

import numpy as np
import pytest

from bench.feeder.engine import Feeder
from bench.feeder.services import pole_kva
from bench.feeder.voltage import ServiceVoltages
from instruments.errors import ConfigError

DECKS = {"13Bus/IEEE13Nodeckt.dss": 9, "34Bus/ieee34Mod1.dss": 30, "123Bus/IEEE123Master.dss": 82}


@pytest.mark.parametrize(("name", "count"), DECKS.items())
def test_each_line_to_neutral_load_gets_a_service(decks: Path, name: str, count: int) -> None:
    with Feeder.open(decks / name, with_services=True) as feeder:
        feeder.settle_deck_controls()
        snapshot = feeder.solve(0.0)
        voltages = ServiceVoltages(feeder)
        volts = voltages.on_120_v(snapshot.voltage_v)
        legs = voltages.legs_v(snapshot.voltage_v)
        assert snapshot.good
        assert len(volts) == count
        assert np.all((volts > 108.0) & (volts < 127.0)), f"{volts.min():.1f} .. {volts.max():.1f} V"
        np.testing.assert_allclose(legs.sum(axis=1), 2 * volts, rtol=1e-3, err_msg="legs of opposite polarity")
        assert max(service.distance_km for service in feeder.services) > 0.5


def test_a_service_loses_voltage_and_power_on_its_way(decks: Path) -> None:
    master = decks / "123Bus" / "IEEE123Master.dss"
    with Feeder.open(master) as bare, Feeder.open(master, with_services=True) as served:
        before, after = bare.solve(0.0), served.solve(0.0)
        assert 1.0 < after.head_p_kw / before.head_p_kw < 1.05
        for service in served.services[:10]:
            load = next(load for load in bare.loads if load.name == service.load)
            primary = abs(before.voltage_v[bare.node_indices(load.bus, load.nodes)][0]) / 2401.8
            served_pu = abs(after.voltage_v[served.node_indices(service.bus, (1,))][0]) / 120.0
            assert 0.93 < served_pu / primary < 1.0, service.name


def test_a_feeder_with_services_keeps_its_own(decks: Path) -> None:
    with Feeder.open(decks / "8500-Node" / "Master.dss", with_services=True) as feeder:
        assert len(feeder.services) == len(feeder.loads) == 1177


def test_an_ungrounded_delta_is_refused(tmp_path: Path) -> None:
    master = tmp_path / "delta.dss"
    master.write_text(
        "clear\nnew circuit.mine basekv=4.8\n"
        "new line.a bus1=sourcebus bus2=b length=1 units=km\n"
        "new load.x bus1=b.1.2 phases=1 conn=delta kv=4.8 kw=50 kvar=20\n"
        "set voltagebases=[4.8]\ncalcvoltagebases\n"
    )
    with pytest.raises(ConfigError, match=r"feeder mine: .*ungrounded delta"):
        Feeder.open(master, with_services=True)


@pytest.mark.parametrize(
    ("load_kva", "size_kva"), [(1.0, 25.0), (20.0, 25.0), (20.1, 50.0), (300.0, 500.0), (900.0, 500.0)]
)
def test_transformers_have_common_sizes(load_kva: float, size_kva: float) -> None:
    assert pole_kva(load_kva) == size_kva
