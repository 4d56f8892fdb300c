"""Settings of a model in LAMMPS."""

from dataclasses import dataclass
from typing import Annotated

from nearsight.settings import Help, Settings


@dataclass(frozen=True, kw_only=True)
class LammpsSettings(Settings):
    """What an input script does not say of its model.

    Examples
    --------
    >>> from nearsight.lammps import LammpsSettings
    >>> settings = LammpsSettings(elements=("Si", "O"))
    >>> settings.elements
    ('Si', 'O')
    """

    elements: Annotated[
        tuple[str, ...] | None,
        Help(
            "the element of each type of atom, in their order, such as Mg O C H; what stands "
            "behind pair_coeff * * in a script with pair_style nearsight otherwise",
            "EL",
        ),
    ] = None
    energies_only: Annotated[
        bool,
        Help(
            "compute no forces, for Monte Carlo in which nothing moves by them; what needs them "
            "gets nan"
        ),
    ] = False
