"""Relaxation that leaves saddle points: along imaginary modes, down to a minimum."""

import os
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
from ase import Atoms

from nearsight.announcing import announces
from nearsight.arrays import FloatArray
from nearsight.hessian.matrix import Hessian
from nearsight.hessian.products.operator import HessianOperator
from nearsight.hessian.reach import pieces_of, reach_of
from nearsight.models.contract import Model
from nearsight.progress import Progress
from nearsight.relaxation import Relaxation, RelaxationSettings, relax
from nearsight.relaxation.report import saddle_warnings
from nearsight.relaxation.result import FollowedMode
from nearsight.relaxation.trajectory import Trajectory
from nearsight.relaxation.volume import volume_warnings
from nearsight.remarks import Remark
from nearsight.structures.rigid_body import rigid_body_basis
from nearsight.vibrations.lowest import LowestModes, lowest_modes, lowest_of
from nearsight.vibrations.wording import name_wavenumbers

MOST_ROUNDS = 5
_DISPLACEMENT_A = 0.1
"""How far the atom moves that a followed mode moves most: out of where forces are too small."""

FLAT_eV = 1e-5
"""A round that lowers the energy of the cell by less has followed noise, such as a molecule that
turns in a box."""


@announces
def relax_to_minimum(
    atoms: Atoms,
    model: Model,
    settings: RelaxationSettings = RelaxationSettings(),
    *,
    most_rounds: int = MOST_ROUNDS,
    memory_budget_bytes: int | None = None,
    hessian_of: Callable[[Atoms], Hessian] | None = None,
    checkpoint: str | os.PathLike[str] | None = None,
    trajectory: str | os.PathLike[str] | None = None,
    progress: Progress | bool | None = None,
) -> Relaxation:
    """Relax, and where the structure then has an imaginary mode, move along it and relax again.

    A relaxation follows forces, which vanish at a saddle point too; an imposed space group can hold
    a structure on one, and is therefore given up where a mode is followed. Only modes of this cell
    are seen: an instability with a longer wave needs a supercell. Where a round lowers the energy
    by less than 10⁻⁵ eV, that is flat, and the structure before the round is kept.

    Parameters
    ----------
    atoms, model, progress, settings
        As for `nearsight.relaxation.relax`.
    most_rounds
        How many modes are followed, one after the other.
    memory_budget_bytes
        As for `HessianOperator`, whose products find the modes, and for `relax`.
    hessian_of
        Computes the Hessian of a relaxed structure, for those who want that of the last one
        anyway: the modes are taken from it then, and no product is spent on them.
    checkpoint
        As for `relax`; the rounds have files of their own beside it, with a suffix.
    trajectory
        As for `relax`; the rounds are one after the other in it.

    Returns
    -------
    Relaxation
        The last one, with the steps of all. ``followed`` has the modes that were followed and what
        that did to the energy, ``imaginary_per_cm`` the imaginary modes that are left, of which
        only the lowest is looked for without a Hessian. Its warnings say both, and whether the
        energy is flat along a mode that is left.

    Raises
    ------
    NearsightError
        What `relax`, `HessianOperator`, `lowest_modes` and `hessian_of` raise.

    Examples
    --------
    >>> from ase.build import bulk
    >>> from nearsight.models import load_model
    >>> from nearsight.vibrations import relax_to_minimum
    >>> relaxation = relax_to_minimum(bulk("Cu", cubic=True, a=3.7), load_model("ase:emt"))
    >>> relaxation.imaginary_per_cm
    ()
    """
    settings = replace(settings, follow_imaginary=False)
    search = _Search(model, memory_budget_bytes, hessian_of, checkpoint, trajectory, progress)
    first = found = search.relaxed(atoms, settings, 0)
    followed: list[FollowedMode] = []

    def ended(last: Relaxation, imaginary_per_cm: FloatArray) -> Relaxation:
        of_volume = volume_warnings(atoms, last.atoms, model, settings.pressure_GPa)
        of_all = (*of_volume, *search.lacking)
        return _from_the_start(last, first, followed, imaginary_per_cm, of_all)

    pieces = pieces_of(found.atoms, reach_of(found.atoms, model))
    if rigid_body_basis(found.atoms, pieces).shape[1] == 3 * len(atoms):
        return ended(found, np.zeros(0))  # a single atom moves as a rigid body only
    for number in range(most_rounds + 1):
        lowest = search.lowest(found.atoms, number)
        imaginary_per_cm = lowest.wavenumbers_per_cm[lowest.imaginary]
        if number == most_rounds or not len(imaginary_per_cm):
            break
        before = found
        freely = replace(settings, symmetrize_A=None)
        found = search.relaxed(displaced_along(lowest), freely, number + 1)
        found = replace(found, n_steps=before.n_steps + found.n_steps)
        gain_eV = before.enthalpy_after_eV - found.enthalpy_after_eV
        if found.converged and gain_eV < FLAT_eV:
            kept = replace(before, n_steps=found.n_steps)
            return _with_flat_mode(ended(kept, imaginary_per_cm), gain_eV)
        followed.append(
            FollowedMode(
                round=number + 1,
                wavenumber_per_cm=float(imaginary_per_cm[0]),
                n_imaginary=len(imaginary_per_cm) if search.knows_all else None,
                energy_gain_eV=gain_eV,
            )
        )
    return _with_modes_left(ended(found, imaginary_per_cm), most_rounds, all_known=search.knows_all)


@dataclass
class _Search:
    """What all rounds of a search share."""

    model: Model
    memory_budget_bytes: int | None
    hessian_of: Callable[[Atoms], Hessian] | None
    checkpoint: str | os.PathLike[str] | None
    trajectory: str | os.PathLike[str] | None
    progress: Progress | bool | None
    lacking: list[Remark] = field(default_factory=list)
    """Which steps are not in the trajectory."""

    @property
    def knows_all(self) -> bool:
        """Whether all modes of a structure are known, and not only the lowest."""
        return self.hessian_of is not None

    def relaxed(self, start: Atoms, settings: RelaxationSettings, number: int) -> Relaxation:
        """Relax once more; round 0 is the first."""
        steps = None if self.trajectory is None else Trajectory(self.trajectory, number)
        found = relax(
            start,
            self.model,
            settings,
            memory_budget_bytes=self.memory_budget_bytes,
            checkpoint=self._file(f".round-{number - 1}" if number else ""),
            trajectory=steps,
            progress=self.progress,
        )
        self.lacking.extend(() if steps is None else steps.remarks)
        return found

    def lowest(self, atoms: Atoms, number: int) -> LowestModes:
        """Return the lowest mode of a structure, or all that its Hessian has."""
        if self.hessian_of is not None:
            return lowest_of(self.hessian_of(atoms), 3 * len(atoms))
        return lowest_modes(
            HessianOperator(atoms, self.model, memory_budget_bytes=self.memory_budget_bytes),
            checkpoint=self._file(f".modes-{number}"),
            progress=self.progress,
        )

    def _file(self, suffix: str) -> Path | None:
        return None if self.checkpoint is None else Path(f"{self.checkpoint}{suffix}")


def displaced_along(lowest: LowestModes) -> Atoms:
    """Return the structure moved along its lowest mode, by 0.1 Å where it moves most."""
    displacements = lowest.modes[0] / np.sqrt(lowest.atoms.get_masses())[:, np.newaxis]
    moved: Atoms = lowest.atoms.copy()
    moved.positions += _DISPLACEMENT_A * displacements / np.linalg.norm(displacements, axis=1).max()
    return moved


def _from_the_start(
    last: Relaxation,
    first: Relaxation,
    followed: list[FollowedMode],
    imaginary_per_cm: FloatArray,
    of_all: tuple[Remark, ...],
) -> Relaxation:
    """Return the last relaxation as one from the very start, with what is known of its modes."""
    settings = {**last.provenance.settings, "follow_imaginary": True}
    answered = saddle_warnings(last.negative_curvature_eV_per_A2)
    last = replace(
        last,
        imaginary_per_cm=tuple(map(float, imaginary_per_cm)),
        warnings=tuple(warning for warning in last.warnings if warning not in answered),
        provenance=replace(last.provenance, settings=settings),
    )
    if not followed:
        return last
    told = "; ".join(_in_words(mode, len(last.atoms)) for mode in followed)
    warning = f"The relaxation ended on a saddle point and followed imaginary modes: {told}."
    return replace(
        last,
        energy_before_eV=first.energy_before_eV,
        volume_before_A3=first.volume_before_A3,
        followed=tuple(followed),
        warnings=tuple(
            dict.fromkeys([Remark("imaginary-modes-followed", warning), *last.warnings, *of_all])
        ),
    )


def _in_words(mode: FollowedMode, n_atoms: int) -> str:
    name = name_wavenumbers(np.array([mode.wavenumber_per_cm]))
    return f"{name}, {-1000 * mode.energy_gain_eV / n_atoms:+.3f} meV/atom"


def _with_flat_mode(found: Relaxation, gain_eV: float) -> Relaxation:
    name = name_wavenumbers(np.array(found.imaginary_per_cm)[:1])
    flat = (
        f"An imaginary mode is left ({name}), but moving along it and relaxing again does not "
        f"lower the energy ({-gain_eV:+.1e} eV): it is flat within the accuracy of the "
        f"relaxation. Use a smaller `fmax_eV_per_A` to tell whether the mode is real."
    )
    return replace(found, warnings=(*found.warnings, Remark("flat-mode", flat)))


def _with_modes_left(found: Relaxation, most_rounds: int, *, all_known: bool) -> Relaxation:
    if not found.imaginary_per_cm:
        return found
    count = len(found.imaginary_per_cm)
    modes = f"{count} imaginary {'mode is' if count == 1 else 'modes are'} left"
    if not all_known:
        modes = "at least one imaginary mode is left"
    rounds = "1 round" if most_rounds == 1 else f"{most_rounds} rounds"
    left = (
        f"The end is a saddle point: after {rounds} {modes} "
        f"({name_wavenumbers(np.array(found.imaginary_per_cm))}). Relax what came out once more, "
        f"or allow more rounds."
    )
    return replace(found, warnings=(*found.warnings, Remark("imaginary-modes", left)))
