"""Charge and spin of methods with electrons: what the options mean, and whether they fit."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from ase import Atoms

from nearsight.errors import ModelError
from nearsight.models.options_in_names import whole_number
from nearsight.provenance import ModelIdentity
from nearsight.structures.charge import CHARGE, SPIN, stated_charge, stated_multiplicity

if TYPE_CHECKING:
    from nearsight.models.contract import Capabilities, Model


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


def require_own_electrons(
    atoms: Atoms, identity: ModelIdentity, capabilities: "Capabilities"
) -> None:
    """Check that a model computes the charge and the multiplicity that a structure says to have.

    Raises
    ------
    ModelError
        It computes others.
    StructureError
        What the structure says of them means nothing.
    """
    for key, what, takes, stated, neutral in (
        (CHARGE, "charge", capabilities.takes_charge, stated_charge(atoms), 0),
        (SPIN, "multiplicity", capabilities.takes_spin, stated_multiplicity(atoms), 1),
    ):
        if takes is not False or stated is None:
            continue
        formula, loaded = atoms.get_chemical_formula(), loaded_with(identity, key)
        if loaded is None and stated != neutral:
            raise ModelError(
                f"{formula} has the {what} {stated} (atoms.info[{key!r}]), of which "
                f"{identity.name} (family {identity.family}) knows nothing: it computes {neutral}. "
                f"Take a model that has charges, such as gfn2-xtb, or delete the entry to compute "
                f"{neutral}."
            )
        if loaded is not None and stated != loaded:
            raise ModelError(
                f"{formula} says {key} {stated} in its info, and {identity.name} was loaded with "
                f"{key}={loaded}; load it with the structure's."
            )


def require_same_electrons(models: "Sequence[Model]", *, of_all: bool = False) -> None:
    """Check that models which are combined compute the same charge and multiplicity.

    Parameters
    ----------
    models
        Those that are combined.
    of_all
        Whether to count what takes any charge, and was loaded with none, as neutral. Without it
        such a model goes with every other: D3 does not depend on charges.

    Raises
    ------
    ModelError
        They compute different ones; naming them.
    """
    for key, neutral in ((CHARGE, 0), (SPIN, 1)):
        computed: list[tuple[str, int]] = []
        for model in models:
            takes = getattr(model.capabilities, f"takes_{key}")
            loaded = loaded_with(model.identity, key)
            if loaded is not None:
                computed.append((model.identity.name, loaded))
            elif takes is False or (takes and of_all):
                computed.append((model.identity.name, neutral))
        if len({value for _, value in computed}) > 1:
            said = ", ".join(f"{name} {value}" for name, value in computed)
            raise ModelError(
                f"models that are combined must compute the same {key}, and these compute "
                f"different ones ({said}); load all of them with the same, as in ?{key}=1."
            )


def loaded_with(identity: ModelIdentity, key: str) -> int | None:
    """Return the charge or spin (multiplicity) in the options of a model, or of a part of a sum.

    None where it has none, which includes a multiplicity of 0: that of tasks without spins.
    """
    options: Mapping[str, Any] = identity.options
    value = options.get(key)
    if isinstance(value, int):
        return None if key == SPIN and value == 0 else value
    of_parts = (loaded_with(part, key) for part in identity.parts)
    return next((one for one in of_parts if one is not None), None)
