"""What a large change of the volume says about a model."""

from ase import Atoms

from nearsight.errors import ModelError
from nearsight.models.contract import Model
from nearsight.models.families.d3.functionals import functional_of, includes_dispersion
from nearsight.remarks import Remark

NOTABLE_CHANGE = 0.10
"""Models and functionals are off by a few per cent in volume: more is another structure."""


def volume_warnings(
    before: Atoms, after: Atoms, model: Model, pressure_GPa: float = 0.0
) -> tuple[Remark, ...]:
    """Return what a relaxation did to the volume of a crystal, in plain words.

    Empty if that is no more than 10 %, for what is not periodic in three directions, and where a
    pressure asked for it.

    Parameters
    ----------
    before, after
        The structure as given, and relaxed.
    model
        What relaxed it.
    pressure_GPa
        The pressure under which it did.
    """
    if not before.pbc.all():
        return ()
    change = float(after.cell.volume / before.cell.volume) - 1.0
    if abs(change) <= NOTABLE_CHANGE or pressure_GPa * change < 0:
        return ()
    name = model.identity.name
    much = f"by {100 * abs(change):.1f} % in volume, more than {100 * NOTABLE_CHANGE:.0f} %"
    if change < 0:
        said = (
            f"The cell shrank {much}: look whether the structure collapsed, or lacks guests that "
            f"held it open, and whether {name} knows such structures."
        )
        return (Remark("large-volume-change", said),)
    if includes_dispersion(model.facts.level_of_theory or ""):
        said = (
            f"The cell grew {much}: look whether the structure fell apart, and whether {name} "
            f"knows such structures."
        )
        return (Remark("large-volume-change", said),)
    said = (
        f"The cell grew {much}: without dispersion a model holds molecules, layers and porous "
        f"frameworks too loosely. Add it, as in {_with_dispersion(model)}, and look at the "
        f"structure."
    )
    return (Remark("large-volume-change", said),)


def _with_dispersion(model: Model) -> str:
    """Return the name by which a model is loaded with dispersion."""
    name = model.identity.name
    try:
        functional_of(model.facts.level_of_theory, name)
    except ModelError:
        return f"{name}+d3:pbe"  # one must be named
    return f"{name}+d3"
