"""Checks of grand canonical Monte Carlo and insertions before they may begin.

LAMMPS judges a trial by the difference of two whole energies. Three mistakes leave no trace but
wrong loadings: molecules that are deleted on trial and still counted, an energy of the molecule
alone (`intra_energy`) that is not the model's, and single atoms, for which LAMMPS has no such
energy.
"""

from dataclasses import dataclass

import numpy as np
from ase import Atoms

from nearsight.arrays import IntArray
from nearsight.lammps.evaluator import Evaluator
from nearsight.lammps.exchange_commands import Exchange, exchanges_in
from nearsight.lammps.library import Lammps, LammpsError
from nearsight.lammps.owned_atoms import Present

TOLERANCE_EV = 1e-3
"""By how much `intra_energy` may be off: 4 % of a loading at 300 K."""

_GROUPS = {
    "gcmc": "FixGCMC:gcmc_exclusion_group:",
    "widom": "FixWidom:widom_exclusion_group:",
}
"""How LAMMPS names the groups of atoms that are deleted on trial, up to the name of the fix."""

_N_INSERTIONS = 2
"""Where `fix gcmc` counts insertions that it has tried, in its vector."""


@dataclass(eq=False)
class _Watched:
    """A fix that has not tried an exchange yet."""

    style: str
    bit: int
    """Of its group."""
    tags: IntArray
    """The atoms before its first trial."""
    n_insertions: float


class ExchangeChecks:
    """What is known of the fixes that exchange molecules, and which of them were checked."""

    def __init__(self) -> None:
        self._stated: list[Exchange] = []
        self._watched: dict[str, _Watched] = {}
        self._checked: set[str] = set()
        self._bits = 0

    def read(self, command: str, *, of_script: bool = False) -> bool:
        """Note what a command says of exchanges, and tell whether these are the first.

        Parameters
        ----------
        command
            A command of LAMMPS.
        of_script
            Whether it is read ahead of its time, so that a name may mean several fixes.

        Raises
        ------
        LammpsError
            It has no `full_energy`.
        """
        had_some = bool(self._stated)
        for exchange in exchanges_in(command):
            if not of_script:
                self._stated = [each for each in self._stated if each.fix != exchange.fix]
                self._checked.discard(exchange.fix)
            self._stated.append(exchange)
        return bool(self._stated) and not had_some

    def begin(self) -> None:
        """Forget which fixes were checked: the model is attached anew."""
        self._watched.clear()
        self._checked.clear()
        self._bits = 0

    def require_sound(self, lammps: Lammps, evaluator: Evaluator, present: Present) -> None:
        """Check a call of LAMMPS, and the first exchange that each fix tries.

        Raises
        ------
        LammpsError
            Atoms are hidden that no fix has taken out, or what a fix says of the energy of a
            molecule is not the model's.
        """
        hidden = present.hidden_tags
        if len(hidden) == 0 and not self._stated:
            return
        if len(self._watched) + len(self._checked) < len({each.fix for each in self._stated}):
            self._look_for_fixes(lammps, present)
        if ((present.hidden_groups & self._bits) == 0).any():
            self._look_for_fixes(lammps, present)
        if ((present.hidden_groups & self._bits) == 0).any():
            raise LammpsError(
                f"atom {hidden[0]} is in no group, not even all, and no fix gcmc or widom with "
                f"full_energy has taken it out; whether it counts is not known."
            )
        for fix, watched in list(self._watched.items()):
            molecule = self._exchanged(lammps, fix, watched, present)
            if molecule is not None:
                self._require_energy_alone(lammps, fix, watched.style, evaluator, molecule)
                self._checked.add(fix)
                del self._watched[fix]

    def _look_for_fixes(self, lammps: Lammps, present: Present) -> None:
        for index, group in enumerate(lammps.available_ids("group")):
            for style, prefix in _GROUPS.items():
                fix = (group or "").removeprefix(prefix)
                if fix != (group or "") and fix not in self._watched.keys() | self._checked:
                    everybody = np.union1d(present.tags, present.hidden_tags)
                    self._watched[fix] = _Watched(
                        style, 1 << index, everybody, _insertions(lammps, fix, style)
                    )
                    self._bits |= 1 << index

    @staticmethod
    def _exchanged(lammps: Lammps, fix: str, watched: _Watched, present: Present) -> Atoms | None:
        """Return the molecule that a fix tries to put in or take out, if this is such a trial."""
        taken = (present.hidden_groups & watched.bit) != 0
        if taken.any():
            return _alone(present.hidden[taken])
        new = ~np.isin(present.tags, watched.tags)
        if not new.any() or _insertions(lammps, fix, watched.style) == watched.n_insertions:
            return None
        return _alone(present.atoms[new])

    def _require_energy_alone(
        self, lammps: Lammps, fix: str, style: str, evaluator: Evaluator, molecule: Atoms
    ) -> None:
        stated = [each for each in self._stated if lammps.expand(each.fix) == fix]
        if not stated:
            raise LammpsError(
                f"fix {fix} {style} was given to LAMMPS itself, and what it says of the energy of "
                f"a molecule is not known here; give it by `AttachedModel.command`."
            )
        units = evaluator.units
        energy_eV = evaluator.energy_alone_eV(molecule)
        energy = energy_eV / units.energy_eV
        of_lines = [float(lammps.expand(each.intra_energy or "0")) for each in stated]
        said = min(of_lines, key=lambda one: abs(one - energy))  # of those of that name
        if abs(energy - said) * units.energy_eV <= TOLERANCE_EV:
            return
        formula, name = molecule.get_chemical_formula(), evaluator.model.identity.name
        beginning = (
            f"fix {fix} {style} takes the energy of {formula} alone for {said:g} "
            f"{units.energy_name}, and {name} gives it {energy:.6f} {units.energy_name}: the "
            f"difference would count as adsorption."
        )
        if stated[-1].is_molecular:
            raise LammpsError(f"{beginning} Write `intra_energy {energy:.6f}` behind the fix.")
        raise LammpsError(
            f"{beginning} LAMMPS has no intra_energy of single atoms; exchange molecules of one "
            f"atom, by a template and `mol NAME intra_energy {energy:.6f}` behind the fix."
        )


def _insertions(lammps: Lammps, fix: str, style: str) -> float:
    """Return how many insertions `fix gcmc` has tried; `fix widom` does nothing else."""
    if style == "widom":
        return float("nan")  # which is never the same as before
    count: float = lammps.extract_fix(fix, 0, 1, _N_INSERTIONS)
    return count


def _alone(molecule: Atoms) -> Atoms:
    """Return a molecule in no box, put together where it lies across a face of its own."""
    vectors = molecule.get_distances(0, range(len(molecule)), mic=True, vector=True)
    return Atoms(numbers=molecule.numbers, positions=vectors)
