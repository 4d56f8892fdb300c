"""Energies of many rigid guests in a host and with each other, by what a move changes of them.

What all sites of the guests add to the energy of a rigid host: their energies in its field, as in
`host_field`, and those of the guests with each other and with images of each other in a cell of
their own, a supercell of the host's. Pairs are summed within the cutoff, charges by Ewald's method,
with the structure factors of the guests as the state that moves change. It is the energy that
`ForceFieldEnergy` gives for all of them together, less the host's; the kernels are compiled by
numba.
"""

from itertools import pairwise

import numpy as np
import torch
from ase import Atoms
from scipy.special import erfc

from nearsight.arrays import FloatArray, IntArray
from nearsight.errors import ModelError
from nearsight.models.families.forcefield.energy import ForceFieldEnergy
from nearsight.models.families.forcefield.ewald import (
    COULOMB_EV_A,
    structure_factors,
    wave_indices,
    weights_eV,
)
from nearsight.models.families.forcefield.guest_kernels import (
    SCREENING_STEP,
    BoxNumbers,
    GuestNumbers,
    HostNumbers,
    PairNumbers,
    WaveNumbers,
    changes,
    guest_energies,
    host_energies,
)
from nearsight.models.families.forcefield.pair_tables import PairTable
from nearsight.models.families.forcefield.sites import Sites, sites_of
from nearsight.models.guests import GuestMove, GuestSites, GuestState
from nearsight.structures.blocks import Blocks, box_of
from nearsight.structures.molecules import MOLECULE, as_framework

_NEUTRAL_E = 1e-6
_NOBODY = np.empty(0)
_NO_HOST = HostNumbers(
    np.eye(3),
    np.eye(3),
    np.ones(3, dtype=np.int64),
    np.zeros(1, dtype=np.int64),
    np.empty(0, dtype=np.int64),
    _NOBODY,
    np.empty((0, 3)),
)


class ForceFieldGuests:
    """The energy of guests of one kind by a force field.

    Parameters
    ----------
    energy
        The force field.
    molecule
        A guest, with its types (`nearsight.structures.molecules`) and its centre at the origin.
    cell_A
        The cell in which guests have images, shape ``(3, 3)``: the host's, or a supercell of it.
    host
        One cell of the framework, periodic in three directions; None for an empty box.

    Raises
    ------
    ModelError
        A type or charge is missing, the guest is charged, or the host is not periodic.
    """

    def __init__(
        self, energy: ForceFieldEnergy, molecule: Atoms, cell_A: FloatArray, host: Atoms | None
    ) -> None:
        if host is not None and not host.pbc.all():
            raise ModelError(
                f"{host.get_chemical_formula()} is not periodic in three directions; guests are "
                f"put into a crystal."
            )
        guest = _sites_of_guest(energy, molecule)
        of_host = None if host is None else sites_of(as_framework(host), energy.force_field)
        table, indices = energy.table(() if of_host is None else of_host.types, guest.types)
        charged = bool(guest.charges_e.any())
        self._numbers = _pair_numbers(energy, table, charged)
        types = np.array([indices[name] for name in guest.types], dtype=np.int64)
        own = np.bincount(types, minlength=len(table.c6))
        tails_eV_A3 = own @ table.tail_eV_A3.numpy()
        constant_eV = _with_itself(energy, molecule.positions, guest.charges_e)
        if host is not None and of_host is not None:
            others = np.bincount([indices[name] for name in of_host.types], minlength=len(own))
            constant_eV += 4 * np.pi / host.get_volume() * float(tails_eV_A3 @ others)
        self._guest = GuestNumbers(
            types,
            guest.charges_e.astype(np.float64),
            float(np.linalg.norm(molecule.positions, axis=1).max()),
            float(constant_eV),
            float(2 * np.pi / abs(np.linalg.det(cell_A)) * (tails_eV_A3 @ own)),
        )
        self._box = BoxNumbers(*box_of(cell_A, energy.cutoff_A + 2 * self._guest.radius))
        self._waves = _own_waves(energy, cell_A, charged)
        self._host, self._host_waves = _NO_HOST, _own_waves(energy, cell_A, charged=False)
        if host is not None and of_host is not None:
            self._host = _host_numbers(host, of_host, indices, energy.cutoff_A)
            if charged and of_host.charges_e.any():
                self._host_waves = _potential_waves(energy, host, of_host)

    def state(self, guests: GuestSites) -> tuple[FloatArray, GuestState]:
        """Return the energy of each chain in eV, and what changes need; see `GuestEnergies`."""
        n_chains, n_places = guests.sites_A.shape[:2]
        state = GuestState(
            np.zeros((n_chains, n_places)),
            np.zeros((n_chains, 2, len(self._waves.cosine))),
        )
        energies = np.zeros(n_chains)
        guest_energies(
            guests.counts,
            guests.sites_A,
            guests.centres_A,
            self._guest,
            self._box,
            self._waves,
            self._numbers,
            state.factors,
            energies,
        )
        for chain, count in enumerate(guests.counts):
            of_host = state.of_host_eV[chain, :count]
            host_energies(
                guests.sites_A[chain, :count],
                self._guest,
                self._host,
                self._host_waves,
                self._numbers,
                of_host,
            )
            energies[chain] += of_host.sum()
        return energies, state

    def changes_eV(
        self, guests: GuestSites, state: GuestState, move: GuestMove, after: GuestState
    ) -> FloatArray:
        """Return by how much a move changes the energy of each chain in eV; see `GuestEnergies`."""
        out = np.full(len(guests.counts), np.nan)
        changes(
            guests.counts,
            guests.sites_A,
            guests.centres_A,
            state.of_host_eV,
            move.slots,
            move.removes,
            move.adds,
            move.sites_A,
            move.centres_A,
            move.asked,
            self._guest,
            self._host,
            self._host_waves,
            self._box,
            self._waves,
            self._numbers,
            state.factors,
            after.of_host_eV[:, 0],
            after.factors,
            out,
        )
        return out


def _sites_of_guest(energy: ForceFieldEnergy, molecule: Atoms) -> Sites:
    alone = molecule.copy()
    alone.pbc = False
    alone.set_array(MOLECULE, np.ones(len(molecule), dtype=np.int64))
    sites = sites_of(alone, energy.force_field)
    if abs(sites.charges_e.sum()) > _NEUTRAL_E:
        raise ModelError(
            f"the guest {molecule.get_chemical_formula()} has a charge of "
            f"{sites.charges_e.sum():g} e; the number of ions in a crystal cannot change by itself."
        )
    return sites


def _pair_numbers(energy: ForceFieldEnergy, table: PairTable, charged: bool) -> PairNumbers:
    alpha = float(energy.splitting.alpha_per_A)
    return PairNumbers(
        c12=table.c12.numpy(),
        c6=table.c6.numpy(),
        a=table.a.numpy(),
        b=table.b.numpy(),
        core=table.core_A.numpy(),
        wall=table.wall_eV.numpy(),
        shift=table.shift_eV.numpy(),
        slope=table.slope_eV_per_A.numpy(),
        cutoff=float(energy.cutoff_A),
        buckingham=table.buckingham,
        sloped=table.sloped,
        alpha=alpha,
        screening=_screening(alpha * energy.cutoff_A),
        coulomb=COULOMB_EV_A if charged else 0.0,
    )


def _screening(farthest: float) -> FloatArray:
    """Return the polynomials of erfc from 0 to `farthest`, see `PairNumbers.screening`."""
    n_intervals = int(np.ceil(farthest / SCREENING_STEP)) + 1  # one more, for rounding at the end
    middles = (np.arange(n_intervals) + 0.5) * SCREENING_STEP
    half, degree = SCREENING_STEP / 2, 6
    nodes = np.cos(np.pi * (np.arange(degree + 1) + 0.5) / (degree + 1))
    values = erfc(middles[:, np.newaxis] + half * nodes)
    coefficients: FloatArray = np.linalg.solve(np.vander(nodes, increasing=True), values.T).T
    scaled: FloatArray = coefficients / half ** np.arange(degree + 1)
    return np.ascontiguousarray(scaled)


def _with_itself(energy: ForceFieldEnergy, sites_A: FloatArray, charges: FloatArray) -> float:
    """Return what the waves have of the charges of one molecule, with the opposite sign."""
    alpha = energy.splitting.alpha_per_A
    first, second = np.triu_indices(len(charges), k=1)
    distances = torch.as_tensor(np.linalg.norm(sites_A[second] - sites_A[first], axis=1))
    shares = (torch.erf(alpha * distances) / distances).numpy()
    inside = float((charges[first] * charges[second] * shares).sum())
    return float(-COULOMB_EV_A * (inside + (charges**2).sum() * alpha / np.sqrt(np.pi)))


def _host_numbers(
    host: Atoms, sites: Sites, indices: dict[str, int], cutoff_A: float
) -> HostNumbers:
    blocks = Blocks(host, cutoff_A)
    starts, atoms, places = blocks.all_near()
    types = np.array([indices[name] for name in sites.types], dtype=np.int64)
    charges = sites.charges_e.astype(np.float64)
    return HostNumbers(
        blocks.to_fractions,
        blocks.cell_A,
        blocks.counts,
        starts,
        types[atoms],
        charges[atoms],
        places,
    )


def _own_waves(energy: ForceFieldEnergy, cell_A: FloatArray, charged: bool) -> WaveNumbers:
    """Return the waves of guests with the weights of their squared structure factors."""
    indices = np.empty((0, 3), dtype=np.int64)
    if charged:
        indices = _in_rows(wave_indices(cell_A, energy.splitting.k_max_per_A))
    waves = torch.as_tensor(indices, dtype=torch.float64)
    weights, _ = weights_eV(waves, torch.as_tensor(cell_A), energy.splitting)
    return _wave_numbers(cell_A, indices, weights.numpy(), np.zeros(len(indices)))


def _potential_waves(energy: ForceFieldEnergy, host: Atoms, sites: Sites) -> WaveNumbers:
    """Return the waves of the host with the factors of its potential."""
    cell = torch.as_tensor(host.cell.array)
    indices = _in_rows(wave_indices(host.cell.array, energy.splitting.k_max_per_A))
    waves = torch.as_tensor(indices, dtype=torch.float64)
    weights, _ = weights_eV(waves, cell, energy.splitting)
    fractions = torch.as_tensor(host.positions) @ torch.linalg.inv(cell)
    factors = structure_factors(fractions, torch.as_tensor(sites.charges_e), waves)
    # One of ±k is here.
    cosine, sine = 2 * weights * factors.real, 2 * weights * factors.imag
    return _wave_numbers(host.cell.array, indices, cosine.numpy(), sine.numpy())


def _in_rows(indices: IntArray) -> IntArray:
    """Return indices of waves in the order of their first, second and last index."""
    ordered: IntArray = indices[np.lexsort(indices.T[::-1])]
    return ordered


def _wave_numbers(
    cell_A: FloatArray, indices: IntArray, cosine: FloatArray, sine: FloatArray
) -> WaveNumbers:
    # Those of a row are inside a sphere, and so have all last indices between two.
    new = np.ones(len(indices), dtype=bool)
    new[1:] = (np.diff(indices[:, :2], axis=0) != 0).any(axis=1)
    begins = np.flatnonzero(new)
    rows = np.zeros((len(begins) + 1, 4), dtype=np.int64)
    rows[:-1, :3], rows[:-1, 3] = indices[begins], begins
    rows[-1, 3] = len(indices)
    for begin, end in pairwise(rows[:, 3].tolist()):
        assert (np.diff(indices[begin:end, 2]) == 1).all()
    extents = np.abs(indices).max(axis=0, initial=0)
    to_fractions: FloatArray = np.linalg.inv(cell_A).astype(np.float64)
    return WaveNumbers(to_fractions, extents, rows, cosine, sine)
