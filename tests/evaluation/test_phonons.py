"""Phonons beside a reference that is the same model, or one whose difference is known."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from ase.build import bulk

from nearsight.errors import SettingError
from nearsight.evaluation import Measured, Work, examination_named
from nearsight.evaluation.phonons.computing import asymmetry, in_cells_of
from nearsight.evaluation.phonons.examination import Effort, _chosen
from nearsight.evaluation.phonons.figure import _not_examined
from nearsight.evaluation.phonons.result import (
    NO_REFERENCE,
    NO_ROWS,
    NO_STRESS,
    NOT_RELAXED,
    Phonons,
)
from nearsight.evaluation.settings import ReferenceData
from nearsight.hessian.files.phonopy_results import read_phonopy, write_phonopy
from nearsight.hessian.force_constants import force_constants
from nearsight.models.contract import Model
from nearsight.progress import Advance
from nearsight.records.codec import decoder, encoder
from nearsight.relaxation import RelaxationSettings, relax

pytest.importorskip("torch", reason="the pair potential of the tests needs PyTorch")

import faulty_crystals

EFFORT = Effort(
    built=("MgO",), repeats=2, n_references=None, most_atoms=None, n_bands=1, mesh_length_A=12.0
)
CELL, SUPERCELL = bulk("MgO", "rocksalt", a=4.0, cubic=True), (2, 1, 1)


def examined(model: Model, **data: str) -> Phonons:
    examination = examination_named("phonons")
    found = examination.compute(model, EFFORT, Work(data=ReferenceData(**data)))
    assert isinstance(found, Phonons)
    return found


def grade(result: Phonons, name: str) -> str:
    examination = examination_named("phonons")
    [metric] = [each for each in examination.metrics if each.name == name]
    return metric.grade(examination.measured(result)[name])


@pytest.fixture(scope="module")
def folder(pair_model: Callable[..., Model], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the phonons of the pair potential at its minimum, and a file that is none."""
    model = pair_model()
    relaxed = relax(CELL, model, RelaxationSettings(fmax_eV_per_A=1e-6, symmetrize_A=1e-3))
    folder = tmp_path_factory.mktemp("phonons")
    found = force_constants(relaxed.atoms, model, SUPERCELL, method="rows")
    write_phonopy(folder / "MgO.yaml", found)
    (folder / "broken.yaml").write_text("phonopy: [", encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def sound(pair_model: Callable[..., Model]) -> Phonons:
    return examined(pair_model())


@pytest.fixture(scope="module")
def beside(pair_model: Callable[..., Model], folder: Path) -> Phonons:
    """The pair potential beside itself."""
    return examined(pair_model(), phonon_data=str(folder))


def test_the_model_that_made_the_reference_has_no_error(beside: Phonons) -> None:
    result = beside
    assert list(result.left_out) == ["broken"]
    assert "broken (the file cannot be read: " in result.crystals_failed.detail
    assert "broken.yaml" in result.crystals_failed.detail
    assert "1 (the file cannot be read)" in _not_examined(result)
    assert not result.failures
    for name in ("highest_frequency", "free_energy", "entropy", "heat_capacity"):
        assert getattr(result, f"{name}_error").value == pytest.approx(0.0, abs=1e-6)
        assert getattr(result, f"{name}_error_relaxed").value == pytest.approx(0.0, abs=1e-3)
    assert result.volume_error.value == pytest.approx(0.0, abs=1e-4)
    [crystal] = result.crystals.values()
    np.testing.assert_allclose(
        np.concatenate(crystal.bands.frequencies_THz),
        np.concatenate(crystal.reference_bands.frequencies_THz),
        atol=2e-4,
    )


def test_a_stiffer_model_is_off_by_the_root_of_the_factor(
    pair_energy: type[Any], folder: Path
) -> None:
    result = examined(faulty_crystals.scaled(pair_energy, 1.21), phonon_data=str(folder))
    [crystal] = result.crystals.values()
    assert crystal.reference is not None
    assert crystal.as_given.highest_THz == pytest.approx(1.1 * crystal.reference.highest_THz)
    assert crystal.as_given.lowest_THz == pytest.approx(0.0, abs=1e-3)
    # F = Σ ħω/2 + kT ln(1 - exp(-ħω/kT)) grows, S and c_v fall with stiffer oscillators.
    assert crystal.as_given.free_energy_kJ_per_mol > crystal.reference.free_energy_kJ_per_mol
    assert crystal.as_given.entropy_J_per_mol_K < crystal.reference.entropy_J_per_mol_K


def test_rows_of_other_cells_are_those_of_their_copies(
    pair_model: Callable[..., Model], folder: Path
) -> None:
    reference = read_phonopy(folder / "MgO.yaml")
    model = pair_model()
    found = force_constants(reference.unit_cell, model, SUPERCELL, method="rows")
    assert found.primitive_atoms.tolist() == [0, 1]
    other = in_cells_of(found, replace(reference, primitive_atoms=np.array([3, 2])))
    whole = force_constants(reference.unit_cell, model, SUPERCELL, row_symmetry_A=None)
    np.testing.assert_allclose(
        in_cells_of(other, whole).values_eV_per_A2, whole.values_eV_per_A2, atol=1e-9
    )


def test_force_constants_of_a_crystal_of_one_atom_are_symmetric(
    pair_model: Callable[..., Model],
) -> None:
    """Its matrix at Γ is zero but for rounding, of which a third is not symmetric."""
    found = force_constants(bulk("Mg", "fcc", a=4.5), pair_model(), (2, 2, 2), method="rows")
    assert asymmetry(found) < 1e-12
    rounding = 1e-6 * np.random.default_rng(1).normal(size=found.values_eV_per_A2.shape)
    rounded = replace(found, values_eV_per_A2=found.values_eV_per_A2 + rounding)
    assert asymmetry(rounded) < 1e-5
    at_gamma = rounded.at_gamma().matrix_eV_per_A2.reshape(3, 3)
    assert np.linalg.norm(at_gamma - at_gamma.T) / 2 / np.linalg.norm(at_gamma) > 0.1


def test_asymmetry_is_that_of_the_whole_matrix(
    pair_model: Callable[..., Model], folder: Path
) -> None:
    cell = read_phonopy(folder / "MgO.yaml").unit_cell
    found = force_constants(cell, pair_model(), SUPERCELL, method="rows")
    whole = force_constants(cell, pair_model(), SUPERCELL, row_symmetry_A=None)
    wrong = np.random.default_rng(3).normal(size=found.values_eV_per_A2.shape)
    found = replace(found, values_eV_per_A2=found.values_eV_per_A2 + wrong)
    all_of_it = in_cells_of(found, replace(whole, primitive_atoms=np.arange(len(found.supercell))))
    matrix = all_of_it.values_eV_per_A2.reshape(3 * len(found.supercell), -1)
    expected = np.linalg.norm(matrix - matrix.T) / 2 / np.linalg.norm(matrix)
    assert expected > 0.1
    assert asymmetry(found) == pytest.approx(expected)


def test_without_a_reference_that_is_said(sound: Phonons) -> None:
    assert sound.free_energy_error.value is None
    assert sound.free_energy_error.detail == NO_REFERENCE
    assert sound.volume_error.detail == NO_REFERENCE


def test_a_folder_without_phonons_is_an_error(
    pair_model: Callable[..., Model], tmp_path: Path
) -> None:
    with pytest.raises(SettingError, match="no file of phonopy"):
        examined(pair_model(), phonon_data=str(tmp_path))


def test_a_folder_of_which_nothing_can_be_read_is_an_error(folder: Path, tmp_path: Path) -> None:
    examination = examination_named("phonons")
    examination.check(ReferenceData(phonon_data=str(folder)))
    (tmp_path / "broken.yaml").write_text("phonopy: [", encoding="utf-8")
    (tmp_path / "empty.yaml").write_text("", encoding="utf-8")
    with pytest.raises(SettingError, match=r"no file of .*empty\.yaml: .*broken\.yaml: "):
        examination.check(ReferenceData(phonon_data=str(tmp_path)))


def test_a_failure_on_the_way_to_the_minimum_leaves_the_crystal_as_it_is_given(
    pair_model: Callable[..., Model], folder: Path, beside: Phonons
) -> None:
    model = pair_model()
    evaluate = model.evaluate

    def strained(*given: Any, **asked: Any) -> Any:
        if asked.get("stress"):
            raise ValueError("a stress of no shape")
        return evaluate(*given, **asked)

    model.evaluate = strained
    result = examined(model, phonon_data=str(folder))
    assert result.failures["MgO, relaxed"].message.startswith("a stress of no shape")
    assert result.crystals_failed.value == 1.0
    assert result.crystals_failed.detail.startswith("of 1 crystal: MgO, relaxed")
    assert result.free_energy_error == beside.free_energy_error
    assert result.free_energy_error_relaxed.detail == NOT_RELAXED


def test_no_more_references_are_read_than_are_examined(
    pair_model: Callable[..., Model], folder: Path, tmp_path: Path
) -> None:
    for name in ("small", "larger", "largest"):
        text = (folder / "MgO.yaml").read_text(encoding="utf-8")
        padding = "# padding\n" * ["small", "larger", "largest"].index(name)
        (tmp_path / f"{name}.yaml").write_text(text + padding, encoding="utf-8")
    tasks = CountingProgress()
    chosen, left_out = _chosen(pair_model(), replace(EFFORT, n_references=1), str(tmp_path), tasks)
    assert list(chosen) == ["small"]
    assert left_out == dict.fromkeys(["larger", "largest"], "not in this suite")
    assert tasks.advanced == ["small"]


class CountingProgress:
    """Keeps what a task moved on by."""

    def __init__(self) -> None:
        self.advanced: list[str] = []

    @contextmanager
    def task(self, description: str, total: int | None, done: int = 0) -> Iterator[Advance]:
        yield lambda _, note: self.advanced.append(note)


def test_a_model_without_rows_says_so(sound: Phonons) -> None:
    crystals = {name: replace(each, routes=None) for name, each in sound.crystals.items()}
    assert replace(sound, crystals=crystals).rows_against_differences.detail == NO_ROWS


def test_a_model_without_a_stress_is_examined_as_far_as_it_goes(beside: Phonons) -> None:
    crystals = {name: replace(each, relaxed=None) for name, each in beside.crystals.items()}
    result = replace(beside, crystals=crystals)
    assert result.free_energy_error.value == pytest.approx(0.0, abs=1e-6)
    for measured in (result.free_energy_error_relaxed, result.imaginary_relaxed):
        assert measured == Measured(None, None, NO_STRESS)
    assert result.volume_error.detail == NO_STRESS
    assert examination_named("phonons").figures(result)


def test_what_was_not_relaxed_to_the_end_is_not_compared(beside: Phonons) -> None:
    [sound] = beside.crystals.values()
    unfinished = replace(sound, has_converged=False)
    result = replace(beside, crystals={"MgO": unfinished})
    for measured in (
        result.free_energy_error_relaxed,
        result.imaginary_relaxed,
        result.volume_error,
    ):
        assert measured == Measured(None, None, NOT_RELAXED)
    assert result.free_energy_error.value == beside.free_energy_error.value
    assert examination_named("phonons").figures(result)
    both = replace(beside, crystals={"MgO": sound, "other": unfinished})
    for measured in (both.free_energy_error_relaxed, both.imaginary_relaxed, both.volume_error):
        assert measured.value == pytest.approx(0.0, abs=1e-3)
        assert "left out: other" in measured.detail


@pytest.mark.parametrize("side", ["as_given", "reference"])
def test_crystals_with_imaginary_modes_of_the_mesh_are_not_compared(
    beside: Phonons, side: str
) -> None:
    """None is at the q-points of the supercell, but the functions are those of the mesh."""
    [sound] = beside.crystals.values()
    soft = replace(getattr(sound, side), imaginary_share_of_mesh=0.02, entropy_J_per_mol_K=20.0)
    result = replace(beside, crystals={"MgO": sound, "soft": replace(sound, **{side: soft})})
    assert result.entropy_error.value == pytest.approx(0.0, abs=1e-6)
    assert "left out for imaginary modes: soft" in result.entropy_error.detail
    nearly = replace(getattr(sound, side), imaginary_share_of_mesh=5e-4)
    all_right = replace(beside, crystals={"MgO": replace(sound, **{side: nearly})})
    assert all_right.entropy_error.value == pytest.approx(0.0, abs=1e-6)
    assert "left out" not in all_right.entropy_error.detail


def test_the_asymmetry_is_that_of_exact_rows_where_there_are_any(
    pair_model: Callable[..., Model], sound: Phonons
) -> None:
    [crystal] = examined(pair_model(curvature_smooth=False)).crystals.values()
    assert crystal.method == "central-difference"
    assert crystal.asymmetry < 1e-12
    assert "of differences" not in sound.force_constant_asymmetry.detail
    without = {name: replace(each, routes=None) for name, each in sound.crystals.items()}
    assert "of differences" in replace(sound, crystals=without).force_constant_asymmetry.detail


def test_volumes_that_are_wrong_both_ways_do_not_cancel(beside: Phonons) -> None:
    [sound] = beside.crystals.values()
    given = sound.as_given.volume_A3_per_atom
    crystals = {
        str(factor): replace(
            sound, relaxed=replace(sound.relaxed, volume_A3_per_atom=factor * given)
        )
        for factor in (0.94, 1.08)
    }
    result = replace(beside, crystals=crystals)
    assert result.volume_error.value == pytest.approx(7.0)
    assert "with its sign +1" in result.volume_error.detail
    assert grade(result, "volume_error") == "poor"


CAUGHT = {
    "stretched": "imaginary_as_given",
    "cusped": "rows_against_differences",
    "leaking": "acoustic_sum_rule",
    "tethered": "crystals_failed",
    "turning": "force_constant_asymmetry",
}


@pytest.mark.parametrize("fault", CAUGHT)
def test_a_fault_is_caught(pair_energy: type[Any], fault: str) -> None:
    result = examined(getattr(faulty_crystals, fault)(pair_energy))
    assert result.crystals or fault == "tethered", result.failures
    assert grade(result, CAUGHT[fault]) == "poor"


@pytest.mark.parametrize("name", CAUGHT.values())
def test_a_sound_model_has_none(sound: Phonons, name: str) -> None:
    assert grade(sound, name) == "good"


def test_results_are_written_and_read_and_have_the_figures_of_their_metrics(
    beside: Phonons,
) -> None:
    examination = examination_named("phonons")
    assert decoder(Phonons)(encoder(Phonons)(beside)) == beside
    figures = {figure.name for figure in examination.figures(beside)}
    assert {metric.figure for metric in examination.metrics} <= figures
    assert "bands-MgO" in figures
