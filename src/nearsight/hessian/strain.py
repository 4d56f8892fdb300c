"""The Hessian over positions and strain: what elastic constants are made of."""

import os
from dataclasses import dataclass
from functools import cached_property, partial
from typing import Any

import numpy as np
from ase import Atoms

from nearsight.archives import require_numbers
from nearsight.arrays import FloatArray
from nearsight.derivatives.differences import SCHEMES
from nearsight.derivatives.strain_differences import strain_differences
from nearsight.errors import MethodError, MissingPropertyError, ModelError
from nearsight.hessian.matrix import Hessian, hessian
from nearsight.hessian.rows.kinds import ANALYTIC
from nearsight.memory import refusing_out_of_memory
from nearsight.models.contract import Model, forces_of
from nearsight.models.evaluable import require_calculable
from nearsight.models.soundness import is_usable
from nearsight.notebooks import ShownInNotebooks
from nearsight.progress import Progress
from nearsight.provenance import Provenance
from nearsight.result_archives import atoms_to_arrays, load_archive, rebuilds, save_archive
from nearsight.structures.checking import check_structure, require_no_constraints
from nearsight.structures.naming import count_warnings, name_structure, paragraph
from nearsight.structures.strain import require_crystal_for_strain
from nearsight.structures.tolerances import EXACT_TOLERANCE_A

KIND = "generalised hessian"
LENGTH_OF_STRAIN_A = 2.0
"""A strain of h over this moves neighbours, about that far apart, as far as a displacement of h."""


@dataclass(frozen=True)
class GeneralisedHessian(ShownInNotebooks):
    """Second derivatives of the energy of a crystal by displacements u and symmetric strain ε.

    The atoms are at r = (1 + ε)(r⁰ + u), the cell vectors at (1 + ε) a⁰. Strains are in Voigt order
    xx, yy, zz, yz, xz, xy with doubled shears.
    """

    hessian: Hessian
    """∂²E/∂u∂u, with the structure and how the derivatives came about."""
    coupling_eV_per_A: FloatArray
    """∂²E/∂u∂ε, shape ``(n_atoms, 3, 6)``."""
    strain_eV: FloatArray
    """∂²E/∂ε∂ε as computed, shape ``(6, 6)``."""
    strain_step: float | None
    """Strain of the differences, dimensionless; None for analytic derivatives."""
    forces_eV_per_A: FloatArray
    """Forces that are left in the structure, shape ``(n_atoms, 3)``."""
    stress_eV_per_A3: FloatArray
    """Stress that is left in the structure, shape ``(6,)``, xx, yy, zz, yz, xz, xy."""

    def __repr__(self) -> str:
        of = f"{name_structure(self.atoms)} by {self.provenance.model.name}"
        how = "exact" if self.strain_step is None else f"differences of {self.strain_step:g}"
        strain = f"derivatives by strain {how}, asymmetry {self.strain_asymmetry_eV:.1e} eV"
        return paragraph(self, of, strain, count_warnings(self.hessian.warnings))

    @property
    def atoms(self) -> Atoms:
        """The structure at which the derivatives were taken."""
        return self.hessian.atoms

    @property
    def provenance(self) -> Provenance:
        """Model, settings and versions."""
        return self.hessian.provenance

    @cached_property
    def strain_asymmetry_eV(self) -> float:
        """Largest ``|∂²E/∂ε∂ε - its transpose|`` element; zero for any energy."""
        return float(np.abs(self.strain_eV - self.strain_eV.T).max())

    @cached_property
    def coupling_sum_rule_eV_per_A(self) -> float:
        """Largest ``|Σ_A ∂²E/∂u_A∂ε|``; zero because moving everything changes no stress."""
        return float(np.abs(self.coupling_eV_per_A.sum(axis=0)).max())

    def save(self, path: str | os.PathLike[str]) -> None:
        """Save to `path`; an older file there stays intact if that fails.

        Raises
        ------
        StorageError
            The file cannot be written.
        """
        header, arrays = self.hessian.archived()
        own = {
            "coupling_eV_per_A": self.coupling_eV_per_A,
            "strain_eV": self.strain_eV,
            "forces_eV_per_A": self.forces_eV_per_A,
            "stress_eV_per_A3": self.stress_eV_per_A3,
        }
        save_archive(path, KIND, {**header, "strain_step": self.strain_step}, {**arrays, **own})

    @classmethod
    @rebuilds(KIND)
    def load(cls, path: str | os.PathLike[str]) -> "GeneralisedHessian":
        """Load what `save` wrote.

        Raises
        ------
        CheckpointError
            The file is missing, damaged, or something else, such as a Hessian without strain.
        """
        header, arrays = load_archive(path, KIND)
        hessian = Hessian.from_archived(header, arrays)
        n_atoms = hessian.n_atoms
        return cls(
            hessian=hessian,
            coupling_eV_per_A=require_numbers(arrays, "coupling_eV_per_A", (n_atoms, 3, 6)),
            strain_eV=require_numbers(arrays, "strain_eV", (6, 6)),
            strain_step=header["strain_step"],
            forces_eV_per_A=require_numbers(arrays, "forces_eV_per_A", (n_atoms, 3)),
            stress_eV_per_A3=require_numbers(arrays, "stress_eV_per_A3", (6,)),
        )

    def summary(self) -> dict[str, Any]:
        """Return the part of the JSON output about the derivatives by strain."""
        return {
            "step": self.strain_step,
            "asymmetry_eV": self.strain_asymmetry_eV,
            "sum_rule_eV_per_A": self.coupling_sum_rule_eV_per_A,
        }


def generalised_hessian(
    atoms: Atoms,
    model: Model,
    method: str = "auto",
    *,
    step_A: float | None = None,
    row_symmetry_A: float | None = EXACT_TOLERANCE_A,
    memory_budget_bytes: int | None = None,
    by_positions: Hessian | None = None,
    checkpoint: str | os.PathLike[str] | None = None,
    progress: Progress | bool | None = None,
) -> GeneralisedHessian:
    """Compute the second derivatives of a crystal's energy by positions and strain.

    Those by strain are analytic where the rows by positions are: six products. Otherwise they are
    differences of forces and stress by the same scheme, with a strain of the step over 2 Å.

    Parameters
    ----------
    atoms
        The crystal, usually relaxed with the same model, cell included; it is not changed.
    model
        The model; it needs a stress.
    method, step_A, row_symmetry_A, memory_budget_bytes, checkpoint, progress
        As in `nearsight.hessian.hessian`. The checkpoint keeps the rows by positions.
    by_positions
        The Hessian of these very atoms with this model, where it is known: no row is computed, and
        the derivatives by strain go by its method and step, whatever the settings say.

    Raises
    ------
    StructureError
        The structure is not periodic in three directions, or cannot be calculated.
    MissingPropertyError
        The model has no stress.
    MethodError
        The model predicts forces directly, or `by_positions` is of other atoms or another model.
    NearsightError
        What `nearsight.hessian.hessian` raises.

    Examples
    --------
    >>> from ase.build import bulk
    >>> from nearsight.hessian import generalised_hessian
    >>> from nearsight.models import load_model
    >>> generalised = generalised_hessian(bulk("Cu"), load_model("ase:emt"))
    >>> print(f"{generalised.strain_eV[0, 0]:.2f} eV by the strain xx")
    11.82 eV by the strain xx
    """
    check_structure(atoms)
    require_no_constraints(atoms)
    forces, stress = first_derivatives(atoms, model)
    if model.capabilities.conservative is False:
        raise MethodError(
            f"{model.identity.name} predicts forces and stress that are no derivatives of an "
            f"energy, and so has no second derivatives by strain. Use a conservative model."
        )
    if by_positions is None:
        by_positions = hessian(
            atoms,
            model,
            method,
            step_A=step_A,
            row_symmetry_A=row_symmetry_A,
            memory_budget_bytes=memory_budget_bytes,
            checkpoint=checkpoint,
            progress=progress,
        )
    else:
        _require_same(by_positions, atoms, model)
    step = None
    if by_positions.method in ANALYTIC:
        coupling, strain = _analytic(atoms, model)
    else:
        assert by_positions.step_A is not None
        step = by_positions.step_A / LENGTH_OF_STRAIN_A
        coupling, strain = strain_differences(
            partial(first_derivatives, model=model), atoms, SCHEMES[by_positions.method], step
        )
    if not (is_usable(coupling).all() and is_usable(strain).all()):
        raise ModelError(
            f"{model.identity.name} gave a second derivative by strain that is not finite or means "
            f"nothing; look for atoms that are too close, or use differences or another model."
        )
    return GeneralisedHessian(
        hessian=by_positions,
        coupling_eV_per_A=coupling,
        strain_eV=strain,
        strain_step=step,
        forces_eV_per_A=forces,
        stress_eV_per_A3=stress,
    )


def first_derivatives(atoms: Atoms, model: Model) -> tuple[FloatArray, FloatArray]:
    """Return forces in eV/Å, ``(n_atoms, 3)``, and stress in eV/Å³, ``(6,)``, of a crystal.

    Raises
    ------
    StructureError
        The structure is not periodic in three directions.
    MissingPropertyError
        The model has no stress.
    ModelError
        The model does not know an element, or gives NaN.
    """
    require_crystal_for_strain(atoms)
    require_calculable(atoms, model)
    try:
        [evaluation] = model.evaluate([atoms], stress=True)
    except MissingPropertyError as error:
        raise MissingPropertyError(
            f"Elastic constants need the stress, which {model.identity.name} does not give. Use a "
            f"model with stresses (`nearsight models list`)."
        ) from error
    assert evaluation.stress_eV_per_A3 is not None
    return forces_of(evaluation), evaluation.stress_eV_per_A3


def _require_same(by_positions: Hessian, atoms: Atoms, model: Model) -> None:
    theirs, ours = atoms_to_arrays(by_positions.atoms), atoms_to_arrays(atoms)
    differing = [name for name, array in ours.items() if not np.array_equal(theirs[name], array)]
    if differing:
        raise MethodError(
            f"The Hessian by positions is of another structure than that to be strained "
            f"({', '.join(differing)} differ); give the `atoms` of that Hessian, or leave it out."
        )
    if by_positions.provenance.model != model.identity:
        raise MethodError(
            f"The Hessian by positions is of the model {by_positions.provenance.model.name}, not "
            f"of {model.identity.name} with the same weights, precision, device and options; take "
            f"one model for both, or leave the Hessian out."
        )


def _analytic(atoms: Atoms, model: Model) -> tuple[FloatArray, FloatArray]:
    n_displacements = 3 * len(atoms)
    strains = np.eye(6, n_displacements + 6, k=n_displacements)
    with refusing_out_of_memory(
        lambda: f"in the second derivatives by strain of {len(atoms)} atoms",
        "Use `method` fourth-order, `dtype` float32 or a smaller cell.",
    ):
        products = model.linearize(atoms, strain=True)(strains)
    coupling = products[:, :n_displacements].T.reshape(len(atoms), 3, 6)
    return coupling, products[:, n_displacements:].T
