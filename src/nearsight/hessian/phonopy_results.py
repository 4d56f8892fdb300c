"""What phonopy makes of force constants, or has in its files, as ours."""

import os
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from ase import Atoms

from nearsight.errors import CheckpointError
from nearsight.fingerprint import file_sha256
from nearsight.hessian.force_constants import ForceConstants
from nearsight.hessian.phonopy_io import find_order, lower_symmetry_is_fine
from nearsight.hessian.phonopy_yaml import SUFFIXES, read_yaml
from nearsight.provenance import ModelIdentity, record
from nearsight.structures.supercell import make_general_supercell

if TYPE_CHECKING:
    from phonopy import Phonopy

_ROUNDS = 20
"""Of subtracting drifts and averaging, each of which leaves a tenth of what the other breaks."""


def with_sum_rules(force_constants: ForceConstants) -> ForceConstants:
    """Return force constants on which the translational sum rule and symmetry are imposed.

    That is Σ_B Φ[A, B] = 0 and Φ[A, α, B, β] = Φ[B, β, A, α], by phonopy's averaging. Analytic ones
    obey both to rounding; differences and single precision do not.

    Raises
    ------
    StructureError
        The structure is not periodic in three directions.
    """
    phonon = force_constants.to_phonopy()
    order = find_order(force_constants.supercell, force_constants.primitive_atoms, phonon)
    phonon.symmetrize_force_constants(level=_ROUNDS, show_drift=False)
    values = phonon.force_constants
    assert values is not None
    return replace(force_constants, values_eV_per_A2=order.from_phonopy(values))


def is_phonopy_file(path: str | os.PathLike[str]) -> bool:
    """Tell whether the name of a file is that of phonopy's YAML."""
    return str(path).endswith(SUFFIXES)


def read_phonopy(path: str | os.PathLike[str]) -> ForceConstants:
    """Read the force constants in phonopy's YAML, or those that follow from the forces in it.

    Nothing is taken from any other file, such as a ``FORCE_SETS`` in the current folder.

    Raises
    ------
    CheckpointError
        The file is missing, no YAML of phonopy, or holds neither force constants nor forces.
    """
    file = Path(path)
    if not file.is_file():
        raise CheckpointError(f"{file} does not exist; give the path of a phonopy YAML file.")
    content = read_yaml(file)
    try:
        with lower_symmetry_is_fine():
            phonon = _phonopy(content)
        constants = phonon.force_constants
    except Exception as error:
        # phonopy raises anything for content that is of something else.
        raise CheckpointError(
            f"{file} is not a readable YAML file of phonopy ({type(error).__name__}: {error})."
        ) from error
    if constants is None:
        raise CheckpointError(
            f"{file} holds neither force constants nor forces; save it with "
            f"settings={{'force_constants': True}}."
        )
    cell = phonon.unitcell
    unit_cell = Atoms(
        cell.numbers, positions=cell.positions, masses=cell.masses, cell=cell.cell, pbc=True
    )
    matrix = phonon.supercell_matrix.T.astype(np.int64)
    supercell = make_general_supercell(unit_cell, matrix)
    p2s_map = phonon.primitive.p2s_map
    if len(constants) == len(supercell):
        constants = constants[p2s_map]
    # The first copies of phonopy's primitive atoms are those of the unit cell.
    primitive_atoms = np.array(
        [phonon.supercell.u2u_map[phonon.supercell.s2u_map[atom]] for atom in p2s_map]
    )
    order = find_order(supercell, primitive_atoms, phonon)
    identity = ModelIdentity(file.name, "phonopy", file_sha256(file), "float64", "cpu")
    return ForceConstants(
        method="phonopy",
        reason="read from a file",
        step_A=None,
        rows_computed=0,
        rows_needed=3 * len(primitive_atoms),
        rows_by_sum_rule=0,
        symmetry="as phonopy used it",
        space_group=None,
        symmetry_tolerance_A=None,
        symmetry_deviation_eV_per_A2=None,
        seconds=0.0,
        peak_memory_bytes=0,
        provenance=record(identity),
        unit_cell=unit_cell,
        supercell=supercell,
        supercell_matrix=matrix,
        primitive_vectors=phonon.primitive_matrix.T,
        rotations=np.eye(3, dtype=np.int64)[np.newaxis],
        primitive_atoms=primitive_atoms,
        values_eV_per_A2=order.from_phonopy(constants),
    )


def _phonopy(content: Any) -> "Phonopy":
    """Return phonopy's object of what its YAML holds, with force constants if any follow from it.

    `phonopy.load` would read files of the current folder for what is missing.
    """
    from phonopy import Phonopy
    from phonopy.interface.phonopy_yaml import load_phonopy_yaml
    from phonopy.structure.dataset import forces_in_dataset

    read = load_phonopy_yaml(content)
    if read.unitcell is None:
        raise ValueError("it has no unit_cell")
    phonon = Phonopy(
        read.unitcell,
        np.eye(3, dtype=np.int64) if read.supercell_matrix is None else read.supercell_matrix,
        primitive_matrix="auto" if read.primitive_matrix is None else read.primitive_matrix,
        calculator=read.calculator,
    )
    if read.force_constants is not None:
        phonon.force_constants = read.force_constants
    elif forces_in_dataset(read.dataset):
        phonon.dataset = read.dataset
        _make_force_constants(phonon)
    return phonon


def _make_force_constants(phonon: "Phonopy") -> None:
    """Let phonopy make force constants of its forces as `phonopy.load` does."""
    assert phonon.dataset is not None
    all_atoms_at_once = "first_atoms" not in phonon.dataset
    phonon.produce_force_constants(
        calculate_full_force_constants=False,
        fc_calculator="symfc" if all_atoms_at_once else None,
        show_drift=False,
    )
    if not all_atoms_at_once:
        phonon.symmetrize_force_constants(show_drift=False, use_symfc_projector=True)
