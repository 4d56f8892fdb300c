"""Interaction energies of a rigid molecule with a host, for many places of it at once.

What the energy of host and guest together has beyond those of each alone is a sum over the guest's
sites: each is in the field of the host. Nothing is on a grid and nothing is left out: pairs within
the cutoff, and the potential of the host's charges by Ewald's method, whose structure factors are
computed once. Wave vectors are those of the host as it is given, so that the smallest cell of a
framework does, and the guest has no images of its own.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
import torch
from ase import Atoms

from nearsight.arrays import FloatArray, IntArray
from nearsight.errors import ModelError
from nearsight.models.evaluable import require_evaluable
from nearsight.models.families.forcefield.energy import ForceFieldEnergy, screened
from nearsight.models.families.forcefield.ewald import (
    COULOMB_EV_A,
    structure_factors,
    wave_indices,
    weights_eV,
)
from nearsight.models.families.forcefield.pair_tables import PairTable
from nearsight.models.families.forcefield.sites import Sites, sites_of
from nearsight.structures.blocks import Blocks
from nearsight.structures.molecules import MOLECULE, molecules_of
from nearsight.structures.pairs import require_finite

_NUMBERS_AT_ONCE = 1 << 17
"""Distances in one piece of work: its arrays stay in a cache."""

_CLOSEST_A = 1e-2
"""Sites do not come closer: there every energy is beyond all bounds, and none is infinite."""


class HostField:
    """The field of a host in which rigid guests are put.

    Parameters
    ----------
    energy
        The force field.
    host
        The host, periodic in three directions; a later change of it changes nothing.

    Raises
    ------
    ModelError
        The host is not periodic in three directions, or a type or charge of it is missing.
    """

    def __init__(self, energy: ForceFieldEnergy, host: Atoms) -> None:
        require_evaluable([host], energy, stress=False)
        if not host.pbc.all():
            raise ModelError(
                f"{host.get_chemical_formula()} is not periodic in three directions; guests are "
                f"put into a crystal."
            )
        self._energy = energy
        self._sites = sites_of(host, energy.force_field)
        self._volume_A3 = float(host.get_volume())
        self._blocks = _Blocks(host, energy.cutoff_A)
        self._waves = _Waves(energy, host, self._sites) if self._sites.charges_e.any() else None

    def energies_eV(self, guest: Atoms, positions_A: FloatArray) -> FloatArray:
        """Return E(host + guest) - E(host) - E(guest) of each place of a guest.

        The guest is alone: it has no images. In a supercell the same difference has the guest with
        its images in the first and in the last term.

        Parameters
        ----------
        guest
            A molecule, with its types (`nearsight.structures.molecules`); where its atoms are does
            not matter.
        positions_A
            Its sites in Å in each place, shape ``(n_places, n_sites, 3)``, in the cell or not.

        Returns
        -------
        FloatArray
            Shape ``(n_places,)``. Never infinite; where sites meet it is large.

        Raises
        ------
        ModelError
            The guest has a type without parameters, no charges, or other sites than `positions_A`;
            or is more than one molecule.
        StructureError
            A position is not finite.
        """
        return self._energies_eV(guest, positions_A, 1.0)

    def slopes_eV(self, guest: Atoms, positions_A: FloatArray) -> FloatArray:
        """Return d(E/kT)/d(1/kT) of each place of a guest, for parameters as `energies_eV` has.

        The part of E that is of second order in ħ goes with 1/kT, and so counts twice.
        """
        return self._energies_eV(guest, positions_A, 2.0)

    def _energies_eV(self, guest: Atoms, positions_A: FloatArray, spread: float) -> FloatArray:
        """Return energies of places where nuclei are spread so many times as they are."""
        positions = np.asarray(positions_A, dtype=np.float64)
        if positions.ndim != 3 or positions.shape[1:] != (len(guest), 3):
            raise ModelError(
                f"positions of guests have the shape {positions.shape}, not (n_places, "
                f"{len(guest)}, 3): {guest.get_chemical_formula()} has {len(guest)} sites."
            )
        require_finite(positions.reshape(-1, 3), "position of guest site")
        sites = _spread(self._of_guest(guest), spread)
        host = _spread(self._sites, spread)
        table, indices = self._energy.table(self._sites.types, sites.types)
        host_types = torch.tensor([indices[name] for name in self._sites.types])
        total = np.full(len(positions), self._constant_eV(table, sites, host, indices))
        kinds: dict[tuple[str, float], list[int]] = {}
        for site, kind in enumerate(zip(sites.types, sites.charges_e.tolist(), strict=True)):
            kinds.setdefault(kind, []).append(site)
        for (name, charge), alike in kinds.items():
            field = _Field(
                table,
                host_types,
                torch.as_tensor(self._sites.charges_e),
                indices[name],
                charge,
                self._energy,
                None
                if host.spreads_A2 is None or sites.spreads_A2 is None
                else torch.as_tensor(host.spreads_A2 + sites.spreads_A2[alike[0]]),
            )
            of_sites = self._site_energies(field, positions[:, alike].reshape(-1, 3))
            total += of_sites.reshape(len(positions), len(alike)).sum(axis=1)
        return total

    def _of_guest(self, guest: Atoms) -> Sites:
        if len(guest) > 1 and len(np.unique(molecules_of(guest))) > 1:
            raise ModelError(
                f"the guest {guest.get_chemical_formula()} is several molecules; put one at a time."
            )
        alone = guest.copy()
        alone.pbc = False
        alone.set_array(MOLECULE, np.ones(len(guest), dtype=np.int64))
        return sites_of(alone, self._energy.force_field)

    def _site_energies(self, field: "_Field", places_A: FloatArray) -> FloatArray:
        energies = np.zeros(len(places_A))
        if field.matters:
            for members, near_A, atoms, images_A in self._blocks.around(places_A):
                energies[members] = field.of_block(near_A, atoms, images_A)
        if self._waves is not None and field.charge_e:
            energies += field.charge_e * self._waves.potential_V(places_A)
        return energies

    def _constant_eV(
        self, table: PairTable, guest: Sites, host: Sites, indices: dict[str, int]
    ) -> float:
        """Return what does not depend on the place: the tail, and what is left of net charges."""
        volume = self._volume_A3
        of_guest = np.bincount([indices[name] for name in guest.types], minlength=len(table.c6))
        of_host = np.bincount([indices[name] for name in host.types], minlength=len(table.c6))
        tail = 4 * np.pi / volume * float(of_guest @ table.tail_eV_A3.numpy() @ of_host)
        if guest.spreads_A2 is not None and host.spreads_A2 is not None:
            spreads = table.spread_tail_eV_A.numpy()
            guest_spread, host_spread = (
                np.bincount([indices[name] for name in each.types], each.spreads_A2, len(table.c6))
                for each in (guest, host)
            )
            both = guest_spread @ spreads @ of_host + of_guest @ spreads @ host_spread
            tail += 4 * np.pi / volume * float(both)
        net = float(guest.charges_e.sum() * host.charges_e.sum())
        alpha = self._energy.splitting.alpha_per_A
        return float(tail - COULOMB_EV_A * np.pi / (alpha**2 * volume) * net)


def _spread(sites: Sites, times: float) -> Sites:
    """Return sites whose nuclei are spread so many times as they are."""
    if sites.spreads_A2 is None:
        return sites
    return replace(sites, spreads_A2=times * sites.spreads_A2)


@dataclass(frozen=True)
class _Field:
    """The host's field on one site of the guest."""

    table: PairTable
    host_types: torch.Tensor
    host_charges: torch.Tensor
    type_index: int
    charge_e: float
    energy: ForceFieldEnergy
    spreads: torch.Tensor | None
    """Of the site and each atom of the host together."""

    @property
    def matters(self) -> bool:
        """Whether pairs have any energy."""
        row, table = self.type_index, self.table
        lacks = not (table.c6[row].any() or table.c12[row].any() or table.a[row].any())
        return bool(self.charge_e) or not lacks

    def of_block(
        self, near_A: torch.Tensor, atoms: torch.Tensor, images_A: torch.Tensor
    ) -> FloatArray:
        """Return the energies of places with all atoms near them, shape ``(n_places,)``."""
        types, charges = self.host_types[atoms], self.charge_e * self.host_charges[atoms]
        squared = torch.cdist(near_A, images_A, compute_mode="donot_use_mm_for_euclid_dist")
        squared = squared.square_().clamp_(min=_CLOSEST_A**2)
        row = torch.tensor(self.type_index)
        spreads = None if self.spreads is None else self.spreads[atoms]
        energies = self.table.energies(squared, row, types, spreads)
        if self.charge_e:
            within = squared < self.energy.cutoff_A**2
            of_charges = screened(squared, charges, self.energy.splitting)
            energies = energies + torch.where(within, of_charges, 0.0)
        summed: FloatArray = energies.sum(dim=1).numpy()
        return summed


class _Waves:
    """The potential of the host's charges that is summed over wave vectors."""

    def __init__(self, energy: ForceFieldEnergy, host: Atoms, sites: Sites) -> None:
        cell = torch.as_tensor(host.cell.array)
        indices = wave_indices(host.cell.array, energy.splitting.k_max_per_A)
        self._waves = torch.as_tensor(indices, dtype=torch.float64)
        self._to_fractions = torch.linalg.inv(cell)
        weights, _ = weights_eV(self._waves, cell, energy.splitting)
        fractions = torch.as_tensor(host.positions) @ self._to_fractions
        factors = structure_factors(fractions, torch.as_tensor(sites.charges_e), self._waves)
        # One of ±k is here.
        self._cosine, self._sine = 2 * weights * factors.real, 2 * weights * factors.imag

    def potential_V(self, places_A: FloatArray) -> FloatArray:
        """Return the potential at each place in V, shape ``(n_places,)``."""
        fractions = torch.as_tensor(places_A) @ self._to_fractions
        step = max(1, _NUMBERS_AT_ONCE // max(1, len(self._waves)))
        potential = np.empty(len(places_A))
        for start in range(0, len(places_A), step):
            phases = 2 * np.pi * fractions[start : start + step] @ self._waves.T
            found = torch.cos(phases) @ self._cosine + torch.sin(phases) @ self._sine
            potential[start : start + step] = found.numpy()
        return potential


class _Blocks:
    """Blocks of the cell, each with the tensors of the atoms near it."""

    def __init__(self, host: Atoms, cutoff_A: float) -> None:
        self._blocks = Blocks(host, cutoff_A)
        self._kept: dict[tuple[int, ...], tuple[FloatArray, torch.Tensor, torch.Tensor]] = {}

    def around(
        self, places_A: FloatArray
    ) -> Iterator[tuple[IntArray, torch.Tensor, torch.Tensor, torch.Tensor]]:
        """Yield places of one block, where they are in it, and the atoms near the block.

        These are indices of places, positions of the places in Å about the block's middle, indices
        of atoms, and their positions in Å about the same.
        """
        counts = self._blocks.counts
        fractions = places_A @ self._blocks.to_fractions
        fractions = fractions - np.floor(fractions)
        blocks = np.minimum((fractions * counts).astype(np.int64), counts - 1)
        inside = fractions @ self._blocks.cell_A
        keys = np.ravel_multi_index(tuple(blocks.T), tuple(counts))
        order = np.argsort(keys, kind="stable")
        ends = np.flatnonzero(np.diff(keys[order])) + 1
        for members in np.split(order, ends) if len(order) else ():
            middle, atoms, images = self._near(*blocks[members[0]].tolist())
            step = max(1, _NUMBERS_AT_ONCE // max(1, len(atoms)))
            for start in range(0, len(members), step):
                some = members[start : start + step]
                yield some, torch.as_tensor(inside[some] - middle), atoms, images

    def _near(self, *block: int) -> tuple[FloatArray, torch.Tensor, torch.Tensor]:
        """Return the middle of a block in Å, and the atoms near it with positions about it."""
        if block not in self._kept:
            middle, atoms, images = self._blocks.near(*block)
            self._kept[block] = middle, torch.as_tensor(atoms), torch.as_tensor(images)
        return self._kept[block]
