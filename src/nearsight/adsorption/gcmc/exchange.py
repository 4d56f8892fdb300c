"""The system of one gas in one framework by a model, or by a cheap level and a model."""

from dataclasses import dataclass

import numpy as np
from ase import Atoms

from nearsight.adsorption.framework import Framework
from nearsight.adsorption.gases import Gas
from nearsight.adsorption.gcmc.ensemble import Ensemble
from nearsight.adsorption.gcmc.levels import Energies, Level, Rescaled, Wholes
from nearsight.adsorption.gcmc.local_level import LocalLevel
from nearsight.adsorption.gcmc.model_level import ModelEnergies
from nearsight.adsorption.gcmc.nearby_level import NearbyLevel
from nearsight.adsorption.gcmc.no_overlaps import NoOverlaps
from nearsight.adsorption.gcmc.other_sites import OtherSites, aligned_A
from nearsight.adsorption.gcmc.sampling import System
from nearsight.adsorption.pockets import Pockets
from nearsight.models.contract import Model
from nearsight.models.guests import GuestModel
from nearsight.models.local import LocalModel
from nearsight.models.registry import has_molecules
from nearsight.models.spec import ModelSpec
from nearsight.resources import Resources
from nearsight.structures.molecules import as_framework


@dataclass(frozen=True, eq=False)
class Exchange:
    """By what molecules of one gas are exchanged with a framework."""

    framework: Framework
    """With the supercell that molecules are in."""
    gas: Gas
    model: Model
    """What is sampled."""
    cheap: Model | None
    """What makes many moves as one proposal; None for one level."""
    cheap_gas: Gas | None
    """The molecule by that, which may have sites of its own."""
    overlap_share: float
    """Atoms nearer than this share of the sum of their covalent radii overlap, at both levels."""
    pockets: Pockets | None = None
    """What centres of molecules are kept out of; None for none."""
    at_once: int = 1
    """Configurations that the model computes together."""
    offset_eV: float = 0.0
    """What is taken off the energy of each molecule by the model."""

    def system(self, ensemble: Ensemble) -> System:
        """Return what is sampled.

        Raises
        ------
        ModelError
            A level does not know an element, a type or a charge.
        """
        costly: Energies | None = None
        if self.cheap is None:
            level = self._model_level()
        else:
            assert self.cheap_gas is not None
            level = self._cheap_level(self.cheap, self.cheap_gas)
            costly = self._model_level()
        host = self.framework.cell
        rule = NoOverlaps(
            ensemble.cell_A, self.gas.atoms.numbers, self.overlap_share, host, self.pockets
        )
        return System(ensemble, self.gas.sites_A, level, costly, rule)

    def _model_level(self) -> Level:
        level = self._level(self.model, self.gas.atoms)
        return Rescaled(level, per_molecule_eV=-self.offset_eV) if self.offset_eV else level

    def _level(self, model: Model, guest: Atoms) -> Level:
        framework = self.framework
        if isinstance(model, GuestModel):
            cell_A = framework.atoms.cell.array
            return LocalLevel(model.of_guests(guest, cell_A, as_framework(framework.cell)))
        gas = Gas(self.gas.name, guest, self.gas.source)
        if isinstance(model, LocalModel) and model.computes_changes:
            return NearbyLevel(framework, gas, model)
        return Wholes(ModelEnergies(framework, gas, model, self.at_once))

    def _cheap_level(self, model: Model, gas: Gas) -> Level:
        """Return the cheap level, with its types at the atoms of the molecule if it has them."""
        guest = gas.atoms.copy()
        if np.array_equal(guest.numbers, self.gas.atoms.numbers):
            guest.positions = self.gas.sites_A
            return self._level(model, guest)
        guest.positions = aligned_A(gas, self.gas)
        return OtherSites(self._level(model, guest), guest.positions)


def cheap_level(
    name: str, dtype: str = "float64", resources: Resources | None = None, *, trust: bool = False
) -> Model:
    """Return what makes moves for a model: a force field, which tells what each changes, or any.

    Raises
    ------
    ModelError
        It cannot be loaded.
    """
    # Of a force field a few sums are computed, for which no GPU is worth its calls.
    device = "cpu" if has_molecules(name) else "auto"
    return ModelSpec(name, dtype=dtype, device=device, trust=trust).load(resources)
