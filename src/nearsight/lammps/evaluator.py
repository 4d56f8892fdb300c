"""What a model says of the atoms in LAMMPS, in LAMMPS' units."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from ase import Atoms

from nearsight.arrays import FloatArray
from nearsight.errors import MissingPropertyError
from nearsight.lammps.owned_atoms import Present
from nearsight.lammps.unit_styles import UnitStyle
from nearsight.models.contract import Evaluation, Model, forces_of
from nearsight.models.extrapolation import n_extrapolating
from nearsight.models.given_pairs import pairs_while_moving
from nearsight.remarks import Remark

logger = logging.getLogger("nearsight.lammps")

_FROM_VOIGT = [0, 1, 2, 5, 4, 3]
"""Where the components xx, yy, zz, xy, xz, yz of LAMMPS are in ASE's order."""


@dataclass(frozen=True, eq=False)
class Answer:
    """Energy, forces and virial in the units of LAMMPS."""

    energy: float
    forces: FloatArray
    """Shape ``(n_atoms, 3)``."""
    virial: FloatArray
    """Shape ``(6,)``, in LAMMPS' order; NaN where there is none."""
    atomic_energies: FloatArray | None
    """Shape ``(n_atoms,)``; None for a model without them."""

    def by_rank(self, present: Present) -> "list[Answer]":
        """Return what concerns the atoms of each rank, in its order."""
        forces = present.by_rank(self.forces)
        energies: Sequence[FloatArray | None] = (
            [None] * len(forces)
            if self.atomic_energies is None
            else present.by_rank(self.atomic_energies)
        )
        return [
            replace(self, forces=own, atomic_energies=own_energies)
            for own, own_energies in zip(forces, energies, strict=True)
        ]


class Evaluator:
    """A model that answers LAMMPS.

    Parameters
    ----------
    model
        The model.
    units
        Those of LAMMPS.
    forces
        Whether it gives forces and virials; else these are NaN.
    """

    def __init__(self, model: Model, units: UnitStyle, *, forces: bool = True) -> None:
        self.model = model
        self.units = units
        self.n_calls = 0
        """How often the model was asked."""
        self.n_extrapolated = 0
        """How often atoms were outside of what it was trained on, as far as it knows."""
        self._forces = forces
        self._pairs = pairs_while_moving(model)
        self._has_stress = True
        self._has_said_so = False

    @property
    def n_searches(self) -> int | None:
        """How often pairs were searched anew; None for a model that finds its own."""
        return None if self._pairs is None else self._pairs.n_searches

    def answer(self, atoms: Atoms, *, box_changes: bool) -> Answer:
        """Evaluate the model.

        Parameters
        ----------
        atoms
            The atoms that take part.
        box_changes
            Whether the box follows the virial, which must be known then.

        Raises
        ------
        ModelError
            The model does not know an element, answered with no number, or has no stress and
            `box_changes`.
        """
        if len(atoms) == 0:
            return Answer(0.0, np.zeros((0, 3)), np.zeros(6), np.zeros(0))
        self.n_calls += 1
        evaluation = self._evaluated(atoms, box_changes=box_changes)
        self.n_extrapolated += bool(n_extrapolating(evaluation))
        unit_eV = self.units.energy_eV
        atomic_eV = evaluation.atomic_energies_eV
        if self._forces:
            forces, virial_eV = forces_of(evaluation), self._virial_eV(atoms, evaluation)
        else:
            forces, virial_eV = np.full((len(atoms), 3), np.nan), np.full(6, np.nan)
        return Answer(
            energy=evaluation.energy_eV / unit_eV,
            forces=forces / unit_eV,
            virial=virial_eV / unit_eV,
            atomic_energies=None if atomic_eV is None else atomic_eV / unit_eV,
        )

    @property
    def remarks(self) -> tuple[Remark, ...]:
        """What must be known before numbers are used that LAMMPS made of the answers."""
        if not self.n_extrapolated:
            return ()
        said = (
            f"in {self.n_extrapolated} of {self.n_calls} calls atoms were outside of what "
            f"{self.model.identity.name} was trained on: their energies and forces were "
            f"extrapolated, and may have been anything. Train it on such structures, too."
        )
        return (Remark("extrapolated", said),)

    def energy_alone_eV(self, molecule: Atoms) -> float:
        """Return the energy of a molecule in no box, in eV.

        Raises
        ------
        ModelError
            See `Model.evaluate`.
        """
        [evaluation] = self.model.evaluate([molecule], forces=False)
        return evaluation.energy_eV

    def _evaluated(self, atoms: Atoms, *, box_changes: bool) -> Evaluation:
        pairs = None if self._pairs is None else [self._pairs.of(atoms)]
        if not self._forces:
            return self.model.evaluate([atoms], forces=False, pairs=pairs)[0]
        if atoms.pbc.all() and (self._has_stress or box_changes):
            try:
                return self.model.evaluate([atoms], stress=True, pairs=pairs)[0]
            except MissingPropertyError as error:
                if box_changes:
                    raise MissingPropertyError(
                        f"{error} LAMMPS changes the box by the pressure here, which needs it; "
                        f"use a fix that keeps the box, such as nvt, or another model."
                    ) from error
                self._has_stress = False
        return self.model.evaluate([atoms], pairs=pairs)[0]

    def _virial_eV(self, atoms: Atoms, evaluation: Evaluation) -> FloatArray:
        """Return the virial -V σ, of atoms in no periodic box the sum of r f."""
        if evaluation.stress_eV_per_A3 is not None:
            virial: FloatArray = -atoms.get_volume() * evaluation.stress_eV_per_A3[_FROM_VOIGT]
            return virial
        if not atoms.pbc.any():
            moments = atoms.positions.T @ forces_of(evaluation)
            return np.array([moments[row, column] for row, column in _COMPONENTS])
        self._say_that_pressures_are_nan(atoms)
        return np.full(6, np.nan)

    def _say_that_pressures_are_nan(self, atoms: Atoms) -> None:
        if not self._has_said_so:
            self._has_said_so = True
            reason = (
                f"{self.model.identity.name} has no stress"
                if atoms.pbc.all()
                else "a box that is periodic in one or two directions has no stress"
            )
            logger.warning("%s: every pressure of LAMMPS is nan", reason)


_COMPONENTS = ((0, 0), (1, 1), (2, 2), (0, 1), (0, 2), (1, 2))
