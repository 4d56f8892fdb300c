"""Growing the supercell of the force constants until the heat capacity stops moving."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic, TypeVar

import numpy as np
from ase import Atoms
from numpy.typing import NDArray

from nearsight.announcing import announce
from nearsight.charts.chart import N_DASHES, Axis, Chart, Limit, Line, Mark, Points
from nearsight.charts.on_axes import draw
from nearsight.errors import MemoryBudgetError, MethodError, StructureError
from nearsight.notebooks import ShownInNotebooks
from nearsight.remarks import Remark
from nearsight.structures.naming import paragraph
from nearsight.structures.reduced_cell import cell_widths_A
from nearsight.structures.supercell import (
    name_supercell,
    supercell_for_length,
    supercell_setting,
)
from nearsight.vibrations.phonon_mesh import PhononMesh
from nearsight.vibrations.thermodynamic_functions import Thermodynamics

if TYPE_CHECKING:
    from nearsight.charts.on_axes import Axes

Kept = TypeVar("Kept")

_SMALLEST_LENGTH_A = 5.0
_MAX_SUPERCELLS = 8


@dataclass(frozen=True)
class ConvergenceStep:
    """One supercell and what came out."""

    matrix: NDArray[np.int64]
    """Supercell vectors (rows) in units of those of the unit cell, shape ``(3, 3)``."""
    n_atoms: int
    heat_capacity_J_per_g_K: NDArray[np.float64]
    """Shape ``(n_temperatures,)``."""
    boundary_eV_per_A2: float | None
    """Largest force constants left at its boundary."""


@dataclass(frozen=True)
class SupercellConvergence(ShownInNotebooks):
    """The heat capacity over growing supercells of the force constants."""

    temperatures_K: NDArray[np.float64]
    tolerance: float
    """Largest relative change between two supercells that counts as none."""
    steps: tuple[ConvergenceStep, ...]
    converged: bool
    """Whether the last two supercells agree within the tolerance at every temperature."""
    stopped: str
    """Why no larger supercell was tried."""

    def __repr__(self) -> str:
        largest = self.steps[-1]
        end = "converged" if self.converged else "NOT CONVERGED"
        of = f"{len(self.steps)} supercells up to {largest.n_atoms} atoms"
        return paragraph(self, of, f"{end} to {self.tolerance:g} ({self.stopped})")

    @property
    def warnings(self) -> tuple[Remark, ...]:
        """What makes the result doubtful; empty if it is converged."""
        if self.converged:
            return ()
        said = (
            f"the heat capacity did not converge to {self.tolerance:g} over supercells up to "
            f"{name_supercell(self.steps[-1].matrix)}: {self.stopped}."
        )
        return (Remark("supercell-not-converged", said),)

    @property
    def changes(self) -> NDArray[np.float64]:
        """Heat capacities over that of the last supercell, less 1, ``(n_steps, n_temperatures)``.

        0 where nothing vibrates, at 0 K.
        """
        values = np.array([step.heat_capacity_J_per_g_K for step in self.steps])
        ratios = np.ones_like(values)
        np.divide(values, values[-1], out=ratios, where=values[-1] > 0)
        return ratios - 1

    def summary(self) -> dict[str, Any]:
        """Return the ``convergence`` object of the JSON output."""
        return {
            "tolerance": self.tolerance,
            "converged": self.converged,
            "stopped": self.stopped,
            "steps": [
                {
                    "supercell": supercell_setting(step.matrix),
                    "n_atoms": step.n_atoms,
                    "J_per_g_K": step.heat_capacity_J_per_g_K.tolist(),
                    "boundary_eV_per_A2": step.boundary_eV_per_A2,
                }
                for step in self.steps
            ],
        }

    def plot(self, ax: "Axes", name: str = "") -> None:
        """Draw the heat capacity over the number of atoms into `ax`; `name` begins each label."""
        draw(self.chart(name), ax)

    def chart(self, name: str = "") -> Chart:
        """Return how c_v changes, relative to the last supercell; `name` begins each label."""
        n_atoms = np.array([step.n_atoms for step in self.steps], dtype=np.float64)
        tolerance = 100 * self.tolerance
        widest = 1.15 * max(100 * float(np.abs(self.changes).max()), tolerance)
        margin = 0.06 * float(np.ptp(n_atoms)) or 1.0
        marks: list[Mark] = [Limit(-tolerance), Limit(tolerance)]
        vibrating = self.steps[-1].heat_capacity_J_per_g_K > 0  # nothing does at 0 K
        for index, place in enumerate(np.flatnonzero(vibrating).tolist()):
            temperature, changes = self.temperatures_K[place], 100 * self.changes[:, place]
            notes = [
                f"{int(n)} atoms, {temperature:g} K: {change:+.3f} %"
                for n, change in zip(n_atoms, changes, strict=True)
            ]
            label = f"{name}{temperature:g} K"
            marks += [
                Line(n_atoms, changes, label, dash=index % N_DASHES, width=2.0),
                Points(n_atoms, changes, label, notes=notes),
            ]
        return Chart(
            "Convergence with the supercell",
            Axis("atoms in the supercell", n_atoms[0] - margin, n_atoms[-1] + margin),
            Axis("change of cᵥ / %", -widest, widest),
            tuple(marks),
            f"Heat capacity relative to that of the largest supercell, for supercells of "
            f"{', '.join(f'{each:.0f}' for each in n_atoms)} atoms; dashed: the tolerance of "
            f"{tolerance:g} %.",
        )


@dataclass(frozen=True)
class Attempt(Generic[Kept]):
    """What one supercell gave: phonons, heat, and whatever the caller keeps of it."""

    phonons: PhononMesh
    thermodynamics: Thermodynamics
    kept: Kept


def converge_supercell(
    atoms: Atoms, attempt: Callable[[NDArray[np.int64]], Attempt[Kept]], tolerance: float
) -> tuple[Attempt[Kept], SupercellConvergence]:
    """Grow the supercell until the heat capacity changes by no more than `tolerance`.

    Parameters
    ----------
    atoms
        The unit cell.
    attempt
        Computes phonons and heat capacity from the force constants of a supercell, which is given
        as a matrix ``(3, 3)`` of whole numbers, and returns them as an `Attempt`.
    tolerance
        Largest relative change at any temperature between two supercells, such as 0.001.

    Returns
    -------
    tuple
        What the largest supercell gave, and the curve. The curve says if memory ran out, or
        too many supercells were tried, before it was flat.

    Raises
    ------
    MethodError
        The tolerance is not positive.
    StructureError
        The structure is no crystal.
    MemoryBudgetError
        Not even the smallest supercell fits.

    Examples
    --------
    >>> from ase.build import bulk
    >>> from nearsight.hessian import force_constants
    >>> from nearsight.models import load_model
    >>> from nearsight.vibrations import Attempt, converge_supercell, phonon_mesh, thermodynamics
    >>> copper, model = bulk("Cu"), load_model("ase:emt")
    >>> def attempt(supercell):
    ...     constants = force_constants(copper, model, supercell)
    ...     mesh = phonon_mesh(constants, (4, 4, 4))
    ...     return Attempt(mesh, thermodynamics(mesh, 300.0), kept=constants)
    ...
    >>> largest, convergence = converge_supercell(copper, attempt, tolerance=0.01)
    >>> convergence.converged
    True
    >>> print(f"{largest.thermodynamics.heat_capacity_J_per_g_K[0]:.3f} J/(g K)")
    0.370 J/(g K)
    """
    if not 0.0 < tolerance < np.inf:
        raise MethodError(f"a tolerance of {tolerance} makes no sense; choose e.g. 0.001.")
    if not atoms.pbc.all():
        raise StructureError(
            f"{atoms.get_chemical_formula()} is not periodic in three directions, so that no "
            f"supercell of it can grow; use its modes at Γ."
        )
    steps: list[ConvergenceStep] = []
    last: Attempt[Kept] | None = None
    converged, stopped = False, f"{_MAX_SUPERCELLS} supercells were tried"
    for matrix in growing_supercells(atoms):
        try:
            found = attempt(matrix)
        except MemoryBudgetError as error:
            if last is None:
                raise
            stopped = str(error)
            break
        before = last.thermodynamics.heat_capacity_J_per_g_K if last else None
        last = found
        heat = found.thermodynamics.heat_capacity_J_per_g_K
        steps.append(
            ConvergenceStep(
                matrix,
                len(atoms) * round(float(np.linalg.det(matrix))),
                heat,
                found.phonons.boundary_eV_per_A2,
            )
        )
        if before is not None and bool((np.abs(heat - before) <= tolerance * heat).all()):
            converged, stopped = True, "two supercells agree"
            break
    assert last is not None
    temperatures = last.thermodynamics.temperatures_K
    curve = SupercellConvergence(temperatures, tolerance, tuple(steps), converged, stopped)
    announce(curve.warnings)
    return last, curve


def growing_supercells(atoms: Atoms) -> Iterator[NDArray[np.int64]]:
    """Yield ever larger supercells, always growing the direction in which the last is narrowest."""
    length = _SMALLEST_LENGTH_A
    for _ in range(_MAX_SUPERCELLS):
        matrix = supercell_for_length(atoms, length)
        yield matrix
        # A little wider than the narrowest direction is now.
        widths = cell_widths_A(matrix @ atoms.cell.array, atoms.pbc)
        length = float(widths.min()) * (1 + 1e-4)
