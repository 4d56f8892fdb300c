"""The Adsorption Information Format, read again by a parser of its grammar."""

from pathlib import Path

import pytest
from gemmi import cif

import nearsight
from nearsight.adsorption.aif import AifIsotherm, IsothermPoint, aif_text, write_aif
from nearsight.errors import StorageError

POINTS = (IsothermPoint(10.0, 1.25e-3, 2e-5), IsothermPoint(1e5, 3.1415926536))


def isotherm(**changed: object) -> AifIsotherm:
    values = {
        "material": "mfi",
        "adsorptive": "CO2",
        "temperature_K": 298.15,
        "sampling": "GCMC",
        "model": "forcefield:trappe+uff",
        "points": POINTS,
    }
    return AifIsotherm(**{**values, **changed})  # type: ignore[arg-type]


def read(text: str) -> cif.Block:
    return cif.read_string(text).sole_block()


def test_what_is_written_is_read_again(tmp_path: Path) -> None:
    path = tmp_path / "isotherm.aif"
    write_aif(path, [isotherm(own_items={"heat_kJ_per_mol": 27.5, "blocked": True, "seed": 3})])
    block = cif.read(str(path)).sole_block()
    assert block.name == "mfi_CO2_298.15K"
    categories = {
        tag: cif.as_string(block.find_value(tag)) for tag in block.get_mmcif_category_names()
    }
    assert not categories  # a CIF of pairs, as the format has it, without categories of mmCIF
    expected = {
        "_exptl_adsorptive": "CO2",
        "_exptl_method": "simulation",
        "_adsnt_material_id": "mfi",
        "_simltn_sampling": "GCMC",
        "_simltn_code": f"Nearsight {nearsight.__version__}",
        "_units_temperature": "K",
        "_units_pressure": "Pa",
        "_units_loading": "mol/kg",
        "_nearsight_blocked": "yes",
        "_nearsight_seed": "3",
    }
    assert {tag: cif.as_string(block.find_value(tag)) for tag in expected} == expected
    assert cif.as_number(block.find_value("_exptl_temperature")) == 298.15
    assert cif.as_number(block.find_value("_nearsight_heat_kJ_per_mol")) == 27.5
    rows = block.find(["_adsorp_pressure", "_adsorp_amount", "_nearsight_amount_error"])
    assert [cif.as_number(row[0]) for row in rows] == [10.0, 1e5]
    assert [cif.as_number(row[1]) for row in rows] == [1.25e-3, 3.1415926536]
    assert [row[2] for row in rows] == ["2e-05", "?"]


@pytest.mark.parametrize(
    "name", ["my MOF", 'it\'s "so"', "_loop", "data_x", "#x", "MgMOF-74 é", "?", ""]
)
def test_awkward_names_stay_what_they_are(name: str) -> None:
    block = read(aif_text([isotherm(material=name, own_items={"note": name})]))
    assert cif.as_string(block.find_value("_adsnt_material_id")) == name
    assert cif.as_string(block.find_value("_nearsight_note")) == name
    assert len(block.find_loop("_adsorp_pressure")) == 2


def test_what_is_not_known_is_a_question_mark_or_missing() -> None:
    block = read(aif_text([isotherm(points=(), own_items={"a": None, "b": float("nan")})]))
    assert block.find_value("_nearsight_a") == block.find_value("_nearsight_b") == "?"
    assert block.find_value("_simltn_size") is None
    assert not block.find_loop("_adsorp_pressure")


def test_temperatures_are_blocks_of_their_own() -> None:
    document = cif.read_string(
        aif_text([isotherm(), isotherm(temperature_K=350.0), isotherm(material="MFI")])
    )
    assert [block.name for block in document] == [
        "mfi_CO2_298.15K",
        "mfi_CO2_350K",
        "MFI_CO2_298.15K_",  # names of blocks do not tell capitals
    ]


def test_a_folder_that_is_missing_is_told(tmp_path: Path) -> None:
    with pytest.raises(StorageError):
        write_aif(tmp_path / "none" / "x.aif", [isotherm()])


def test_a_name_of_several_lines_becomes_one() -> None:
    block = read(aif_text([isotherm(material="a\n;b")]))
    assert cif.as_string(block.find_value("_adsnt_material_id")) == "a ;b"
