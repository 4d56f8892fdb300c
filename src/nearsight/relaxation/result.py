"""What a relaxation found."""

import os
from dataclasses import asdict, dataclass
from typing import Any

from ase import Atoms

from nearsight.provenance import Provenance
from nearsight.remarks import Remark, remarks_from_json, remarks_to_json
from nearsight.storage import (
    atoms_from_arrays,
    atoms_to_arrays,
    load_archive,
    rebuilds,
    save_archive,
)
from nearsight.units import EV_PER_A3_IN_GPA


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
class Relaxation:
    """A relaxed structure, and how far the relaxation got."""

    atoms: Atoms
    """The last structure, without calculator and constraints."""
    converged: bool
    """Forces and, with a free cell, the virial per atom are below the threshold."""
    n_steps: int
    """Steps in all, those of interrupted runs included."""
    fmax_eV_per_A: float
    """The largest force on an atom of `atoms`, as the model gives it."""
    max_stress_eV_per_A3: float | None
    """The largest component of the stress of `atoms`; None for a fixed cell."""
    energy_before_eV: float
    """Energy of the structure as given."""
    energy_after_eV: float
    volume_before_A3: float | None
    """None unless periodic in three directions."""
    volume_after_A3: float | None
    symmetry: KeptSymmetry | None
    """None if no symmetry was imposed."""
    warnings: tuple[Remark, ...]
    """What must be known before these numbers are used."""
    provenance: Provenance

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
    def energy_change_eV_per_atom(self) -> float:
        """What the relaxation, symmetrising included, did to the energy."""
        return (self.energy_after_eV - self.energy_before_eV) / len(self.atoms)

    @property
    def volume_change(self) -> float | None:
        """Relative change of the volume."""
        if self.volume_before_A3 is None or self.volume_after_A3 is None:
            return None
        return self.volume_after_A3 / self.volume_before_A3 - 1.0

    def summary(self) -> dict[str, Any]:
        """Return the ``relaxation`` object of the JSON output."""
        return {
            "converged": self.converged,
            "steps": self.n_steps,
            "fmax_eV_per_A": self.fmax_eV_per_A,
            "max_stress_GPa": self.max_stress_GPa,
            "optimizer": self.optimizer,
            "energy_before_eV": self.energy_before_eV,
            "energy_after_eV": self.energy_after_eV,
            "energy_change_eV_per_atom": self.energy_change_eV_per_atom,
            "volume_before_A3": self.volume_before_A3,
            "volume_after_A3": self.volume_after_A3,
            "volume_change": self.volume_change,
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
            "energy_before_eV": self.energy_before_eV,
            "energy_after_eV": self.energy_after_eV,
            "volume_before_A3": self.volume_before_A3,
            "volume_after_A3": self.volume_after_A3,
            "symmetry": None if self.symmetry is None else asdict(self.symmetry),
            "warnings": remarks_to_json(self.warnings),
            "provenance": self.provenance.to_json(),
        }
        save_archive(path, "relaxation", header, atoms_to_arrays(self.atoms))

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
        symmetry = header["symmetry"]
        return cls(
            atoms=atoms_from_arrays(arrays),
            converged=header["converged"],
            n_steps=header["n_steps"],
            fmax_eV_per_A=header["fmax_eV_per_A"],
            max_stress_eV_per_A3=header["max_stress_eV_per_A3"],
            energy_before_eV=header["energy_before_eV"],
            energy_after_eV=header["energy_after_eV"],
            volume_before_A3=header["volume_before_A3"],
            volume_after_A3=header["volume_after_A3"],
            symmetry=None if symmetry is None else KeptSymmetry(**symmetry),
            warnings=remarks_from_json(header["warnings"]),
            provenance=Provenance.from_json(header["provenance"]),
        )
