"""The reference feeder's files are what its script writes, and hold what the bench needs."""

from collections import Counter
from pathlib import Path

import pytest
from reference_feeder import BANKS, FOLDER, LTC, Reference

from bench.feeder.sites import load_sites
from fixtures.feeders import build_reference
from instruments.errors import ConfigError


def test_the_files_are_what_the_script_writes(tmp_path: Path) -> None:
    build_reference.write(tmp_path)
    written = {path.name: path.read_text() for path in tmp_path.iterdir()}
    stored = {path.name: path.read_text() for path in FOLDER.iterdir() if path.suffix in (".dss", ".csv")}
    assert written.keys() == stored.keys()
    for name, text in written.items():
        assert stored[name] == text, f"{name} was edited by hand, or the script was changed and not run"


def test_it_has_the_equipment_of_the_use_case(reference: Reference) -> None:
    feeder = reference.feeder
    (ltc,) = feeder.tap_changers
    assert (ltc.name, ltc.min_position, ltc.max_position) == (LTC, -16, 16)
    assert ltc.step_pu == pytest.approx(0.00625)
    assert ltc.bus == "substation"
    assert ltc.settings is not None
    assert ltc.settings.set_point_v == 123.0
    assert tuple(bank.name for bank in feeder.capacitors) == BANKS
    assert all(bank.settings is not None for bank in feeder.capacitors)
    assert len(feeder.services) >= 200


def test_the_resources_are_those_of_the_use_case(reference: Reference) -> None:
    sites = {site.name: site for site in reference.sites}
    battery = sites["utility_battery"]
    assert battery.rating_kva >= 1000.0, "1 MW with volt-var on needs room for both"
    assert battery.energy_kwh == 2000.0
    homes = [site for site in sites.values() if site.service]
    share = sum(site.kind == "pv" for site in homes) / len(reference.feeder.services)
    assert share == pytest.approx(0.4, abs=0.01), "photovoltaics on 40 % of the homes"
    assert any(site.kind == "battery" for site in homes)
    commercial = [site for site in sites.values() if site.kv == 0.48 and site.rating_kva > 100.0]
    assert Counter(site.owner for site in commercial)["customer"] >= 3
    assert {"customer_inverter_1", "customer_battery_1", "customer_dg", "utility_dg"} <= {s.name for s in commercial}


def test_every_home_resource_is_at_its_service(reference: Reference) -> None:
    buses = {service.name: service.bus for service in reference.feeder.services}
    for site in reference.sites:
        if site.service:
            assert buses[site.service] == site.bus, site.name
            assert site.injection.leg_to_leg, site.name


HEADER = "name,kind,owner,bus,nodes,kv,rating_kva,energy_kwh,service\n"


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ("a,solar,customer,n1,1.2,0.24,8,0,", "line 2.*'solar' is none of pv, battery, generator"),
        ("a,pv,nobody,n1,1.2,0.24,8,0,", "line 2.*'nobody' is none of utility, customer"),
        ("a,pv,customer,n1,1.x,0.24,8,0,", "line 2"),
        ("a,pv,customer,n1,1.2,0.24", "line 2"),
        ("a,pv,customer,n1,1.2,0.24,-8,0,", "line 2.*rating"),
    ],
)
def test_a_bad_row_of_sites_is_named(tmp_path: Path, row: str, said: str) -> None:
    path = tmp_path / "sites.csv"
    path.write_text(HEADER + row + "\n")
    with pytest.raises(ConfigError, match=said):
        load_sites(path)


def test_a_name_that_comes_twice_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "sites.csv"
    path.write_text(HEADER + "a,pv,customer,n1,1.2,0.24,8,0,\n" * 2)
    with pytest.raises(ConfigError, match=r"line 3.*'a'"):
        load_sites(path)


def test_a_missing_table_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="not found"):
        load_sites(tmp_path / "sites.csv")
