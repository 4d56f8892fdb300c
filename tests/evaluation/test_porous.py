"""Porous solids, where heat, motion and interaction energies are known."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, ClassVar

import ase.io
import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk, molecule
from ase.calculators.calculator import Calculator, all_changes

from nearsight.errors import SettingError, StructureError
from nearsight.evaluation import ExamineSettings, Measured, Work, examination_named, examine
from nearsight.evaluation.data import digests_of, require_data
from nearsight.evaluation.porous import computing
from nearsight.evaluation.porous.examination import Effort
from nearsight.evaluation.porous.parts import GasInteractions, Motion, SolidHeat, Stiffness, Uptake
from nearsight.evaluation.porous.references import mg_mof_74, read_solids
from nearsight.evaluation.porous.result import NO_HEAT, NO_INTERACTIONS, PorousSolids
from nearsight.evaluation.settings import ReferenceData
from nearsight.models import load_model
from nearsight.models.contract import Model
from nearsight.models.engines.ase_model import AseModel
from nearsight.progress import SeveralProgress
from nearsight.records.codec import decoder, encoder
from nearsight.relaxation import RelaxationSettings, relax
from nearsight.workflows import HeatCapacitySettings, heat_capacity

NOTHING = Effort(
    n_solids=1, most_atoms=10, stiff=(), moving=(), time_ps=0.01, n_frameworks=None, insertions=0
)
EMPTY = PorousSolids(
    has_heat_capacities=False,
    has_interactions=False,
    solids={},
    stiff={},
    moving={},
    gases={},
    uptake=None,
    failures={},
)


class Attracted(Calculator):
    """A helium atom attracts each oxygen; the molecule alone may be off."""

    implemented_properties: ClassVar[list[str]] = ["energy", "forces"]
    offset_eV = 0.0

    def calculate(
        self, atoms: Any = None, properties: Any = None, system_changes: Any = all_changes
    ) -> None:
        super().calculate(atoms, properties or ["energy"], system_changes)
        symbols = np.array(self.atoms.get_chemical_symbols())
        hosts, guests = (self.atoms.positions[symbols == each] for each in ("He", "O"))
        apart = np.linalg.norm(hosts[:, np.newaxis] - guests, axis=2)
        alone = -self.offset_eV if len(guests) and not len(hosts) else 0.0
        energy = alone - float(np.exp(-((apart / 2) ** 2)).sum())
        self.results = {"energy": energy, "forces": np.zeros((len(self.atoms), 3))}


class Lonely(Attracted):
    """Molecules alone are 0.3 eV too low: interaction energies are too high."""

    offset_eV = 0.3


def attracting(kind: type[Attracted]) -> Model:
    made = AseModel(kind(), dtype="float64")
    made.capabilities = replace(made.capabilities, elements=frozenset({1, 2, 6, 8}))
    return made


@pytest.fixture
def frames(tmp_path: Path) -> str:
    """A file as GoldDAC's, with energies by a sound model."""
    host = Atoms("He", [(0, 0, 0)], cell=[30] * 3, pbc=True)
    found = {"AAA-CO2_fram": host}
    for gas in ("CO2", "H2O"):
        found[f"{gas}_gas"] = Atoms(molecule(gas), cell=[30] * 3, pbc=True)
        for n, height in enumerate((3.0, 4.0, 4.2, 4.4, 4.6, 4.8)):
            guest = molecule(gas)
            guest.translate([0, 0, height])
            found[f"AAA_{gas}_{'P' if n else 'E'}_{n}"] = host + guest
    model = attracting(Attracted)
    for name, frame in found.items():
        energy = model.evaluate([frame], forces=False)[0].energy_eV
        frame.info = {"name": name, "REF_energy": energy}
    path = tmp_path / "val.xyz"
    ase.io.write(path, list(found.values()), format="extxyz")
    return str(path)


def examined(model: Model, effort: Effort, **data: str) -> PorousSolids:
    examination = examination_named("porous")
    found = examination.compute(model, effort, Work(data=ReferenceData(**data)))
    assert isinstance(found, PorousSolids)
    return found


def grade(result: PorousSolids, name: str) -> str:
    examination = examination_named("porous")
    [metric] = [each for each in examination.metrics if each.name == name]
    return metric.grade(examination.measured(result)[name])


def test_an_offset_of_isolated_molecules_is_caught(frames: str) -> None:
    sound, lonely = (
        examined(attracting(kind), NOTHING, interaction_data=frames) for kind in (Attracted, Lonely)
    )
    assert not sound.failures
    for name in ("co2_offset", "h2o_offset", "co2_interaction_error"):
        assert grade(sound, name) == "good"
    assert grade(lonely, "co2_offset") == "poor"
    assert lonely.co2_offset.value == pytest.approx(300.0, abs=1e-3)
    assert lonely.co2_interaction_error.value == pytest.approx(0.0, abs=1e-3)
    assert decoder(PorousSolids)(encoder(PorousSolids)(lonely)) == lonely
    figures = {figure.name for figure in examination_named("porous").figures(lonely)}
    assert figures == {"CO2", "H2O"}


def test_a_model_that_knows_no_framework_is_told(frames: str) -> None:
    model = attracting(Attracted)
    model.capabilities = replace(model.capabilities, elements=frozenset({1, 6, 7, 8}))
    result = examined(model, NOTHING, interaction_data=frames)
    assert not result.gases
    assert not result.failures
    for measured in (result.co2_offset, result.h2o_interaction_error):
        assert measured.value is None
        assert "no framework" in measured.detail
    nowhere = GasInteractions(kinds=(), references_eV=(), errors_eV=())
    assert examination_named("porous").figures(replace(EMPTY, gases={"CO2": nowhere})) == []


def test_a_heat_capacity_is_that_of_the_command(
    pair_model: Callable[..., Model], tmp_path: Path
) -> None:
    (tmp_path / "structures").mkdir()
    path = tmp_path / "structures/MgO.cif"
    ase.io.write(path, bulk("MgO", "rocksalt", a=4.2))
    settings = HeatCapacitySettings.from_mapping({"spectrum": "dense"}).updated(
        {"thermodynamics": {"temperatures_K": (300.0,), "acoustic": "exclude"}}
    )
    record = heat_capacity(str(path), pair_model(), settings)
    assert record.results is not None
    expected = float(record.results.thermodynamics.heat_capacity_J_per_g_K[0])
    table = f"name,n_atoms,dft_300K\nMgO,2,{expected / 1.1}\nRWY,8,1.0\n"
    (tmp_path / "reference.csv").write_text(table, encoding="utf-8")
    with pytest.raises(SettingError, match=r"no structures/RWY.cif"):
        read_solids(str(tmp_path))
    (tmp_path / "structures/RWY.cif").write_bytes(path.read_bytes())
    result = examined(pair_model(), NOTHING, heat_capacity_data=str(tmp_path))
    assert list(result.solids) == ["MgO"]  # RWY has the mass of half a cell
    assert result.heat_capacity_error.value == pytest.approx(10.0, abs=1e-3)
    assert result.imaginary_modes.value == 0.0
    assert "heat" in {figure.name for figure in examination_named("porous").figures(result)}


def test_what_there_are_no_data_for_is_not_passed() -> None:
    assert EMPTY.heat_capacity_error.detail == EMPTY.imaginary_modes.detail == NO_HEAT
    assert EMPTY.co2_offset.detail == EMPTY.h2o_interaction_error.detail == NO_INTERACTIONS
    assert {each.value for each in examination_named("porous").measured(EMPTY).values()} == {None}


@pytest.mark.parametrize(
    ("volume_A3", "kept", "grades"),
    [(1400.0, 1.0, ["good", "good"]), (1200.0, 0.9, ["poor", "poor"])],
)
def test_a_framework_that_collapses_is_caught(
    volume_A3: float, kept: float, grades: list[str]
) -> None:
    noise = np.random.default_rng(4).normal(scale=2.0, size=64)
    run = Motion(
        times_ps=tuple(np.arange(64) / 32),
        volumes_A3=tuple(volume_A3 + noise),
        temperatures_K=(300.0,) * 64,
        start_volume_A3=1400.0,
        kept_coordination=kept,
    )
    result = replace(EMPTY, moving={"Mg-MOF-74": run})
    assert [grade(result, name) for name in ("volume_change", "lost_coordination")] == grades
    short = replace(EMPTY, moving={"Mg-MOF-74": replace(run, times_ps=tuple(np.arange(64) / 100))})
    for measured in (short.volume_change, short.lost_coordination):
        assert measured.value is None
        assert "0.63 ps are too short" in measured.detail
    expected = 100 * (volume_A3 / 1400.0 - 1)
    spread = result.volume_change.spread
    assert spread is not None
    assert result.volume_change.value == pytest.approx(expected, abs=5 * spread)


def test_a_noisy_run_does_not_hide_a_collapse() -> None:
    random = np.random.default_rng(5)

    def run(volume_A3: float, scale_A3: float) -> Motion:
        drift = scale_A3 * np.repeat(random.normal(size=8), 8)  # blocks that are not alike
        return Motion(
            times_ps=tuple(np.arange(64) / 32),
            volumes_A3=tuple(volume_A3 + drift),
            temperatures_K=(300.0,) * 64,
            start_volume_A3=1400.0,
            kept_coordination=1.0,
        )

    result = replace(EMPTY, moving={"Mg-MOF-74": run(1200.0, 0.1), "MOF-5": run(1150.0, 600.0)})
    assert result.volume_change.detail.startswith("Mg-MOF-74")
    assert grade(result, "volume_change") == "poor"


def test_a_short_run_keeps_volume_and_bonds_of_a_crystal(
    pair_model: Callable[..., Model],
) -> None:
    model = pair_model()
    given = bulk("MgO", "rocksalt", a=4.0, cubic=True)
    cell = relax(given, model, RelaxationSettings(symmetrize_A=1e-3)).atoms
    run = computing.motion(model, cell, 0.03, None, SeveralProgress())
    assert len(run.times_ps) == len(run.volumes_A3) == 4
    assert run.times_ps[-1] == pytest.approx(0.03)
    assert run.start_volume_A3 == pytest.approx(cell.cell.volume)
    assert run.volumes_A3[-1] == pytest.approx(cell.cell.volume, rel=0.1)
    assert run.kept_coordination == 1.0


def test_a_force_field_has_its_henry_coefficient() -> None:
    """UFF and TraPPE, whose places are chosen by themselves: 1.39(4)e-4 mol/(kg Pa), 28 kJ/mol.

    It takes some 8 s: the field is computed on a grid of the pore before anything is inserted.
    """
    found = computing.uptake(load_model("forcefield:trappe+uff"), 128, None, SeveralProgress())
    assert found.henry_relative_error < 0.2
    sigma = np.hypot(found.henry_relative_error, 0.03)
    assert np.log(found.henry_mol_per_kg_Pa / 1.39e-4) == pytest.approx(0.0, abs=5 * sigma)
    error = max(found.heat_error_kJ_per_mol, 0.2)
    assert found.heat_kJ_per_mol == pytest.approx(28.0, abs=5 * error)


STIFF = Stiffness(
    bulk_modulus_GPa=16.1,
    stability="stable",
    volume_change=0.0,
    stress_GPa=1e-4,
    has_converged=True,
)


@pytest.mark.parametrize(
    ("changed", "why"),
    [
        ({"has_converged": False}, "did not come to its end"),
        ({"stress_GPa": 0.3}, "0.3 GPa of stress are left"),
        ({"bulk_modulus_GPa": None, "stability": "unstable"}, "lowers its energy"),
    ],
)
def test_second_derivatives_beside_a_minimum_are_no_bulk_modulus(
    changed: dict[str, Any], why: str
) -> None:
    assert grade(replace(EMPTY, stiff={"MOF-5": STIFF}), "bulk_modulus_error") == "good"
    result = replace(EMPTY, stiff={"MOF-5": replace(STIFF, **changed)})
    assert result.bulk_modulus_error.value is None
    assert why in result.bulk_modulus_error.detail
    gives_way = "poor" if "stability" in changed else "good"
    has_minimum = changed.get("has_converged", True)
    assert grade(result, "unstable_frameworks") == (gives_way if has_minimum else "unknown")


def test_a_crystal_that_a_strain_lowers_has_no_bulk_modulus(
    pair_model: Callable[..., Model],
) -> None:
    """Simple cubic, which is held at its symmetry by the relaxation, does not resist shear."""
    model = pair_model()
    found = computing.stiffness(model, bulk("MgO", "rocksalt", a=4.0), None, SeveralProgress())
    assert found.stability == "stable"
    assert found.has_converged
    assert found.bulk_modulus_GPa is not None
    assert found.bulk_modulus_GPa > 0
    soft = computing.stiffness(model, bulk("Mg", "sc", a=2.5), None, SeveralProgress())
    assert soft.stability != "stable"
    assert soft.bulk_modulus_GPa is None


def test_solids_that_are_at_no_minimum_are_named() -> None:
    sound = SolidHeat(
        n_atoms=8,
        reference_J_per_g_K=1.0,
        heat_capacity_J_per_g_K=1.01,
        n_imaginary=0,
        volume_change=0.0,
        n_steps=10,
        has_converged=True,
    )
    solids = {
        "A": sound,
        "B": replace(sound, has_converged=False, n_steps=1500),
        "C": replace(sound, n_imaginary=2),
    }
    found = replace(EMPTY, has_heat_capacities=True, solids=solids).heat_capacity_error
    assert found.value == pytest.approx(1.0)
    assert "left out, not relaxed to the end: B" in found.detail
    assert "left out, with imaginary modes: C" in found.detail
    del solids["A"]
    none = replace(EMPTY, has_heat_capacities=True, solids=solids).heat_capacity_error
    assert none.value is None
    assert "left out, with imaginary modes: C" in none.detail


@pytest.mark.parametrize(
    ("table", "said"),
    [
        (b"name,n_atoms,dft_300K\nMgO,2,0\n", "line 2, has '0' as dft_300K"),
        (b"name,n_atoms,dft_300K\nMgO,2,1.0\nMgO,2,nan\n", "line 3, has 'nan' as dft_300K"),
        (b"name,n_atoms,dft_300K\nMgO,2,-1.0\n", "'-1.0' as dft_300K: no number above zero"),
        (b"name,n_atoms,dft_300K\nMgO,two,1.0\n", "line 2, has 'two' as n_atoms"),
        (b"name,n_atoms,dft_300K\nMgO,2\n", "line 2, has 'nothing' as dft_300K"),
        (b"name,n_atoms,dft_300K\n", "has no solid"),
        (b"", "has no column name"),
        (b"name,n_atoms\nMgO,2\n", "has no column dft_300K"),
        (b"name,n_atoms,dft_300K\nMgO,2,1.0\nK\xf6ln,2,1.0\n", "line 3, is no UTF-8"),
    ],
)
def test_a_table_that_is_not_right_is_told_with_the_line(
    tmp_path: Path, table: bytes, said: str
) -> None:
    (tmp_path / "structures").mkdir()
    (tmp_path / "structures/MgO.cif").touch()
    (tmp_path / "reference.csv").write_bytes(table)
    with pytest.raises(SettingError, match=said) as caught:
        read_solids(str(tmp_path))
    assert "reference.csv" in str(caught.value)


def test_a_zero_that_is_wrong_shows_in_what_is_taken_up() -> None:
    found = Uptake(
        henry_mol_per_kg_Pa=1e-3,
        henry_relative_error=0.1,
        heat_kJ_per_mol=45.0 + 29.0,
        heat_error_kJ_per_mol=1.0,
        n_calls=200,
        n_effective=20.0,
        zero_meV=-300.0,
        zero_error_meV=5.0,
    )
    result = replace(EMPTY, uptake=found)
    assert grade(result, "heat_of_adsorption_error") == "poor"
    assert result.zero_of_gas == Measured(-300.0, 5.0, result.zero_of_gas.detail)
    assert grade(result, "zero_of_gas") == "plain"  # errors cancel in it
    assert result.henry_coefficient.value == pytest.approx(-3.0)
    few = replace(EMPTY, uptake=replace(found, n_effective=3.0)).heat_of_adsorption_error
    assert few.value is None
    assert "3.0 insertions carry the weight" in few.detail
    assert grade(result, "henry_coefficient") == "plain"


def test_the_framework_of_the_package_has_its_atoms() -> None:
    assert mg_mof_74().get_chemical_formula() == "C24H6Mg6O18"


def test_data_that_cannot_be_used_are_told_before_a_model_is_asked(
    frames: str, tmp_path: Path
) -> None:
    def ask(**data: str) -> None:
        examine(
            [],
            tmp_path / "out",
            ExamineSettings(only=("phonons", "porous"), data=ReferenceData(**data)),
        )

    ask(interaction_data=frames)
    lacking = tmp_path / "lacking.xyz"
    kept = [each for each in ase.io.read(frames, ":") if each.info["name"] != "H2O_gas"]
    ase.io.write(lacking, kept, format="extxyz")
    with pytest.raises(StructureError, match="no frame of H2O alone"):
        ask(interaction_data=str(lacking))
    folder = tmp_path / "solids"
    (folder / "structures").mkdir(parents=True)
    with pytest.raises(SettingError, match="no file of phonopy"):
        ask(phonon_data=str(folder))
    with pytest.raises(SettingError, match="is no folder"):
        ask(phonon_data=frames)
    with pytest.raises(SettingError, match=r"no reference\.csv"):
        ask(heat_capacity_data=str(folder))
    table = "name,n_atoms,dft_300K\nMgO,2,1.0\n"
    (folder / "reference.csv").write_text(table, encoding="utf-8")
    (folder / "structures/MgO.cif").write_text("no structure", encoding="utf-8")
    with pytest.raises(StructureError, match=r"MgO\.cif"):
        ask(heat_capacity_data=str(folder))


def test_data_are_there_and_told_from_others(tmp_path: Path) -> None:
    with pytest.raises(SettingError, match=r"`phonon_data` is .* does not exist"):
        require_data(ReferenceData(phonon_data=str(tmp_path / "none")))
    file = tmp_path / "a.yaml"
    file.write_text("one", encoding="utf-8")
    data = ReferenceData(phonon_data=str(tmp_path), interaction_data=str(file))
    first = digests_of(data, ("phonon_data",))
    assert list(first) == ["phonon_data"]
    file.write_text("two", encoding="utf-8")
    assert digests_of(data, ("phonon_data",)) != first
    assert digests_of(ReferenceData(), ("phonon_data",)) == {}
