"""What a relaxation found."""

import os
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from ase import Atoms
from ase.calculators.singlepoint import SinglePointCalculator
from numpy.typing import NDArray

from nearsight.archives import require_numbers
from nearsight.notebooks import ShownInNotebooks
from nearsight.provenance import Provenance
from nearsight.relaxation.near_symmetry import NearSymmetry
from nearsight.remarks import Remark, remarks_from_json, remarks_to_json
from nearsight.result_archives import (
    atoms_from_arrays,
    atoms_to_arrays,
    load_archive,
    rebuilds,
    save_archive,
)
from nearsight.structures.naming import count_warnings, name_structure, paragraph
from nearsight.units import EV_PER_A3_IN_GPA

_RESULTS = {"forces_eV_per_A": "forces", "stress_eV_per_A3": "stress"}
"""Arrays of a saved relaxation, and what ASE calls them."""


@dataclass(frozen=True)
class KeptSymmetry:
    """The space group that was imposed, and what imposing it did."""

    tolerance_A: float
    number_before: int
    """Space group of the structure as given, within 1e-5 Å."""
    symbol_before: str
    number_imposed: int
    """Space group after the positions and the cell were averaged over it, within 1e-5 Å."""
    symbol_imposed: str
    number_after: int
    """Space group of the relaxed structure, within 1e-5 Å."""
    symbol_after: str
    max_displacement_A: float
    """The longest way an atom went when the group was imposed."""
    max_strain: float
    """The largest principal strain of the cell when the group was imposed."""
    energy_imposed_eV: float
    """Energy of the cell after the group was imposed and before the relaxation."""
    energy_change_eV_per_atom: float
    """What imposing the group did to the energy of the structure as given."""


@dataclass(frozen=True)
class RefinedSymmetry:
    """The larger space group onto which a relaxed structure was moved, and what that did."""

    tolerance_A: float
    number_before: int
    """Space group of what had been relaxed, within 1e-5 Å."""
    symbol_before: str
    number_after: int
    """Space group of the result, within 1e-5 Å."""
    symbol_after: str
    max_displacement_A: float
    """The longest way an atom went."""
    max_strain: float
    """The largest principal strain of the cell."""
    energy_change_eV_per_atom: float
    """What it did to the energy."""

    def summary(self) -> dict[str, Any]:
        """Return it as JSON values."""
        return {
            "tolerance_A": self.tolerance_A,
            "space_group_before": self.symbol_before,
            "space_group": self.symbol_after,
            "max_displacement_A": self.max_displacement_A,
            "max_strain": self.max_strain,
            "energy_change_eV_per_atom": self.energy_change_eV_per_atom,
        }


@dataclass(frozen=True)
class FollowedMode:
    """An imaginary mode along which a saddle point was left for a lower one or a minimum."""

    round: int
    """Counted from 1: how often modes were looked for before, and this one included."""
    wavenumber_per_cm: float
    """Of the mode, negative as that of every imaginary one."""
    n_imaginary: int | None
    """Imaginary modes of the saddle point; None where only the lowest mode was looked for."""
    energy_gain_eV: float
    """By how much the energy of the cell, or its enthalpy under a pressure, fell."""


@dataclass(frozen=True)
class Relaxation(ShownInNotebooks):
    """A relaxed structure, and how far the relaxation got."""

    atoms: Atoms
    """The last structure, without constraints.

    A `SinglePointCalculator` answers with the model's energy, forces and, if the cell was relaxed,
    stress of it."""
    converged: bool
    """Forces and, with a cell that is relaxed, the virial per atom are below the threshold."""
    n_steps: int
    """Steps in all, those of interrupted runs included."""
    fmax_eV_per_A: float
    """The largest force on an atom of `atoms`, as the model gives it."""
    max_stress_eV_per_A3: float | None
    """The largest component of the stress of `atoms` beyond the pressure; None for a fixed cell."""
    pressure_eV_per_A3: float | None
    """The pressure of `atoms`, minus the mean of the stress' diagonal; None for a fixed cell."""
    target_pressure_GPa: float
    """The pressure under which it was relaxed."""
    energy_before_eV: float
    """Energy of the structure as given."""
    energy_after_eV: float
    volume_before_A3: float | None
    """None unless periodic in three directions."""
    volume_after_A3: float | None
    symmetry: KeptSymmetry | None
    """None if no symmetry was imposed."""
    refined: RefinedSymmetry | None
    """None unless the relaxed structure was moved onto a larger group."""
    near_symmetry: NearSymmetry | None
    """What it nearly is; None if no rows of its Hessian would follow from that."""
    negative_curvature_eV_per_A2: float | None
    """Along a step just before the end, as ``newton`` saw it; None if it saw none."""
    followed: tuple[FollowedMode, ...]
    """What `relax_to_minimum` followed, in its order."""
    imaginary_per_cm: tuple[float, ...] | None
    """Wavenumbers of imaginary modes that are known of `atoms`; None if nobody has looked."""
    warnings: tuple[Remark, ...]
    """What must be known before these numbers are used."""
    provenance: Provenance

    def __repr__(self) -> str:
        of = f"{name_structure(self.atoms)} by {self.provenance.model.name}"
        end = "converged" if self.converged else "NOT CONVERGED"
        steps = f"{end} after {self.n_steps} step{'' if self.n_steps == 1 else 's'}"
        force = f"largest force {self.fmax_eV_per_A:.3g} eV/Å"
        change = f"energy {1000 * self.energy_change_eV_per_atom:+.2f} meV/atom"
        volume = "" if self.volume_change is None else f"volume {100 * self.volume_change:+z.2f} %"
        return paragraph(self, of, steps, force, change, volume, count_warnings(self.warnings))

    @property
    def optimizer(self) -> str:
        """What took the steps."""
        return str(self.provenance.settings["optimizer"])

    @property
    def max_stress_GPa(self) -> float | None:
        """The largest component of the stress in GPa."""
        stress = self.max_stress_eV_per_A3
        return None if stress is None else stress * EV_PER_A3_IN_GPA

    @property
    def pressure_GPa(self) -> float | None:
        """The pressure of `atoms` in GPa."""
        pressure = self.pressure_eV_per_A3
        return None if pressure is None else pressure * EV_PER_A3_IN_GPA

    @property
    def enthalpy_before_eV(self) -> float:
        """E + pV of the structure as given, at the pressure under which it was relaxed."""
        return self.energy_before_eV + self._work_eV(self.volume_before_A3)

    @property
    def enthalpy_after_eV(self) -> float:
        """E + pV of `atoms`, at the pressure under which it was relaxed."""
        return self.energy_after_eV + self._work_eV(self.volume_after_A3)

    @property
    def energy_change_eV_per_atom(self) -> float:
        """What the relaxation, symmetrising included, did to the energy."""
        return (self.energy_after_eV - self.energy_before_eV) / len(self.atoms)

    @property
    def volume_change(self) -> float | None:
        """Relative change of the volume."""
        if self.volume_before_A3 is None or self.volume_after_A3 is None:
            return None
        return self.volume_after_A3 / self.volume_before_A3 - 1.0

    def _work_eV(self, volume_A3: float | None) -> float:
        # Only what has a volume is relaxed under a pressure.
        return self.target_pressure_GPa / EV_PER_A3_IN_GPA * (volume_A3 or 0.0)

    def summary(self) -> dict[str, Any]:
        """Return the ``relaxation`` object of the JSON output."""
        return {
            "converged": self.converged,
            "steps": self.n_steps,
            "fmax_eV_per_A": self.fmax_eV_per_A,
            "max_stress_GPa": self.max_stress_GPa,
            "pressure_GPa": self.pressure_GPa,
            "target_pressure_GPa": self.target_pressure_GPa,
            "optimizer": self.optimizer,
            "energy_before_eV": self.energy_before_eV,
            "energy_after_eV": self.energy_after_eV,
            "energy_change_eV_per_atom": self.energy_change_eV_per_atom,
            "volume_before_A3": self.volume_before_A3,
            "volume_after_A3": self.volume_after_A3,
            "volume_change": self.volume_change,
            "followed": [asdict(mode) for mode in self.followed],
            "imaginary_per_cm": None
            if self.imaginary_per_cm is None
            else list(self.imaginary_per_cm),
            "negative_curvature_eV_per_A2": self.negative_curvature_eV_per_A2,
            "refined": None if self.refined is None else self.refined.summary(),
            "near_symmetry": None if self.near_symmetry is None else self.near_symmetry.summary(),
        }

    def save(self, path: str | os.PathLike[str]) -> None:
        """Save to `path`; an older file there stays intact if that fails.

        Raises
        ------
        StorageError
            The file cannot be written.
        """
        header = {
            "converged": self.converged,
            "n_steps": self.n_steps,
            "fmax_eV_per_A": self.fmax_eV_per_A,
            "max_stress_eV_per_A3": self.max_stress_eV_per_A3,
            "pressure_eV_per_A3": self.pressure_eV_per_A3,
            "target_pressure_GPa": self.target_pressure_GPa,
            "energy_before_eV": self.energy_before_eV,
            "energy_after_eV": self.energy_after_eV,
            "volume_before_A3": self.volume_before_A3,
            "volume_after_A3": self.volume_after_A3,
            "symmetry": _plain(self.symmetry),
            "refined": _plain(self.refined),
            "near_symmetry": _plain(self.near_symmetry),
            "negative_curvature_eV_per_A2": self.negative_curvature_eV_per_A2,
            "followed": [asdict(mode) for mode in self.followed],
            "imaginary_per_cm": self.imaginary_per_cm,
            "warnings": remarks_to_json(self.warnings),
            "provenance": self.provenance.to_json(),
        }
        results = {} if self.atoms.calc is None else self.atoms.calc.results
        arrays = atoms_to_arrays(self.atoms)
        for name, key in _RESULTS.items():
            if key in results:
                arrays[name] = results[key]
        save_archive(path, "relaxation", header, arrays)

    @classmethod
    @rebuilds("relaxation")
    def load(cls, path: str | os.PathLike[str]) -> "Relaxation":
        """Load what `save` wrote.

        Raises
        ------
        CheckpointError
            The file is missing, damaged, or something else.
        """
        header, arrays = load_archive(path, "relaxation")
        symmetry, refined, near = (
            header[name] for name in ("symmetry", "refined", "near_symmetry")
        )
        imaginary = header["imaginary_per_cm"]
        atoms = atoms_from_arrays(arrays)
        shapes = {"forces_eV_per_A": (len(atoms), 3), "stress_eV_per_A3": (6,)}
        for name in _RESULTS.keys() & arrays.keys():
            require_numbers(arrays, name, shapes[name])
        if "forces_eV_per_A" in arrays:
            atoms.calc = results_as_calculator(
                atoms,
                header["energy_after_eV"],
                arrays["forces_eV_per_A"],
                arrays.get("stress_eV_per_A3"),
            )
        return cls(
            atoms=atoms,
            converged=header["converged"],
            n_steps=header["n_steps"],
            fmax_eV_per_A=header["fmax_eV_per_A"],
            max_stress_eV_per_A3=header["max_stress_eV_per_A3"],
            pressure_eV_per_A3=header["pressure_eV_per_A3"],
            target_pressure_GPa=header["target_pressure_GPa"],
            energy_before_eV=header["energy_before_eV"],
            energy_after_eV=header["energy_after_eV"],
            volume_before_A3=header["volume_before_A3"],
            volume_after_A3=header["volume_after_A3"],
            symmetry=None if symmetry is None else KeptSymmetry(**symmetry),
            refined=None if refined is None else RefinedSymmetry(**refined),
            near_symmetry=None if near is None else NearSymmetry(**near),
            negative_curvature_eV_per_A2=header["negative_curvature_eV_per_A2"],
            followed=tuple(FollowedMode(**mode) for mode in header["followed"]),
            imaginary_per_cm=None if imaginary is None else tuple(imaginary),
            warnings=remarks_from_json(header["warnings"]),
            provenance=Provenance.from_json(header["provenance"]),
        )


def results_as_calculator(
    atoms: Atoms,
    energy_eV: float,
    forces_eV_per_A: NDArray[np.float64],
    stress_eV_per_A3: NDArray[np.float64] | None,
) -> SinglePointCalculator:
    """Return what answers with these numbers while the atoms stay where they are."""
    results: dict[str, Any] = {"energy": energy_eV, "forces": forces_eV_per_A}
    if stress_eV_per_A3 is not None:
        results["stress"] = stress_eV_per_A3
    return SinglePointCalculator(atoms, **results)


def _plain(value: Any) -> dict[str, Any] | None:
    return None if value is None else asdict(value)
