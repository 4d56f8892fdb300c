"""The electronic spin of a molecule: which its electrons can have, and what a model says of it."""

import re

from ase import Atoms

from nearsight.errors import MethodError
from nearsight.provenance import ModelIdentity

_NAMED_AT_MOST = 3


def possible_spin(
    atoms: Atoms, model: ModelIdentity, spin: float | None, charge: int | None
) -> float:
    """Return the total electronic spin S of a molecule, which its electrons can have.

    Parameters
    ----------
    atoms
        The molecule.
    model
        What its Hessian is from. The name of a model for molecules may have ``charge`` and
        ``spin``, the multiplicity 2 S + 1: ``gfn2-xtb?charge=1&spin=2``.
    spin
        S; None for that of the model, 0 where it has none.
    charge
        In elementary charges; None for that of the model, 0 where it has none.

    Raises
    ------
    MethodError
        S is no multiple of one half, the electrons cannot have it, or the model has another spin
        or charge.
    """
    multiplicity, of_model = _in_name(model, "spin"), _in_name(model, "charge")
    if charge is not None and of_model is not None and charge != of_model:
        raise MethodError(
            f"`charge` is {charge}, but {model.name} has computed {of_model}; leave it out."
        )
    charge = charge or of_model or 0
    if spin is None:
        spin = 0.0 if multiplicity is None else (multiplicity - 1) / 2
    if spin < 0 or 2 * spin != int(2 * spin):
        raise MethodError(f"`spin` is {spin:g}; give a multiple of one half, 0 for a closed shell.")
    _require_electrons(atoms, charge, spin)
    if multiplicity is not None and 2 * spin != multiplicity - 1:
        raise MethodError(
            f"`spin` {spin:g} is the multiplicity {2 * spin + 1:g}, but {model.name} has computed "
            f"{multiplicity}; leave `spin` out, or change the model's."
        )
    return float(spin)


def _require_electrons(atoms: Atoms, charge: int, spin: float) -> None:
    electrons = int(atoms.numbers.sum()) - charge
    unpaired = int(2 * spin)
    if unpaired <= electrons and (electrons - unpaired) % 2 == 0:
        return
    spins = [f"{n / 2:g}" for n in range(electrons % 2, electrons + 1, 2)[:_NAMED_AT_MOST]]
    more = ", ..." if len(spins) == _NAMED_AT_MOST else ""
    raise MethodError(
        f"{atoms.get_chemical_formula()} with charge {charge} has {electrons} electrons, which "
        f"cannot have the spin {spin:g}; possible are {', '.join(spins) or 'none'}{more}: set "
        f"`spin` (S, not 2S + 1), or `charge`."
    )


def _in_name(model: ModelIdentity, option: str) -> int | None:
    """Return an option in the name of a model; None without it.

    What an ASE calculator means by it nobody knows.
    """
    found = re.search(rf"[?&]{option}=([+-]?\d+)", model.name)
    return None if found is None or "ase:" in model.name else int(found[1])
