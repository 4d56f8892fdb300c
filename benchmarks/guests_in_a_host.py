"""Interaction energies of a rigid guest at many places: in the field of its host, or one by one.

    python benchmarks/guests_in_a_host.py [--trials 2000] [--few 4] [--repeats 3] STRUCTURE

CO2 of TraPPE is put at random places of a framework with UFF, with the charges of the file, if it
has any. `ForceFieldModel.in_host` gives all energies at once; the peer is the same model asked for
the energy of framework and guest together, with pairs of `HostPairs`, in a supercell at least twice
as wide as the cutoff. Both agree, which is checked. Medians and their ratio are printed.
"""

import argparse
from statistics import median
from time import perf_counter

import numpy as np
from ase import Atoms
from scipy.spatial.transform import Rotation

from nearsight.models.families.forcefield.model import ForceFieldModel
from nearsight.models.registry import load_model
from nearsight.structures import read_structure
from nearsight.structures.host_pairs import HostPairs
from nearsight.structures.molecules import as_framework
from nearsight.structures.supercell import make_general_supercell, supercell_for_length


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("structure")
    parser.add_argument("--trials", type=int, default=2000)
    parser.add_argument("--few", type=int, default=4, help="trials that are evaluated one by one")
    parser.add_argument("--repeats", type=int, default=3)
    arguments = parser.parse_args()
    host = read_structure(arguments.structure)
    coulomb = "yes" if host.has("initial_charges") else "no"
    model = load_model(f"forcefield:trappe+uff?coulomb={coulomb}")
    assert isinstance(model, ForceFieldModel)
    guest = model.molecule("CO2")
    positions = places(host, guest, arguments.trials)
    one_by_one = OneByOne(model, host, guest)
    field = model.in_host(host)
    at_once_s, alone_s = [], []
    for _ in range(arguments.repeats):
        start = perf_counter()
        energies = field.energies_eV(guest, positions)
        at_once_s.append((perf_counter() - start) / len(positions))
        start = perf_counter()
        both = one_by_one.energies_eV(positions[: arguments.few])
        alone_s.append((perf_counter() - start) / arguments.few)
    worst = np.abs(energies[: arguments.few] - one_by_one.interactions_eV(positions, both))
    assert (worst < 1e-9 * np.maximum(1.0, np.abs(both))).all(), worst
    print(
        f"CO2 in {host.get_chemical_formula()}, {len(host)} atoms, Coulomb {coulomb}: "
        f"{1e3 * median(at_once_s):.3f} ms a place in the field of the host, "
        f"{1e3 * median(alone_s):.0f} ms in a supercell of {len(one_by_one.framework)} atoms; "
        f"ratio {median(alone_s) / median(at_once_s):.0f}"
    )


def places(host: Atoms, guest: Atoms, n_trials: int) -> np.ndarray:
    """Return sites of guests at random places of the cell, turned at random."""
    random = np.random.default_rng(1)
    turns = Rotation.random(n_trials, rng=random).as_matrix()
    centres = random.random((n_trials, 1, 3)) @ host.cell.array
    sites: np.ndarray = np.einsum("sj,nij->nsi", guest.positions, turns) + centres
    return sites


class OneByOne:
    """Energies of host and guest together."""

    def __init__(self, model: ForceFieldModel, host: Atoms, guest: Atoms) -> None:
        cutoff = model.force_field.treatment.cutoff_A
        supercell = make_general_supercell(host, supercell_for_length(host, 2 * cutoff))
        self.framework, self.guest, self.model = as_framework(supercell), guest, model
        self.pairs = HostPairs(self.framework, cutoff)

    def energies_eV(self, positions: np.ndarray) -> np.ndarray:
        """Return the energy of each place, one evaluation for each."""
        energies = []
        for sites in positions:
            found = self.model.evaluate(
                [self.framework + self.at(sites)],
                forces=False,
                pairs=[self.pairs.with_guests(sites)],
            )
            energies.append(found[0].energy_eV)
        return np.array(energies)

    def interactions_eV(self, positions: np.ndarray, both_eV: np.ndarray) -> np.ndarray:
        """Return the energies without those of host and guest alone, with its images."""
        [alone] = self.model.evaluate([self.framework], forces=False)
        images = []
        for sites in positions[: len(both_eV)]:
            guest = self.at(sites)
            guest.set_cell(self.framework.cell)
            guest.pbc = True
            images.append(self.model.evaluate([guest], forces=False)[0].energy_eV)
        return both_eV - alone.energy_eV - np.array(images)

    def at(self, sites: np.ndarray) -> Atoms:
        """Return the guest at its sites."""
        guest = self.guest.copy()
        guest.positions = sites
        return guest


if __name__ == "__main__":
    main()
