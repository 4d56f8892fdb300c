"""Structures as parts of records, and back."""

from typing import Any, cast

import numpy as np
from ase import Atoms
from ase.calculators.singlepoint import SinglePointCalculator
from ase.data import atomic_masses

from nearsight.records.codec import decoder
from nearsight.records.described import plain
from nearsight.records.parts import StructurePart

_KEPT_INFO = ("charge", "spin")


def structure_part(atoms: Atoms, known: Atoms | None = None) -> StructurePart:
    """Return a structure as a part of a record.

    Parameters
    ----------
    atoms
        The structure. What a `SinglePointCalculator` has of it is kept.
    known
        Another one with such a calculator, which counts if it is the same structure.
    """
    results = _results_of(atoms) or (
        _results_of(known) if known is not None and _same(atoms, known) else {}
    )
    info = {name: plain(atoms.info[name]) for name in _KEPT_INFO if name in atoms.info}
    natural = np.array_equal(atoms.get_masses(), atomic_masses[atoms.numbers])
    return cast(
        StructurePart,
        decoder(StructurePart)(
            {
                "symbols": atoms.get_chemical_symbols(),
                "positions_A": atoms.positions.tolist(),
                "cell_A": atoms.cell.array.tolist(),
                "pbc": atoms.pbc.tolist(),
                "masses_amu": None if natural else atoms.get_masses().tolist(),
                "initial_charges_e": _array(atoms, "initial_charges"),
                "initial_magnetic_moments": _array(atoms, "initial_magmoms"),
                "info": info,
                "energy_eV": _energy(results),
                "forces_eV_per_A": _listed(results.get("forces")),
                "stress_eV_per_A3": _listed(results.get("stress")),
            }
        ),
    )


def atoms_of(structure: StructurePart) -> Atoms:
    """Return the structure of a record, with a calculator that answers with what is known of it."""
    atoms = Atoms(
        structure.symbols,
        positions=np.array(structure.positions_A, dtype=np.float64).reshape(-1, 3),
        cell=structure.cell_A,
        pbc=structure.pbc,
        masses=structure.masses_amu,
        charges=structure.initial_charges_e,
        magmoms=structure.initial_magnetic_moments,
        info=dict(structure.info),
    )
    known: dict[str, Any] = {}
    if structure.energy_eV is not None:
        known["energy"] = structure.energy_eV
    if structure.forces_eV_per_A is not None:
        known["forces"] = np.array(structure.forces_eV_per_A, dtype=np.float64)
    if structure.stress_eV_per_A3 is not None:
        known["stress"] = np.array(structure.stress_eV_per_A3, dtype=np.float64)
    if known:
        atoms.calc = SinglePointCalculator(atoms, **known)
    return atoms


def _results_of(atoms: Atoms) -> dict[str, Any]:
    """Return what is known of a structure, without computing anything."""
    if not isinstance(atoms.calc, SinglePointCalculator):
        return {}
    return {
        name: value
        for name in ("energy", "forces", "stress")
        if (value := atoms.calc.results.get(name)) is not None
    }


def _same(atoms: Atoms, other: Atoms) -> bool:
    return (
        len(atoms) == len(other)
        and np.array_equal(atoms.numbers, other.numbers)
        and np.array_equal(atoms.positions, other.positions)
        and np.array_equal(atoms.cell.array, other.cell.array)
        and np.array_equal(atoms.pbc, other.pbc)
    )


def _energy(results: dict[str, Any]) -> float | None:
    energy = results.get("energy")
    return None if energy is None else float(energy)


def _listed(values: Any) -> list[Any] | None:
    return None if values is None else np.asarray(values, dtype=np.float64).tolist()


def _array(atoms: Atoms, name: str) -> list[float] | None:
    if not atoms.has(name) or not np.any(atoms.arrays[name]):
        return None
    return _listed(atoms.arrays[name])
