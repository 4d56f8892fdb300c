# %% [markdown]
# # What does PBE say of two equal atoms?
#
# The energy of two atoms from 0.5 Å on, of each multiplicity, in the lowest of the self-consistent
# solutions that several guesses lead to; of these the lowest is kept. It is what the examination
# `diatomics` compares models with.
#
#     python studies/pbe_diatomics.py FOLDER [--elements H O ...]
#
# FOLDER keeps a record for each element and multiplicity; in the file of the package the elements
# that are named are added or replaced. Where the multiplicity that is the lowest around a point did
# not converge there, the point is left out, and named in the file.
import argparse
import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pyscf
from pyscf import dft, gto

import nearsight
from nearsight.storage import write_text
from nearsight.units import HARTREE_IN_EV
from records import Record, collect, read

MULTIPLICITIES = {
    **dict.fromkeys(("H", "He", "Li", "N", "F", "Ne", "Na", "Cl"), (1,)),
    "C": (1, 3),
    "O": (1, 3),
}
"""What is computed of each element: in a singlet, spins of two atoms are turned against each other
where that is lower, which makes two atoms of any spin when they are apart."""
OF_ATOMS = {"H": 2, "He": 1, "Li": 2, "C": 3, "N": 4, "O": 3, "F": 2, "Ne": 1, "Na": 2, "Cl": 2}
FUNCTIONAL, BASIS, GRID_LEVEL = "pbe,pbe", "def2-tzvpp", 3
TOLERANCE_HARTREE, MOST_CYCLES, MOST_SECOND_ORDER = 1e-7, 50, 6
DISTANCES_A = (
    *(round(0.5 + 0.1 * n, 1) for n in range(14)),  # to 1.8
    *(2.0, 2.2, 2.4, 2.7, 3.0, 3.3, 3.6, 4.0, 5.0, 6.0),
)
SHORTEST_A = {"Na": 1.0}
"""Closer, filled second shells lie in each other, and no guess leads to a solution in hours."""
TOGETHER_A = 2.7
"""Farther out two atoms couple so weakly that one multiplicity is as good as another."""
LIST = re.compile(r"\[[^][]*\]")
FILE = Path(__file__).parents[1] / "src/nearsight/evaluation/diatomics/pbe.json"


def main() -> None:
    """Compute what is missing, and write the file of the package after each element."""
    parser = argparse.ArgumentParser(description="Diatomics by PBE")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--elements", nargs="+", default=list(MULTIPLICITIES))
    parser.add_argument("--file", type=Path, default=FILE)
    arguments = parser.parse_args()
    method = {
        "functional": FUNCTIONAL,
        "basis": BASIS,
        "grid_level": GRID_LEVEL,
        "tolerance_hartree": TOLERANCE_HARTREE,
    }
    settings = method | {"distances_A": list(DISTANCES_A)}
    done: dict[str, dict[str, Record]] = {}
    for element in arguments.elements:
        names = [f"{element}-{each}" for each in ("atom", *MULTIPLICITIES[element])]
        records = collect(arguments.folder, names, calculate, settings)
        if any("error" in each for each in records.values()):
            continue
        done[element] = records
        write_text(arguments.file, written(content(method, done, read(arguments.file) or {})))


def content(method: Record, done: dict[str, dict[str, Record]], before: Record) -> Record:
    """Return what the file of the package holds: what is `done`, and what it had by this method."""
    by_this = {"pyscf": pyscf.__version__, **method}
    had = before["elements"] if by_this.items() <= before.items() else {}
    elements = had | {element: lowest(element, records) for element, records in done.items()}
    return {
        "what": "Homonuclear diatomics: energy in eV relative to two isolated atoms in their "
        "ground states, by unrestricted Kohn-Sham; lowest spin state per point.",
        "source": "studies/pbe_diatomics.py",
        "nearsight": nearsight.__version__,
        **by_this,
        "elements": {each: elements[each] for each in MULTIPLICITIES if each in elements},
    }


def written(values: Record) -> str:
    """Return the text of a file: JSON, with a line for each list."""
    return f"{LIST.sub(lambda found: ' '.join(found[0].split()), json.dumps(values, indent=1))}\n"


# %% [markdown]
# ## One multiplicity
#
# Outwards and back inwards each point starts from the density of the lowest solution of its
# neighbour; outwards also from those of two atoms, whose spins are turned against each other where
# they make a singlet. That is what bonds become when they are broken.


def calculate(name: str) -> Record:
    """Return the energies of one multiplicity at all distances; None where nothing converged."""
    element, which = name.split("-")
    atom = converged(element, None, OF_ATOMS[element], [None])
    if atom is None:
        raise RuntimeError(f"{element} alone did not converge")
    if which == "atom":
        return {"energy_eV": atom.e_tot * HARTREE_IN_EV}
    multiplicity = int(which)
    guess = of_two_atoms(atom.make_rdm1(), against=multiplicity == 1)
    best: dict[float, Any] = {}
    reach_A = DISTANCES_A[-1] if multiplicity == 1 else TOGETHER_A
    distances = [each for each in DISTANCES_A if SHORTEST_A.get(element, 0) <= each <= reach_A]
    for order, guesses in ((distances, [guess]), (distances[::-1], [])):
        before = None
        for distance_A in order:
            beside = [best[before].make_rdm1()] if before in best else []
            found = converged(element, distance_A, multiplicity, guesses + beside)
            known = best.get(distance_A)
            if found is not None and (known is None or found.e_tot < known.e_tot):
                best[distance_A] = found
            before = distance_A
            print(name, distance_A, energy_eV(best.get(distance_A)), flush=True)
    return {"energies_eV": [energy_eV(best.get(each)) for each in DISTANCES_A]}


def energy_eV(field: Any) -> float | None:
    """Return the energy of a calculation; None without one."""
    return None if field is None else float(field.e_tot * HARTREE_IN_EV)


def of_two_atoms(density: Any, *, against: bool) -> Any:
    """Return the density of two atoms, those of both spins, from that of one."""
    up, down = density
    nothing = np.zeros_like(up)
    other_up, other_down = (down, up) if against else (up, down)
    return np.array(
        [
            np.block([[up, nothing], [nothing, other_up]]),
            np.block([[down, nothing], [nothing, other_down]]),
        ]
    )


def converged(element: str, distance_A: float | None, multiplicity: int, guesses: list[Any]) -> Any:
    """Return the lowest of what guesses converge to; None where none does, or there is none."""
    found = [solution(element, distance_A, multiplicity, guess) for guess in guesses]
    good = [each for each in found if each.converged]
    if found and not good:
        nearest = min(found, key=lambda each: float(each.e_tot))
        good = [each for each in [of_second_order(nearest)] if each.converged]
    return min(good, key=lambda each: float(each.e_tot), default=None)


def solution(element: str, distance_A: float | None, multiplicity: int, guess: Any) -> Any:
    """Return a calculation of one atom or two from a guess."""
    places = [(0.0, 0.0, 0.0)] + ([] if distance_A is None else [(0.0, 0.0, distance_A)])
    return self_consistent([(element, place) for place in places], multiplicity, guess)


def self_consistent(atoms: list[Any], multiplicity: int, guess: Any = None) -> Any:
    """Return a calculation from a guess.

    Parameters
    ----------
    atoms
        Element and position in Å of each.
    multiplicity
        Of the whole.
    guess
        Densities of both spins; None for that of atoms.
    """
    molecule = gto.M(atom=atoms, basis=BASIS, spin=multiplicity - 1, verbose=0)
    field = dft.UKS(molecule)
    field.xc = FUNCTIONAL
    field.grids.level = GRID_LEVEL
    field.conv_tol = TOLERANCE_HARTREE
    field.max_cycle = MOST_CYCLES
    field.kernel(guess)
    return field


def of_second_order(field: Any) -> Any:
    """Return the calculation that goes on, by steps of second order, from one that did not end."""
    second = field.newton()
    second.max_cycle = MOST_SECOND_ORDER
    second.kernel(field.make_rdm1())
    return second


# %% [markdown]
# ## The lowest of all


def lowest(element: str, records: dict[str, Record]) -> Record:
    """Return the lowest energy at each distance, less that of two atoms, and its multiplicity."""
    atom_eV = records[f"{element}-atom"]["energy_eV"]
    curves = {
        int(name.split("-")[1]): np.array(
            [np.inf if energy is None else energy for energy in record["energies_eV"]]
        )
        for name, record in records.items()
        if "energies_eV" in record
    }
    multiplicities, energies = list(curves), np.stack(list(curves.values()))
    kept, left_out = [], []
    for place, distance_A in enumerate(DISTANCES_A):
        if distance_A < SHORTEST_A.get(element, 0):
            continue
        # Nothing speaks for the others where what is the lowest around it is missing.
        around = energies[:, max(0, place - 1) : place + 2].min(axis=1)
        if np.isinf(energies[int(np.argmin(around)), place]):
            left_out.append(distance_A)
            continue
        which = int(np.argmin(energies[:, place]))
        energy_eV = round(float(energies[which, place] - 2 * atom_eV), 5)
        kept.append((distance_A, energy_eV, multiplicities[which]))
    return {
        "tried_multiplicities": sorted(multiplicities),
        "distances_A": [distance for distance, _, _ in kept],
        "energies_eV": [energy for _, energy, _ in kept],
        "multiplicities": [multiplicity for _, _, multiplicity in kept],
        "not_converged_A": left_out,
    }


if __name__ == "__main__":
    main()
