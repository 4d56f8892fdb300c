"""Where the atoms of a gas are in a framework: densities of each kind, from kept configurations."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from ase import Atoms

from nearsight.adsorption.cubes import voxels_of, write_cube_file
from nearsight.adsorption.gases import Gas
from nearsight.adsorption.gcmc.guests import Configuration
from nearsight.adsorption.gcmc.isotherm import Isotherm, IsothermPressure
from nearsight.arrays import FloatArray, IntArray
from nearsight.memory import require_room
from nearsight.structures.molecules import site_types_of
from nearsight.structures.naming import paragraph

SPACING_A: Final = 0.5
_BAR_PA: Final = 1e5


@dataclass(frozen=True, eq=False, repr=False)
class DensityGrid:
    """The mean number density of one kind of guest atom in the cell of a framework."""

    kind: str
    """Element, or the type of the site where it takes that to tell kinds apart."""
    pressure_Pa: float
    """Of the gas outside."""
    temperature_K: float
    per_A3: FloatArray
    """Mean over each voxel in 1/Å³, shape ``(n_a, n_b, n_c)``."""
    cell_A: FloatArray
    """Vectors in Å of the cell as it was given, not of the supercell; shape ``(3, 3)``."""
    n_configurations: int
    """Of which it is the mean."""

    def __repr__(self) -> str:
        return paragraph(
            self, self.kind, f"{self.pressure_Pa:.4g} Pa", f"{self.atoms_per_cell:.4g} in a cell"
        )

    @property
    def fractions(self) -> tuple[FloatArray, FloatArray, FloatArray]:
        """Fractional coordinates of the middles of voxels, along each vector of the cell."""
        along_a, along_b, along_c = ((np.arange(n) + 0.5) / n for n in self.per_A3.shape)
        return along_a, along_b, along_c

    @property
    def atoms_per_cell(self) -> float:
        """Integral over the cell: the mean number of such atoms in it."""
        voxel_A3 = abs(np.linalg.det(self.cell_A)) / self.per_A3.size
        return float(self.per_A3.sum() * voxel_A3)


@dataclass(frozen=True, eq=False, repr=False)
class GuestAtoms:
    """All atoms of one kind in the configurations that the loading at a pressure is a mean of."""

    kind: str
    """As for `DensityGrid`."""
    pressure_Pa: float
    temperature_K: float
    places_A: FloatArray
    """In the supercell in Å, shape ``(n_places, 3)``."""
    cell_A: FloatArray
    """Vectors of the cell as it was given in Å, shape ``(3, 3)``."""
    n_configurations: int
    n_cells: int
    """Of the supercell."""

    def __repr__(self) -> str:
        return paragraph(
            self, self.kind, f"{self.pressure_Pa:.4g} Pa", f"{self.n_configurations} configurations"
        )

    @property
    def atoms_per_cell(self) -> float:
        """Mean number of such atoms in a cell."""
        return len(self.places_A) / (self.n_configurations * self.n_cells)

    def density(self, spacing_A: float = SPACING_A) -> DensityGrid:
        """Return the density in one cell, onto which all cells of the supercell are folded.

        Parameters
        ----------
        spacing_A
            About how wide voxels are.

        Raises
        ------
        MemoryBudgetError
            So many voxels do not fit into the memory.
        """
        lengths = np.linalg.norm(self.cell_A, axis=1)
        n_expected = int(np.prod(np.ceil(lengths / spacing_A)))
        require_room(
            3 * 8 * n_expected,  # counts, densities, and what is made of them
            f"A density on {n_expected} voxels",
            "Take wider voxels (spacing_A).",
        )
        shape, voxels = voxels_of(self.places_A, self.cell_A, spacing_A)
        n_voxels = int(np.prod(shape))
        counts = np.bincount(voxels, minlength=n_voxels).reshape(shape)
        volume_A3 = abs(np.linalg.det(self.cell_A)) / n_voxels
        per_A3 = counts / (self.n_configurations * self.n_cells * volume_A3)
        return DensityGrid(
            self.kind,
            self.pressure_Pa,
            self.temperature_K,
            per_A3,
            self.cell_A,
            self.n_configurations,
        )


def guest_atoms(isotherm: Isotherm, gas: Gas) -> Iterator[GuestAtoms]:
    """Yield where atoms of a gas were, by pressure, and at each pressure kind by kind.

    Kept configurations count from where equilibrium begins, as for the loading. There are none of
    a run of so few samples that no configuration was kept.

    Parameters
    ----------
    isotherm
        The run.
    gas
        Its molecule.
    """
    kinds = kinds_of(gas.atoms)
    for point in isotherm.points:
        sites_A = [
            configuration.sites_A(gas.sites_A) for configuration in _counted(isotherm, point)
        ]
        if not sites_A:
            continue
        together_A = np.concatenate(sites_A)
        for kind, which in kinds.items():
            yield GuestAtoms(
                kind,
                point.bulk.pressure_Pa,
                isotherm.ensemble.temperature_K,
                together_A[:, which].reshape(-1, 3),
                isotherm.framework.cell.cell.array,
                len(sites_A),
                isotherm.framework.n_cells,
            )


def kinds_of(molecule: Atoms) -> Mapping[str, IntArray]:
    """Return the atoms of a molecule by kind, in the order in which kinds come first.

    A kind is an element; where sites of one element have different types, it is the type.
    """
    symbols, types = molecule.get_chemical_symbols(), site_types_of(molecule)
    pairs = list(zip(symbols, types, strict=True))
    names = []
    for symbol, of_type in pairs:
        is_alone = len({pair for pair in pairs if pair[0] == symbol}) == 1 and symbol != "X"
        names.append(symbol if is_alone or not of_type else of_type)
    return {name: np.flatnonzero([each == name for each in names]) for name in dict.fromkeys(names)}


def _counted(isotherm: Isotherm, point: IsothermPressure) -> Iterator[Configuration]:
    chains = set(point.loading.chains.tolist())
    return (
        each.configuration
        for each in isotherm.sampled.kept
        if each.chain in chains and each.sample >= point.loading.n_left_out
    )


def write_densities(path: str, isotherm: Isotherm, gas: Gas) -> tuple[str, ...]:
    """Write the density of each kind of guest atom in 1/Å³ as cube files, and return their names.

    There is one a pressure and kind: of ``mof.cube`` and O at 0.1 bar and 298 K it is
    ``mof.298K.0.1bar.O.cube``.

    Raises
    ------
    StorageError
        One cannot be written.
    """
    written = []
    for atoms in guest_atoms(isotherm, gas):
        name = Path(path)
        bar = f"{atoms.pressure_Pa / _BAR_PA:.12g}bar"
        kind = re.sub(r"[^\w+-]", "_", atoms.kind)
        about = f"{atoms.temperature_K:.12g}K.{bar}.{kind}"
        file = str(name.with_name(f"{name.stem}.{about}{name.suffix}"))
        comment = (
            f"density of {atoms.kind} of {gas.name} in 1/A^3 at {bar} and "
            f"{atoms.temperature_K:g} K, mean of {atoms.n_configurations} configurations"
        )
        write_cube_file(file, isotherm.framework.cell, atoms.density().per_A3, comment)
        written.append(file)
    return tuple(written)
