"""A small LAMMPS of its own in which an atom is put in and taken out, before anything counts.

How LAMMPS hides what it deletes on trial is not written down anywhere, and might be different in
another version of it. So it is tried: a deletion must cost what the insertion gave.
"""

from collections.abc import Sequence

from ase.data import atomic_masses, atomic_numbers

from nearsight.lammps.attached import AttachedModel
from nearsight.lammps.evaluator import Answer
from nearsight.lammps.library import LammpsError, start_lammps
from nearsight.lammps.owned_atoms import Present
from nearsight.models.contract import Model

_BOX = """\
units metal
atom_style atomic
atom_modify map yes
region box block 0 12 0 12 0 12
create_box 2 box
create_atoms 1 single 6 6 6
mass 1 {host:.8g}
mass 2 {guest:.8g}
pair_style zero 2.0 nocoeff
pair_coeff * *
group guest type 2"""

_EXCHANGE = "fix exchange guest gcmc 1 1 0 2 8261 300 {mu_eV:.8g} 0.1 full_energy max 1"
"""One exchange at each step, of one guest at most."""

_LOG_ACTIVITY = 400.0
"""Of the guest, in kT: nearly every insertion is taken, so that there is soon one to delete."""

_MOST_STEPS = 200
_N_DELETIONS = 4
"""Where `fix gcmc` counts deletions that it has tried, in its vector."""

_SAME_EV = 1e-4


def require_reversible(model: Model, elements: Sequence[str]) -> None:
    """Check that LAMMPS and a model together take out what they have put in.

    Parameters
    ----------
    model
        The model.
    elements
        Of the first is the atom that stays, of the last the one that comes and goes.

    Raises
    ------
    LammpsError
        A deletion has not cost what the insertion gave, or none was tried.
    ModelError
        The model cannot evaluate them.
    """
    host, guest = elements[0], elements[-1]
    lammps = start_lammps(("-log", "none", "-screen", "none", "-nocite"))
    try:
        masses = [float(atomic_masses[atomic_numbers[symbol]]) for symbol in (host, guest)]
        lammps.commands_string(_BOX.format(host=masses[0], guest=masses[1]))
        energies_eV: list[tuple[int, float]] = []

        def note(present: Present, answer: Answer) -> None:
            energies_eV.append((len(present.atoms), answer.energy))

        attached = AttachedModel(lammps, model, (host, guest), check_exchanges=False, told=note)
        attached.attach()
        mu_eV = _LOG_ACTIVITY * 300 * lammps.extract_global("boltz")
        attached.command(_EXCHANGE.format(mu_eV=mu_eV))
        attached.command("run 0 post no")
        before_eV = energies_eV[-1][1]
        after_eV = _energy_without_guest_eV(attached, energies_eV)
    finally:
        lammps.close()
    if after_eV is None or not abs(after_eV - before_eV) <= _SAME_EV:
        left = "the guest was still there" if after_eV is None else f"{after_eV:.6f} eV were left"
        raise LammpsError(
            f"a self-test of exchanges failed: LAMMPS put an atom of {guest} beside one of {host}, "
            f"whose energy by {model.identity.name} was {before_eV:.6f} eV, and when it took it "
            f"out {left}. Exchanges would be wrong: use the version of LAMMPS that Nearsight "
            f"asks for, and a model that answers the same whenever it is asked."
        )


def _energy_without_guest_eV(
    attached: AttachedModel, energies_eV: list[tuple[int, float]]
) -> float | None:
    """Return the energy in the first trial that takes the guest out; None if it was still there.

    Parameters
    ----------
    attached
        The model in a LAMMPS that exchanges a guest.
    energies_eV
        Numbers of atoms, and energies in eV, of all that is computed, which grows meanwhile.
    """
    lammps = attached.lammps
    for _ in range(_MOST_STEPS):
        has_guest = lammps.get_natoms() == 2
        tried, computed = lammps.extract_fix("exchange", 0, 1, _N_DELETIONS), len(energies_eV)
        attached.command("run 1 post no")
        if has_guest and lammps.extract_fix("exchange", 0, 1, _N_DELETIONS) > tried:
            alone_eV = [energy for n_atoms, energy in energies_eV[computed:] if n_atoms == 1]
            return alone_eV[0] if alone_eV else None
    return None
