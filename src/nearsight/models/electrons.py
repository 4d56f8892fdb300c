"""Charge and spin of methods with electrons: what the options mean, and whether they fit."""

from collections.abc import Mapping

from ase import Atoms

from nearsight.errors import ModelError
from nearsight.models.options_in_names import whole_number
from nearsight.provenance import ModelIdentity


def charge_and_multiplicity(name: str, options: Mapping[str, str]) -> tuple[int, int]:
    """Return the options ``charge`` and ``spin``, by default 0 and 1, of a model called `name`.

    The charge is in elementary charges; the spin is the multiplicity 2S + 1, as for all families.

    Raises
    ------
    ModelError
        One is no whole number, or the spin is less than 1.
    """
    charge = whole_number(name, {"charge": "0", **options}, "charge")
    multiplicity = whole_number(name, {"spin": "1", **options}, "spin")
    if multiplicity < 1:
        raise ModelError(
            f"spin={multiplicity} of {name} is no multiplicity 2S + 1; it is 1 for a singlet, 2 "
            f"for a doublet, 3 for a triplet."
        )
    return charge, multiplicity


def require_electrons(
    atoms: Atoms, neutral: int, charge: int, multiplicity: int, name: str
) -> None:
    """Check that the electrons of `atoms` can have this multiplicity.

    Parameters
    ----------
    atoms
        The structure, for the message.
    neutral
        Electrons of the structure without a charge.
    charge
        Charge in elementary charges.
    multiplicity
        2S + 1; one less are the unpaired electrons.
    name
        The model, for the message.

    Raises
    ------
    ModelError
        Fewer electrons are left than unpaired ones are wanted, or an odd number is to be paired.
    """
    electrons, unpaired = neutral - charge, multiplicity - 1
    if electrons > 0 and unpaired <= electrons and (electrons - unpaired) % 2 == 0:
        return
    fitting = "2, 4, ..." if electrons % 2 else "1, 3, ..."
    raise ModelError(
        f"{atoms.get_chemical_formula()} with charge {charge} has {electrons} electrons, of which "
        f"{name} cannot leave {unpaired} unpaired (spin={multiplicity}); give another charge, or a "
        f"multiplicity out of {fitting}, as in ?charge={charge}&spin={1 + electrons % 2}."
    )


def require_same_electrons(atoms: Atoms, identity: ModelIdentity) -> None:
    """Check that a structure says of itself no other charge or spin than its model was loaded for.

    Raises
    ------
    ModelError
        ``atoms.info`` has another ``charge`` or ``spin``.
    """
    for key in ("charge", "spin"):
        said, loaded = atoms.info.get(key), identity.options.get(key)
        if key == "spin" and loaded == 0:  # where multiplicities mean nothing
            continue
        if said is not None and loaded is not None and said != loaded:
            raise ModelError(
                f"{atoms.get_chemical_formula()} says {key} {said} in its info, and "
                f"{identity.name} was loaded with {key}={loaded}; load it with the structure's."
            )
