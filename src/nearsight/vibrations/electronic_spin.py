"""The electronic spin of a molecule: which its electrons can have, and what a model says of it."""

from ase import Atoms

from nearsight.errors import MethodError
from nearsight.models.families import FAMILIES
from nearsight.provenance import ModelIdentity
from nearsight.structures.charge import stated_charge, stated_multiplicity

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
        What its Hessian is from. Methods with electrons have ``charge`` and ``spin``, the
        multiplicity 2 S + 1, among their options: ``gfn2-xtb?charge=1&spin=2``.
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
    multiplicity, of_model = _computed(atoms, model)
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


def _computed(atoms: Atoms, model: ModelIdentity) -> tuple[int | None, int | None]:
    """Return multiplicity and charge that a model has computed; None where it knows of neither.

    What an ASE calculator means by options of these names nobody knows.
    """
    for part in model.parts or (model,):
        family = FAMILIES.get(part.family)
        if family is None or "spin" not in (family.options or ()):
            continue
        multiplicity = part.options.get("spin")
        # A task of a model that knows of no spin has none.
        if isinstance(multiplicity, int) and multiplicity >= 1:
            charge = part.options.get("charge")
            computed = multiplicity, charge if isinstance(charge, int) else None
            # What the structure says, unless the name did: the model has refused what differs then.
            own = stated_multiplicity(atoms), stated_charge(atoms)
            return own[0] or computed[0], computed[1] if own[1] is None else own[1]
    return None, None
