"""What `repr` says of results: a paragraph for people, and no arrays."""

from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass, replace
from typing import Any

import numpy as np
import pytest
from ase import Atoms

from nearsight.records import Record
from nearsight.records.results import ElasticResults, HarmonicResults, ProbedResults
from nearsight.vibrations.density_of_states import density_of_states
from nearsight.vibrations.supercell_convergence import ConvergenceStep, SupercellConvergence


def _results_in(value: Any, depth: int = 0) -> Iterator[Any]:
    """Yield results that hold arrays or atoms, at any depth."""
    if is_dataclass(value) and depth < 6:
        values = [getattr(value, field.name) for field in fields(value)]
        if any(isinstance(each, np.ndarray | Atoms) for each in values):
            yield value
        for each in values:
            yield from _results_in(each, depth + 1)
    if isinstance(value, tuple):
        for each in value[:2]:
            yield from _results_in(each, depth + 1)


_INNER = {
    "BandSegment",
    "CellSymmetry",
    "Counts",
    "Evaluation",
    "FunctionStatistics",
    "Image",
    "Layer",
    "Pieces",
    "Samples",
    "Site",
    "Split",
    "StepSizes",
}
"""Parts of results that nobody is given by themselves."""


def test_repr_of_results_is_a_short_paragraph(records: Mapping[str, Record]) -> None:
    seen = set()
    for record in records.values():
        results = getattr(record, "results", None)
        if results is None:
            continue
        assert len(repr(results)) < 200
        for result in _results_in(results):
            if type(result).__name__ in _INNER:
                continue
            text = repr(result)
            assert text.startswith(f"<{type(result).__name__} of "), text
            assert len(text) < 300, text
            assert "\n" not in text
            assert "array" not in text
            assert "Atoms(" not in text
            seen.add(type(result).__name__)
    assert seen >= {
        "Hessian",
        "ForceConstants",
        "Vibrations",
        "PhononMesh",
        "Relaxation",
        "Thermodynamics",
        "ProbedHeatCapacity",
        "ElasticTensor",
        "GeneralisedHessian",
        "Locality",
        "MolecularThermochemistry",
    }


def test_repr_says_the_numbers(
    phonons: HarmonicResults, probed: ProbedResults, elastic: ElasticResults
) -> None:
    hessian, thermal, mesh = phonons.hessian, phonons.thermodynamics, phonons.phonons
    assert thermal is not None
    assert mesh is not None
    assert f"asymmetry {hessian.asymmetry_eV_per_A2:.1e} eV/Å²" in repr(hessian)
    assert "Cu (1 atom) by ase:emt" in repr(hessian)
    assert f"c_v {thermal.heat_capacity_J_per_g_K[0]:.4f} J/(g K) at 100 K" in repr(thermal)
    assert f"zero-point energy {thermal.zero_point_energy_eV:.4f} eV" in repr(thermal)
    assert "mesh 4×4×4" in repr(mesh)
    assert "supercell 2×2×2, 32 atoms" in repr(phonons.force_constants)
    assert f"largest force {phonons.relaxation.fmax_eV_per_A:.3g} eV/Å" in repr(phonons.relaxation)
    assert f"{probed.heat.n_products} products" in repr(probed.heat)
    assert f"bulk modulus {elastic.tensor.moduli.bulk_GPa.hill:.2f} GPa" in repr(elastic.tensor)


def test_repr_says_what_went_wrong(phonons: HarmonicResults, elastic: ElasticResults) -> None:
    assert phonons.relaxation is not None
    assert "NOT CONVERGED" in repr(replace(phonons.relaxation, converged=False))
    assert "unstable" in repr(replace(elastic.tensor, stability="unstable"))
    step = ConvergenceStep(np.eye(3, dtype=np.int64), 4, np.array([1.0]), None)
    curve = SupercellConvergence(np.array([300.0]), 1e-3, (step,), False, "no room")
    assert "NOT CONVERGED to 0.001 (no room)" in repr(curve)


def test_repr_of_nothing_is_possible(nitrogen: HarmonicResults) -> None:
    thermal, modes = nitrogen.thermodynamics, nitrogen.vibrations
    assert thermal is not None
    empty = {
        name: np.array([])
        for name in (
            "temperatures_K",
            "heat_capacity_eV_per_K",
            "internal_energy_eV",
            "free_energy_eV",
            "entropy_eV_per_K",
        )
    }
    assert "no temperatures" in repr(replace(thermal, **empty))
    none = replace(modes, eigenvalues_eV_per_A2_amu=np.array([]), modes=np.zeros((0, 2, 3)))
    assert "0 modes; 0 imaginary" in repr(none)
    assert "points" in repr(density_of_states(modes))


@pytest.mark.parametrize("n_atoms", [1, 2])
def test_one_atom_is_not_many(n_atoms: int) -> None:
    from nearsight.structures.naming import name_structure

    named = name_structure(Atoms(["H"] * n_atoms, positions=np.eye(3)[:n_atoms]))
    assert named == ("H (1 atom)" if n_atoms == 1 else "H2 (2 atoms)")
