import re
from dataclasses import replace

import numpy as np
import pytest

from json_warnings import messages
from nearsight.records.harmonic_verdict import harmonic_verdict
from nearsight.records.results import HarmonicResults
from nearsight.records.verdict import Level
from nearsight.remarks import Remark
from nearsight.vibrations import thermodynamics, vibrations
from nearsight.vibrations.band_structure import BandStructure
from nearsight.vibrations.supercell_convergence import ConvergenceStep, SupercellConvergence
from recorded import record_of


def _levels(entry: HarmonicResults) -> dict[str, Level]:
    return {check.finding: check.level for check in harmonic_verdict(entry).checks}


def test_relaxed_molecule_passes_but_for_what_is_left_out(water_entry: HarmonicResults) -> None:
    levels = _levels(water_entry)
    assert levels.pop("vibrations only") is Level.CAUTION
    assert set(levels.values()) == {Level.GOOD}
    without = replace(water_entry, thermodynamics=None)
    assert harmonic_verdict(without).level is Level.GOOD
    assert "Nothing speaks against" in harmonic_verdict(without).summary


def test_unconverged_relaxation_is_a_problem(water_entry: HarmonicResults) -> None:
    assert water_entry.relaxation is not None
    relaxation = replace(water_entry.relaxation, converged=False)
    entry = replace(water_entry, relaxation=relaxation)
    assert _levels(entry)["relaxation not converged"] is Level.BAD
    assert harmonic_verdict(entry).level is Level.BAD


def test_unrelaxed_is_not_the_same_as_unknown(quartz_entry: HarmonicResults) -> None:
    assert _levels(quartz_entry)["not relaxed"] is Level.CAUTION
    saved = replace(quartz_entry, settings={})
    assert _levels(saved)["relaxation not recorded"] is Level.UNKNOWN
    noted = replace(
        saved, hessian=replace(saved.hessian, warnings=(Remark("energy-rose", "The energy rose."),))
    )
    assert _levels(noted)["structure with warnings"] is Level.CAUTION


def test_warnings_of_a_converged_structure_are_no_praise(water_entry: HarmonicResults) -> None:
    entry = replace(water_entry, thermodynamics=None)
    noted = replace(
        entry,
        hessian=replace(
            entry.hessian, warnings=(Remark("space-group-changed", "The symmetry changed."),)
        ),
    )
    assert _levels(noted)["relaxation converged"] is Level.GOOD
    assert _levels(noted)["structure with warnings"] is Level.CAUTION
    assert harmonic_verdict(noted).short == "with care"


def test_imaginary_modes_are_a_problem(quartz_entry: HarmonicResults) -> None:
    modes = quartz_entry.vibrations
    eigenvalues = np.sort(np.concatenate([[-1e-9], modes.eigenvalues_eV_per_A2_amu[1:]]))
    moved = replace(modes, eigenvalues_eV_per_A2_amu=eigenvalues)
    count = moved.n_imaginary
    found = _levels(replace(quartz_entry, vibrations=moved))
    assert found[f"{count} imaginary mode{'s' if count > 1 else ''}"] is Level.BAD


@pytest.mark.parametrize(
    ("error_eV_per_A2", "level"), [(5e-4, Level.GOOD), (5e-3, Level.CAUTION), (0.2, Level.BAD)]
)
def test_inexact_hessians_are_told_apart(
    quartz_entry: HarmonicResults, error_eV_per_A2: float, level: Level
) -> None:
    matrix = quartz_entry.hessian.matrix_eV_per_A2.copy()
    matrix[0, 0, 1, 2] += error_eV_per_A2
    hessian = replace(quartz_entry.hessian, matrix_eV_per_A2=matrix)
    found = _levels(replace(quartz_entry, hessian=hessian))
    clean = level is Level.GOOD
    assert found["symmetric Hessian" if clean else "asymmetric Hessian"] is level
    assert found["sum rule holds" if clean else "sum rule violated"] is level


def test_an_error_at_the_limit_moves_a_soft_mode_by_a_percent() -> None:
    """The reason of the limit: oxygen at 30 cm⁻¹, its curvature off by 1e-3 eV/Å²."""
    from nearsight.units import eigenvalues_from_wavenumbers, wavenumbers_per_cm

    eigenvalue = eigenvalues_from_wavenumbers([30.0])
    moved = wavenumbers_per_cm(eigenvalue + 1e-3 / 15.999)
    assert moved[0] / 30.0 - 1 == pytest.approx(0.01, abs=0.001)


@pytest.mark.parametrize(
    ("acoustic", "finding", "level"),
    [
        ("exclude", "acoustic modes missing", Level.CAUTION),
        ("classical", "acoustic modes counted", Level.CAUTION),
        ("as-computed", "rigid-body modes as computed", Level.CAUTION),
    ],
)
def test_conventions_are_judged(
    quartz_entry: HarmonicResults, acoustic: str, finding: str, level: Level
) -> None:
    thermal = thermodynamics(quartz_entry.vibrations, 300.0, acoustic)  # type: ignore[arg-type]
    assert _levels(replace(quartz_entry, thermodynamics=thermal))[finding] is level


def test_large_cell_leaves_little_out(quartz_entry: HarmonicResults) -> None:
    """3 of 3·108 modes, all but classical at 300 K; at 10 K they would be most of the motion."""
    atoms = quartz_entry.hessian.atoms.repeat((2, 2, 3))
    large = replace(
        quartz_entry.hessian, atoms=atoms, matrix_eV_per_A2=np.eye(324).reshape(108, 3, 108, 3)
    )
    modes = vibrations(large)
    entry = HarmonicResults("large", large, modes, thermodynamics(modes, 300.0))
    (check,) = [
        c for c in harmonic_verdict(entry).checks if c.finding == "nearly all modes counted"
    ]
    assert check.level is Level.GOOD
    assert "3 of 324 modes" in check.detail
    (percent,) = re.findall(r"([\d.]+) % of the heat capacity at 300 K", check.detail)
    assert 100 * 3 / 324 < float(percent) < 1.1
    cold = replace(entry, thermodynamics=thermodynamics(modes, [300.0, 10.0]))
    assert _levels(cold)["acoustic modes missing"] is Level.CAUTION


def _spoilt(entry: HarmonicResults, source: str) -> HarmonicResults:
    """Return an entry with a warning from one of its parts."""
    hessian = replace(entry.hessian, warnings=())
    clean = replace(entry, hessian=hessian, thermodynamics=None)
    if source == "structure":
        return replace(
            clean, hessian=replace(hessian, warnings=(Remark("contradiction", "Of what?"),))
        )
    if source == "spectrum":
        rigid = clean.vibrations.rigid_body_eigenvalues_eV_per_A2_amu + 1.0
        moved = replace(clean.vibrations, rigid_body_eigenvalues_eV_per_A2_amu=rigid)
        return replace(clean, vibrations=moved)
    if source == "bands":
        bands = BandStructure(
            (), hessian.provenance, (Remark("path-not-definite", "The path depends."),)
        )
        return replace(clean, bands=bands)
    if source == "heat":
        thermal = thermodynamics(clean.vibrations, 300.0, "exclude")
        return replace(
            clean, thermodynamics=replace(thermal, warnings=(Remark("odd-masses", "Something."),))
        )
    if source == "supercells":
        curve = SupercellConvergence(np.array([300.0]), 1e-3, (_STEP, _STEP), False, "no room")
        return replace(clean, convergence=curve)
    raise AssertionError(source)


_STEP = ConvergenceStep((1, 1, 1), 3, np.array([1.0]), None)


@pytest.mark.parametrize("source", ["structure", "spectrum", "bands", "heat", "supercells"])
def test_no_warning_stands_below_praise(water_entry: HarmonicResults, source: str) -> None:
    found = _spoilt(water_entry, source)
    assert found.warnings
    judged = harmonic_verdict(found)
    assert judged.level >= Level.CAUTION
    assert "Nothing" not in judged.summary
    assert "sound" not in judged.short
    assert record_of(found).to_json()["verdict"]["level"] in {"caution", "bad"}


@pytest.mark.parametrize("error_eV_per_A2", [5e-3, 0.2])
def test_what_the_page_doubts_the_terminal_doubts(
    quartz_entry: HarmonicResults, error_eV_per_A2: float
) -> None:
    matrix = quartz_entry.hessian.matrix_eV_per_A2.copy()
    matrix[0, 0, 1, 2] += error_eV_per_A2
    entry = replace(
        quartz_entry,
        hessian=replace(quartz_entry.hessian, matrix_eV_per_A2=matrix, warnings=()),
    )
    doubted = [check for check in harmonic_verdict(entry).checks if check.is_warning]
    own = [check for check in doubted if not check.said]
    assert {check.finding for check in own} >= {
        "asymmetric Hessian",
        "sum rule violated",
        "not relaxed",
    }
    for check in own:
        [_] = [text for text in entry.warnings if text.startswith(f"{check.finding}: ")]
    assert messages(record_of(entry).to_json()) == list(entry.warnings)
    assert len(entry.warnings) >= len(own)


def test_every_doubt_has_a_warning_and_every_warning_a_doubt(
    quartz_entry: HarmonicResults, water_entry: HarmonicResults
) -> None:
    for entry in (quartz_entry, water_entry):
        for acoustic in ("exclude", "classical", "as-computed"):
            for temperatures in ([300.0], [1.0, 300.0]):
                thermal = thermodynamics(entry.vibrations, temperatures, acoustic)
                judged = replace(entry, thermodynamics=thermal)
                doubts = [check for check in harmonic_verdict(judged).checks if check.is_warning]
                assert bool(doubts) == bool(judged.warnings)
                assert len(judged.warnings) >= len(doubts)
