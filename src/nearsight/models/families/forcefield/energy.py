"""The energy of a force field as a differentiable function of positions and strain."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from ase import Atoms

from nearsight.arrays import BoolArray, IntArray
from nearsight.errors import ModelError
from nearsight.models.contract import Capabilities
from nearsight.models.evaluable import of_batch
from nearsight.models.families.forcefield.ewald import (
    COULOMB_EV_A,
    Charges,
    Splitting,
    reciprocal_energy,
    wave_indices,
)
from nearsight.models.families.forcefield.pair_tables import PairTable, pair_table
from nearsight.models.families.forcefield.parameters import ForceField
from nearsight.models.families.forcefield.sites import Sites, inside_molecules, sites_of
from nearsight.models.given_pairs import pairs_within
from nearsight.models.graphs.neighbor_graph import NeighborGraph, neighbor_graph
from nearsight.provenance import ModelIdentity
from nearsight.structures.molecules import FRAMEWORK, SINGLE
from nearsight.structures.pairs import Pairs


@dataclass(frozen=True)
class Part:
    """What one structure of a batch has beside pairs within the cutoff."""

    atoms: slice
    """Its atoms in the batch."""
    cell: torch.Tensor
    """Cell vectors (rows) in Å, before the strain."""
    crystal: bool
    """Whether it is periodic in three directions."""
    waves: torch.Tensor | None
    """Indices of wave vectors; None for what is not periodic, or has no charges."""
    far: torch.Tensor | None
    """Pairs of charges of what is not periodic, at any distance, shape ``(2, n_pairs)``."""


@dataclass(frozen=True)
class SiteGraph(NeighborGraph):
    """Pairs of sites that interact within the cutoff, with what else their energy depends on."""

    types: torch.Tensor
    """Index of each site's type in the tables, shape ``(n_atoms,)``."""
    charges: torch.Tensor
    """In e, shape ``(n_atoms,)``."""
    rigid: torch.Tensor
    """Which sites are of the rigid framework, bool, shape ``(n_atoms,)``."""
    inside: torch.Tensor
    """Pairs of sites of one molecule, shape ``(2, n_pairs)``."""
    inside_shifts: torch.Tensor
    """Lattice vector in Å that is added to the second, shape ``(n_pairs, 3)``."""
    parts: tuple[Part, ...]
    table: PairTable
    spreads: torch.Tensor | None
    """Of quantum nuclei in Å², shape ``(n_atoms,)``; None for classical ones."""


class ForceFieldEnergy:
    """The energy of a force field.

    Parameters
    ----------
    force_field
        Its parameters.
    identity
        What is said of the model.
    """

    def __init__(self, force_field: ForceField, identity: ModelIdentity) -> None:
        treatment = force_field.treatment
        self.force_field = force_field
        self.identity = identity
        self.cutoff_A = treatment.cutoff_A
        self.splitting = Splitting.of(treatment.cutoff_A, treatment.accuracy)
        tails = treatment.tail or any(one.tail for one in force_field.endings.values())
        local = not (treatment.coulomb or tails)
        self.capabilities = Capabilities(
            cutoff_A=self.cutoff_A,
            receptive_field_A=self.cutoff_A if local else None,
            elements=None,
            conservative=True,
            equivariant=True,
            mirror_equivariant=True,
            atomic_energies=False,
            size_consistent=local,
            differentiable=True,
            curvature_smooth=True,
            takes_charge=True,  # that of a structure decides nothing: the charges of its sites do
            takes_spin=True,
            pairwise=True,
            temperature_K=treatment.feynman_hibbs_K,
        )
        self._tables: dict[tuple[tuple[str, ...], frozenset[str]], PairTable] = {}

    def table(
        self, rigid: Iterable[str], others: Iterable[str]
    ) -> tuple[PairTable, dict[str, int]]:
        """Return the tables of some types, and the index of each in them.

        Parameters
        ----------
        rigid
            Types in a rigid framework, which do not interact with each other.
        others
            Types outside it.

        Raises
        ------
        ModelError
            Two that interact have no parameters.
        """
        free = frozenset(others)
        apart = frozenset(rigid) - free
        names = tuple(sorted(apart | free))
        if (names, apart) not in self._tables:
            self._tables[names, apart] = pair_table(self.force_field, names, apart)
        return self._tables[names, apart], {name: index for index, name in enumerate(names)}

    def graph(self, structures: Sequence[Atoms], pairs: Sequence[Pairs] | None = None) -> SiteGraph:
        """Return the graph of a batch of structures.

        Raises
        ------
        ModelError
            A type, a charge or a molecule is not what a force field can take; or `pairs` are those
            of other structures, or do not reach the cutoff.
        """
        within = pairs_within(structures, pairs, self.cutoff_A, self.identity.name)
        graph = neighbor_graph(structures, within)
        sites, kept, inside, shifts, parts = [], [], [], [], []
        start = 0
        for index, (atoms, one) in enumerate(zip(structures, within, strict=True)):
            with of_batch(structures, index):
                own = sites_of(atoms, self.force_field)
                together = inside_molecules(atoms, own.molecules)
                parts.append(self._part(atoms, own, start))
            sites.append(own)
            kept.append(_interacting(one, own, together.radius_A))
            inside.append(np.array([together.first, together.second]) + start)
            shifts.append(together.shifts_A)
            start += len(atoms)
        edges = torch.as_tensor(np.concatenate(kept))
        names = [name for own in sites for name in own.types]
        rigid = np.concatenate([own.rigid for own in sites])
        table, indices = self.table(
            (names[site] for site in np.flatnonzero(rigid)),
            (names[site] for site in np.flatnonzero(~rigid)),
        )
        return SiteGraph(
            **vars(graph.with_edges(edges)),
            types=torch.tensor([indices[name] for name in names], dtype=torch.int64),
            charges=torch.as_tensor(np.concatenate([own.charges_e for own in sites])),
            rigid=torch.as_tensor(rigid),
            inside=torch.as_tensor(np.concatenate(inside, axis=1)),
            inside_shifts=torch.as_tensor(np.concatenate(shifts)),
            parts=tuple(parts),
            table=table,
            spreads=_spreads(sites),
        )

    def complete(self, graph: NeighborGraph) -> NeighborGraph:
        """Return the graph as it is: `graph` knows what a structure has beside pairs."""
        return graph

    def energy(
        self, graph: NeighborGraph, positions: torch.Tensor, strain: torch.Tensor
    ) -> torch.Tensor:
        """Return the energy of each structure in eV, shape ``(n_structures,)``."""
        assert isinstance(graph, SiteGraph)
        of_pairs = self._pair_energies(graph, positions, strain)
        totals = positions.new_zeros(graph.n_structures)
        totals = totals.index_add(0, graph.structure_of_atom[graph.senders], of_pairs / 2)
        others = [
            self._beyond_pairs(graph, part, positions, strain[index])
            for index, part in enumerate(graph.parts)
        ]
        if self.force_field.treatment.coulomb and graph.inside.shape[1]:
            of_inside = self._inside(graph, positions, strain)
            totals = totals.index_add(0, graph.structure_of_atom[graph.inside[0]], of_inside)
        return totals + torch.stack(others)

    def _pair_energies(
        self, graph: SiteGraph, positions: torch.Tensor, strain: torch.Tensor
    ) -> torch.Tensor:
        squared = graph.edge_vectors(positions, strain).square().sum(-1)
        first, second = graph.senders, graph.receivers
        spreads = None if graph.spreads is None else graph.spreads[first] + graph.spreads[second]
        energies = graph.table.energies(squared, graph.types[first], graph.types[second], spreads)
        periodic = [part.waves is not None for part in graph.parts]
        if not any(periodic):
            return energies
        products = graph.charges[first] * graph.charges[second]
        if not all(periodic):
            products = products * torch.tensor(periodic)[graph.structure_of_atom[first]]
        return energies + screened(squared, products, self.splitting)

    def _beyond_pairs(
        self, graph: SiteGraph, part: Part, positions: torch.Tensor, strain: torch.Tensor
    ) -> torch.Tensor:
        """Return what a structure has beside its pairs within the cutoff."""
        total = positions.new_zeros(())
        cell = part.cell
        strained = cell + cell @ strain
        rigid = graph.rigid[part.atoms]
        if part.waves is not None:
            fractions = positions[part.atoms] @ torch.linalg.inv(cell)
            charges = Charges(fractions, graph.charges[part.atoms], rigid)
            total = total + reciprocal_energy(charges, strained, part.waves, self.splitting)
        if part.far is not None:
            first, second = part.far
            between = positions[second] - positions[first]
            between = between + between @ strain
            products = graph.charges[first] * graph.charges[second]
            total = total + (COULOMB_EV_A * products / between.norm(dim=-1)).sum()
        if part.crystal and graph.table.tail_eV_A3.any():
            spreads = None if graph.spreads is None else graph.spreads[part.atoms]
            types = graph.types[part.atoms]
            total = total + tail_energy(graph.table, types, rigid, strained, spreads)
        return total

    def _inside(
        self, graph: SiteGraph, positions: torch.Tensor, strain: torch.Tensor
    ) -> torch.Tensor:
        """Return what the waves have of pairs within molecules, with the opposite sign."""
        first, second = graph.inside
        vectors = positions[second] - positions[first] + graph.inside_shifts
        of_pair = strain[graph.structure_of_atom[first]]
        vectors = vectors + torch.einsum("ni,nij->nj", vectors, of_pair)
        distances = vectors.norm(dim=-1)
        products = graph.charges[first] * graph.charges[second]
        with_waves = torch.tensor([part.waves is not None for part in graph.parts])
        products = products * with_waves[graph.structure_of_atom[first]]
        share = torch.erf(self.splitting.alpha_per_A * distances)
        energies: torch.Tensor = products * share / distances * -COULOMB_EV_A
        return energies

    def _part(self, atoms: Atoms, sites: Sites, start: int) -> Part:
        cell, crystal = torch.as_tensor(atoms.cell.array), bool(atoms.pbc.all())
        waves = far = None
        if sites.charges_e.any():
            if crystal:
                indices = wave_indices(atoms.cell.array, self.splitting.k_max_per_A)
                waves = torch.as_tensor(indices, dtype=torch.float64)
            elif atoms.pbc.any():
                raise ModelError(
                    f"charges of {atoms.get_chemical_formula()}, which is periodic in some "
                    f"directions only, cannot be summed up; make it periodic in three, with a wide "
                    f"gap, or in none."
                )
            else:
                far = torch.as_tensor(_apart(sites) + start)
        return Part(slice(start, start + len(atoms)), cell, crystal, waves, far)


def screened(squared: torch.Tensor, products: torch.Tensor, splitting: Splitting) -> torch.Tensor:
    """Return the part of Coulomb energies in eV that Ewald's method sums in real space.

    Parameters
    ----------
    squared
        Squared distances in Å².
    products
        Products of charges in e².
    splitting
        How 1/r is split.
    """
    distances = squared.sqrt()
    share = torch.erfc(splitting.alpha_per_A * distances)
    energies: torch.Tensor = products * share / distances * COULOMB_EV_A
    return energies


def _spreads(sites: Sequence[Sites]) -> torch.Tensor | None:
    known = [own.spreads_A2 for own in sites if own.spreads_A2 is not None]
    return torch.as_tensor(np.concatenate(known)) if known else None


def tail_energy(
    table: PairTable,
    types: torch.Tensor,
    rigid: torch.Tensor,
    cell: torch.Tensor,
    spreads: torch.Tensor | None = None,
) -> torch.Tensor:
    """Return what pairs beyond the cutoff have, were sites spread evenly: 2π/V Σ N_a N_b ∫ u r² dr.

    Pairs within the rigid framework do not count. The stress is the derivative of this energy; the
    usual tail of the pressure has 2π/(3V²) Σ N_a N_b r_c³ u(r_c) more, for pairs that come across
    the cutoff when the cell changes.
    """
    n_types = len(table.c6)
    counts = torch.bincount(types, minlength=n_types).to(table.tail_eV_A3)
    of_rigid = torch.bincount(types[rigid], minlength=n_types).to(table.tail_eV_A3)
    summed = counts @ table.tail_eV_A3 @ counts - of_rigid @ table.tail_eV_A3 @ of_rigid
    if spreads is not None:  # those of the framework are 0
        of_types = torch.bincount(types, weights=spreads, minlength=n_types)
        summed = summed + 2 * of_types @ table.spread_tail_eV_A @ counts
    energy: torch.Tensor = summed / torch.linalg.det(cell).abs() * (2 * np.pi)
    return energy


def _interacting(pairs: Pairs, sites: Sites, radius_A: float) -> BoolArray:
    """Tell which pairs within the cutoff are not of one molecule, or both of the framework."""
    one, other = sites.molecules[pairs.first], sites.molecules[pairs.second]
    apart: BoolArray = (one != other) | (one == SINGLE)
    of_one = np.flatnonzero(~apart & (one != FRAMEWORK))
    if len(of_one):
        there = pairs.positions_A[pairs.second[of_one]] + pairs.shifts_A[of_one]
        lengths = np.linalg.norm(there - pairs.positions_A[pairs.first[of_one]], axis=1)
        apart[of_one] = lengths >= radius_A
    return apart


def _apart(sites: Sites) -> IntArray:
    """Return all pairs of sites that are not of one molecule, each once, shape ``(2, n_pairs)``."""
    pairs: IntArray = np.array(np.triu_indices(len(sites.types), k=1))
    one, other = sites.molecules[pairs]
    return pairs[:, (one != other) | (one == SINGLE)]
