"""Tables and pages of campaigns."""

import csv
import json
import re
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from urllib.parse import unquote

import numpy as np
import pytest
from ase.build import bulk

from moody import FAILING
from nearsight.campaigns import Input, Specification, Store, export_csv, rows_of, run_campaign
from nearsight.campaigns.at_gamma import heat_capacity_J_per_g_K
from nearsight.charts.chart import Line
from nearsight.errors import MethodError
from nearsight.models.spec import ModelSpec
from nearsight.records import HeatCapacityRecord
from nearsight.records.spectra import ModesPart
from nearsight.reports.campaigns import (
    Reference,
    read_reference,
    write_campaign_page,
    write_record_pages,
)
from nearsight.reports.campaigns.figures import (
    distribution,
    heat_capacity_by_mass,
    imaginary_modes,
    parity,
    scale_factor,
)
from nearsight.reports.campaigns.record_pages import written_pages
from nearsight.reports.svg import draw
from nearsight.vibrations.settings import (
    PhononSettings,
    ThermodynamicSettings,
    VolumeSettings,
)
from nearsight.workflows import (
    HeatCapacitySettings,
    ThermalExpansionSettings,
    thermal_expansion,
)

from .conftest import cell, in_this_process, inputs

Run = Callable[..., None]


def test_every_name_has_its_row(store: Store, run: Run, tmp_path: Path) -> None:
    given = [*inputs(2), Input("copy.cif", cell(seed=0)), *inputs(1, FAILING)]
    run([*given, Input("broken.cif", None, failure="broken.cif: it is broken.")])
    assert export_csv(store, tmp_path / "run.csv") == 5
    with (tmp_path / "run.csv").open(encoding="utf-8") as file:
        table = list(csv.DictReader(file))
    order = ["Cu-0.cif", "Cu-1.cif", "copy.cif", "Xe-0.cif", "broken.cif"]  # as they were given
    assert [row["structure"] for row in table] == order
    assert list(table[0]).index("energy_eV_per_atom") < list(table[0]).index("error")
    rows = {row["structure"]: row for row in table}
    assert rows["copy.cif"]["energy_eV_per_atom"] == rows["Cu-0.cif"]["energy_eV_per_atom"] != ""
    assert rows["copy.cif"]["row"] == rows["Cu-0.cif"]["row"]
    assert rows["Xe-0.cif"]["reason"] == "model"
    assert rows["Xe-0.cif"]["energy_eV_per_atom"] == ""
    assert rows["broken.cif"]["reason"] == "unreadable"
    assert rows["broken.cif"]["message"] == "broken.cif: it is broken."


def test_failure_that_is_tried_again_is_none(store: Store, run: Run) -> None:
    run(inputs(1, FAILING))
    store.retry()
    [row] = rows_of(store)
    assert row["state"] == "waiting"
    assert {row[name] for name in ("error", "reason", "message", "seconds", "ended")} == {None}


def dense(acoustic: str) -> HeatCapacitySettings:
    thermal = ThermodynamicSettings(acoustic=acoustic, temperatures_K=(300.0,))
    return HeatCapacitySettings(spectrum="dense", thermodynamics=thermal)


@pytest.fixture(scope="module")
def heated(tmp_path_factory: pytest.TempPathFactory) -> Store:
    """Return a campaign of heat capacities of copper and aluminium."""
    asked = Specification({"heat-capacity": dense("exclude")}, (ModelSpec("ase:emt"),))
    store = Store.create(tmp_path_factory.mktemp("heated") / "run.db", asked)
    crystals = [("Cu", 3.6), ("Al", 4.0)]
    given = [Input(f"{e}.cif", bulk(e, a=a, cubic=True)) for e, a in crystals]
    list(store.add([*given, Input("<b>.cif", None, failure="</script> is no structure.")]))
    run_campaign(store, in_this_process)
    return store


def test_heat_capacity_at_gamma_is_that_of_the_dense_workflow(heated: Store) -> None:
    rows = [row for row in rows_of(heated) if row["state"] == "done"]
    assert len(rows) == 2
    for row in rows:
        assert row["c_v_gamma_J_per_g_K"] == pytest.approx(row["c_v_J_per_g_K"], rel=1e-9)
    for record in heated.records():
        assert isinstance(record, HeatCapacityRecord)


def test_soft_modes_take_up_the_whole_of_dulong_and_petit() -> None:
    modes = ModesPart(
        wavenumbers_per_cm=(0.0, 0.0, 0.0, 1e-3, 1e-3, -50.0),
        frequencies_THz=(0.0,) * 6,
        n_rigid_body=3,
        n_imaginary=1,
    )
    heat = heat_capacity_J_per_g_K(modes, 300.0, mean_mass_amu=10.0, scale_factor=1.0)
    assert heat == pytest.approx(2 * 8.314462618 / 20.0, rel=1e-8)


def test_page_has_everything_and_lets_nothing_in(heated: Store, tmp_path: Path) -> None:
    page = tmp_path / "run.html"
    write_campaign_page(heated, page, reference=Reference("dft", {"Cu": 0.36, "Al": 0.85}))
    text = page.read_text(encoding="utf-8")
    [table] = re.findall(r'<script id="data" type="application/json">(.*?)</script>', text)
    data = json.loads(table)
    columns = {column["name"]: column for column in data["columns"]}
    assert data["n"] == 3
    names = columns["structure"]
    assert sorted(names["words"][at] for at in names["values"]) == ["<b>.cif", "Al.cif", "Cu.cif"]
    heats = {row["structure"]: row.get("c_v_J_per_g_K") for row in rows_of(heated)}
    for place, value in zip(names["values"], columns["c_v_J_per_g_K"]["values"], strict=True):
        expected = heats[names["words"][place]]
        assert value == (None if expected is None else pytest.approx(expected, rel=1e-5))
    assert "&lt;b&gt;" in text or "\\u003cb\\u003e" in text
    assert "<b>.cif" not in text
    assert "</script> is no structure" not in text
    for title in ("Heat capacities", "Imaginary modes", "against dft", "Failures by reason"):
        assert title in text
    assert not re.search(r'(src|href)="(?!data:|#)', text)


def test_pages_of_structures_are_linked(heated: Store, tmp_path: Path) -> None:
    page = tmp_path / "all of it.html"
    assert write_record_pages(heated, page, ["C*"]) == 1
    [first] = (tmp_path / "all of it.pages").iterdir()
    assert "Cu.cif" in first.read_text(encoding="utf-8")
    assert write_record_pages(heated, page, ["*.cif"]) == 1  # the other one
    write_campaign_page(heated, page)
    text = page.read_text(encoding="utf-8")
    [table] = re.findall(r'<script id="data" type="application/json">(.*?)</script>', text)
    data = json.loads(table)
    names = next(column for column in data["columns"] if column["name"] == "structure")
    for place, link in zip(names["values"], data["links"], strict=True):
        name = names["words"][place]
        if name == "<b>.cif":  # which could not be read
            assert link is None
            continue
        linked = (tmp_path / unquote(link)).read_text(encoding="utf-8")
        assert name in linked
        assert "Heat capacity" in linked


def test_a_record_that_was_made_anew_has_a_page_of_its_own(tmp_path: Path) -> None:
    asked = Specification({"heat-capacity": dense("exclude")}, (ModelSpec("ase:emt"),))
    store = Store.create(tmp_path / "run.db", asked)
    list(store.add([Input("Cu.cif", bulk("Cu", a=3.6, cubic=True))]))
    run_campaign(store, in_this_process)
    page = tmp_path / "all.html"
    assert write_record_pages(store, page, ["*"]) == 1
    assert write_record_pages(store, page, ["*"]) == 0
    with closing(sqlite3.connect(store.path)) as connection, connection:
        connection.execute("UPDATE nearsight_jobs SET ended = '2000-01-01T00:00:00'")
    assert written_pages(store, page) == {}
    assert write_record_pages(store, page, ["*"]) == 1


def test_parity_knows_the_scale_factor() -> None:
    values = np.array([0.5, 0.7, 1.1])
    assert scale_factor(0.97 * values, values) == pytest.approx(0.97)
    chart = parity(0.97 * values, values, ["a", "b", "c"], "dft", "c_v")
    assert "mean deviation +3.09 %" in chart.description
    assert "0.9700" in chart.description


@pytest.mark.parametrize("value", [0.0, 0.4])
def test_equal_values_have_axes(value: float) -> None:
    values, mass = np.full(3, value), np.full(3, 63.5)
    for chart in (
        distribution(values, "Heat capacities", "c_v", "J/(g K)"),
        heat_capacity_by_mass(mass, values, ["a", "b", "c"]),
        parity(np.full(3, 0.4), values, ["a", "b", "c"], "dft", "c_v"),
        imaginary_modes(np.zeros(3)),
    ):
        assert chart.x.low < chart.x.high
        assert chart.y.low < chart.y.high
        assert draw(chart, "chart")
        assert "nan" not in chart.description


def test_page_of_one_structure(tmp_path: Path) -> None:
    asked = Specification({"heat-capacity": dense("exclude")}, (ModelSpec("ase:emt"),))
    store = Store.create(tmp_path / "run.db", asked)
    list(store.add([Input("Cu.cif", bulk("Cu", a=3.6))]))
    run_campaign(store, in_this_process)
    write_campaign_page(store, tmp_path / "run.html", reference=Reference("dft", {"Cu": 0.36}))
    text = (tmp_path / "run.html").read_text(encoding="utf-8")
    assert "against dft" in text
    assert not re.search(r"\bnan\b", text)


def test_thermal_expansion_is_that_of_a_single_run(tmp_path: Path) -> None:
    """Some seconds: three crystals have phonons at five volumes each."""
    settings = ThermalExpansionSettings(
        phonons=PhononSettings(mesh=(2, 2, 2), length_A=3.0),
        path=VolumeSettings(volumes=5, volume_from=0.98, volume_to=1.04),
    )
    model = ModelSpec("ase:emt")
    store = Store.create(
        tmp_path / "run.db", Specification({"thermal-expansion": settings}, (model,))
    )
    crystals = {"Cu.cif": bulk("Cu", a=3.62), "Ag.cif": bulk("Ag", a=4.09)}
    list(store.add([Input(name, atoms) for name, atoms in crystals.items()]))
    run_campaign(store, in_this_process)
    row = next(each for each in rows_of(store) if each["structure"] == "Cu.cif")
    single = thermal_expansion(crystals["Cu.cif"], model, settings, progress=False)
    [expected] = single.thermal_expansion
    assert row["volumetric_expansion_per_K"] == expected.volumetric_expansion_per_K > 0
    assert row["c_p_J_per_g_K"] == expected.heat_capacity_p_J_per_g_K
    assert row["isothermal_bulk_modulus_GPa"] == expected.bulk_modulus_GPa
    assert row["gruneisen_parameter"] == expected.gruneisen_parameter
    assert (row["expansion_temperature_K"], row["n_volumes_left_out"]) == (300.0, 0)
    write_campaign_page(store, tmp_path / "run.html")
    text = (tmp_path / "run.html").read_text(encoding="utf-8")
    for title in ("Thermal expansion at 300 K", "Heat capacities at constant pressure at 300 K"):
        assert f"<strong>{title}.</strong>" in text
    assert write_record_pages(store, tmp_path / "run.html", ["Cu*"]) == 1


def test_imaginary_modes_are_counted() -> None:
    chart = imaginary_modes(np.array([0.0, 0.0, 1.0, 3.0]))
    assert "50.0 % of 4 structures have none" in chart.description
    [bars] = [each for each in chart.marks if isinstance(each, Line)]
    assert bars.y.max() == 2


def test_references_are_read_by_names_of_structures(tmp_path: Path) -> None:
    path = tmp_path / "dft.csv"
    path.write_text("name,dft_300K\nCu,0.38\nAl.cif,0.9\nW,\n", encoding="ascii")
    reference = read_reference(path, "dft_300K")
    assert reference.of("cifs/Cu.cif") == 0.38
    assert reference.of("Al.cif") == 0.9
    assert reference.of("W.cif") is None
    with pytest.raises(MethodError, match="no column 'dft_300'; did you mean `dft_300K`"):
        read_reference(path, "dft_300")
    path.write_text("name,dft\nCu,1\nCu.cif,2\n", encoding="ascii")
    with pytest.raises(MethodError, match="names Cu twice"):
        read_reference(path, "dft")
    for value in ("nan", "0", "-0.3", "inf"):
        path.write_text(f"name,dft\nCu,{value}\n", encoding="ascii")
        with pytest.raises(MethodError, match=f"'{value}' of Cu is no value that others"):
            read_reference(path, "dft")
    path.write_text("name,dft\nCu,much\n", encoding="ascii")
    with pytest.raises(MethodError, match="'much' of Cu is no number"):
        read_reference(path, "dft")
