"""Force constants that phonopy makes of forces, once these are known to be enough."""

from typing import TYPE_CHECKING

import numpy as np

from nearsight.errors import CheckpointError
from nearsight.hessian.files.phonopy_content import Displacements, PhonopyContent
from nearsight.remarks import Remark

if TYPE_CHECKING:
    from phonopy import Phonopy


_INDEPENDENT = 1e-2
"""Smallest singular value of directions that span space, in parts of the largest."""

_UNEXPLAINED = 0.2
"""Part of the forces that force constants may leave over before that deserves a warning."""


def fit_force_constants(content: PhonopyContent, phonon: "Phonopy") -> tuple[Remark, ...]:
    """Let phonopy make force constants of the forces, as `phonopy.load` does.

    Returns
    -------
    tuple of Remark
        What makes them doubtful.

    Raises
    ------
    CheckpointError
        There are too few displacements: phonopy would fill in zeros.
    """
    found = content.displacements
    assert found is not None
    if found.kind == "one atom":
        _require_all_directions(content, found, phonon)
    else:
        _require_enough_supercells(content, found, phonon)
    phonon.dataset = found.dataset()
    phonon.produce_force_constants(
        calculate_full_force_constants=False,
        fc_calculator=None if found.kind == "one atom" else "symfc",
        show_drift=False,
    )
    if found.kind == "one atom":
        phonon.symmetrize_force_constants(show_drift=False, use_symfc_projector=True)
    values = phonon.force_constants
    assert values is not None
    if not np.isfinite(values).all():
        raise ValueError("they are not finite")
    return _doubts(content, found, phonon)


def _require_all_directions(
    content: PhonopyContent, found: Displacements, phonon: "Phonopy"
) -> None:
    """Check that each kind of atom was displaced along three directions, the site's symmetry given.

    Raises
    ------
    CheckpointError
        One was not.
    """
    kinds = phonon.symmetry.get_map_atoms()
    missing = set(kinds.tolist()) - set(kinds[found.atoms].tolist())
    if missing:
        raise _too_few(content, f"atom {min(missing) + 1} of the supercell, or one like it,")
    vectors = phonon.supercell.cell.T
    for atom in np.unique(found.atoms):
        directions = found.displacements_A[found.atoms == atom]
        rotations = phonon.symmetry.get_site_symmetry(atom)
        turned = vectors @ rotations @ np.linalg.inv(vectors)
        images = np.einsum("gij,nj->gni", turned, directions).reshape(-1, 3)
        singular = np.linalg.svd(images, compute_uv=False)
        if len(singular) < 3 or singular[2] < _INDEPENDENT * singular[0]:
            raise _too_few(content, f"atom {atom + 1} of the supercell in all directions")


def _too_few(content: PhonopyContent, what: str) -> CheckpointError:
    return CheckpointError(
        f"{content.forces_file} has too few displacements: none moves {what}. Some were lost, or "
        f"the structure has less symmetry within {content.tolerance_A or 1e-5:.1g} Å than phonopy "
        f"found when it chose them."
    )


def _require_enough_supercells(
    content: PhonopyContent, found: Displacements, phonon: "Phonopy"
) -> None:
    """Check that the forces are more numbers than the force constants that are free.

    Raises
    ------
    CheckpointError
        They are not.
    """
    from phonopy.interface.symfc import SymfcFCSolver

    solver = SymfcFCSolver(phonon.supercell, symmetry=phonon.symmetry)
    needed = solver.estimate_numbers_of_supercells(orders=[2])[2]
    given = len(found.displacements_A)
    if given < needed:
        raise CheckpointError(
            f"{content.forces_file} has forces of {given} supercells in which all atoms are "
            f"displaced, but the force constants of this crystal need {needed} at least."
        )


def _doubts(content: PhonopyContent, found: Displacements, phonon: "Phonopy") -> tuple[Remark, ...]:
    """Return a warning where force constants do not give the forces that they were made of."""
    from phonopy.harmonic.force_constants import compact_fc_to_full_fc

    assert phonon.force_constants is not None
    full = compact_fc_to_full_fc(phonon.primitive, phonon.force_constants)
    if found.kind == "one atom":
        explained = -np.einsum("njab,na->njb", full[found.atoms], found.displacements_A)
    else:
        explained = -np.einsum("ijab,nia->njb", full, found.displacements_A)
    forces = found.forces_eV_per_A
    assert forces is not None
    norm = float(np.linalg.norm(forces))
    left = float(np.linalg.norm(forces - explained)) / norm if norm else 0.0
    if left <= _UNEXPLAINED:
        return ()
    said = (
        f"the force constants leave {100 * left:.0f} % of the forces in "
        f"{content.forces_file.name} unexplained: these are of another structure than the "
        f"displacements, of one with forces of its own, or far from harmonic."
    )
    return (Remark("forces-left-over", said),)
