"""The system of one gas in one framework by a model, or by a cheap level and a model."""

from dataclasses import dataclass

from nearsight.adsorption.framework import Framework
from nearsight.adsorption.gases import Gas
from nearsight.adsorption.gcmc.ensemble import Ensemble
from nearsight.adsorption.gcmc.levels import Energies, Level, Wholes
from nearsight.adsorption.gcmc.local_level import LocalLevel
from nearsight.adsorption.gcmc.model_level import ModelEnergies
from nearsight.adsorption.gcmc.no_overlaps import NoOverlaps
from nearsight.adsorption.gcmc.sampling import System
from nearsight.adsorption.pockets import Pockets
from nearsight.errors import ModelError
from nearsight.models.contract import Model
from nearsight.models.guests import GuestModel
from nearsight.models.registry import load_model
from nearsight.structures.molecules import as_framework


@dataclass(frozen=True, eq=False)
class Exchange:
    """By what molecules of one gas are exchanged with a framework."""

    framework: Framework
    """With the supercell that molecules are in."""
    gas: Gas
    model: Model
    """What is sampled."""
    cheap: GuestModel | None
    """What makes many moves as one proposal; None for one level."""
    cheap_gas: Gas | None
    """The molecule by that, whose atoms have the same order."""
    overlap_share: float
    """Atoms nearer than this share of the sum of their covalent radii overlap, at both levels."""
    pockets: Pockets | None = None
    """What centres of molecules are kept out of; None for none."""
    at_once: int = 1
    """Configurations that the model computes together."""

    def system(self, ensemble: Ensemble) -> System:
        """Return what is sampled.

        Raises
        ------
        ModelError
            A level does not know an element, a type or a charge, or both have other sites for the
            molecule.
        """
        costly: Energies | None = None
        if self.cheap is None:
            level = self._level(self.model)
        else:
            assert self.cheap_gas is not None
            require_same_sites(self.gas, self.cheap_gas, self.cheap)
            level = self._local(self.cheap, self.cheap_gas)
            costly = self._level(self.model)
            if isinstance(costly, Wholes):
                costly = costly.energies
        host = self.framework.cell
        rule = NoOverlaps(
            ensemble.cell_A, self.gas.atoms.numbers, self.overlap_share, host, self.pockets
        )
        return System(ensemble, self.gas.sites_A, level, costly, rule)

    def _level(self, model: Model) -> Level:
        if isinstance(model, GuestModel):
            return self._local(model, self.gas)
        return Wholes(ModelEnergies(self.framework, self.gas, model, self.at_once))

    def _local(self, model: GuestModel, gas: Gas) -> LocalLevel:
        """Return a force field, with its types at the sites of the molecule as it is sampled."""
        guest = gas.atoms.copy()
        guest.positions = self.gas.sites_A
        cell_A = self.framework.atoms.cell.array
        return LocalLevel(model.of_guests(guest, cell_A, as_framework(self.framework.cell)))


def cheap_level(name: str) -> GuestModel:
    """Return a force field that tells what moves of guests change.

    Raises
    ------
    ModelError
        It is none.
    """
    model = load_model(name, device="cpu")
    if not isinstance(model, GuestModel):
        raise ModelError(
            f"{name} does not tell cheaply what a move changes; give a force field, such as "
            f"forcefield:trappe+uff, as `cheap`."
        )
    return model


def require_same_sites(gas: Gas, cheap: Gas, model: Model) -> None:
    """Check that a cheap level puts its sites where the molecule has its atoms.

    Raises
    ------
    ModelError
        It has other ones.
    """
    ours, theirs = gas.atoms.get_chemical_symbols(), cheap.atoms.get_chemical_symbols()
    if ours != theirs:
        raise ModelError(
            f"{model.identity.name} has {gas.name} of the sites {' '.join(theirs)}, and the "
            f"molecule is {' '.join(ours)}; choose a force field with these sites as `cheap`."
        )
