"""A force field behind the contract of a model."""

from collections.abc import Sequence

import numpy as np
from ase import Atoms
from ase.data import atomic_masses, atomic_numbers

from nearsight.arrays import FloatArray
from nearsight.errors import ModelError
from nearsight.models.engines.torch_model import TorchModel
from nearsight.models.facts import Facts
from nearsight.models.families.forcefield.energy import ForceFieldEnergy
from nearsight.models.families.forcefield.equilibration import charge_library
from nearsight.models.families.forcefield.host_field import HostField
from nearsight.models.families.forcefield.parameters import ForceField
from nearsight.models.families.forcefield.sites import sites_of
from nearsight.models.graphs.neighbor_graph import NeighborGraph
from nearsight.models.guests import GuestEnergies
from nearsight.provenance import ModelIdentity
from nearsight.remarks import Remark
from nearsight.structures.molecules import MOLECULE, SITE_TYPE, as_framework
from nearsight.structures.pairs import Pairs


class ForceFieldModel(TorchModel):
    """A force field as a model.

    Parameters
    ----------
    force_field
        Its parameters.
    identity, facts
        What is said of it.
    """

    def __init__(
        self, force_field: ForceField, identity: ModelIdentity, facts: Facts | None = None
    ) -> None:
        self._of_sites = ForceFieldEnergy(force_field, identity)
        super().__init__(self._of_sites, facts)

    @property
    def force_field(self) -> ForceField:
        """Its parameters."""
        return self._of_sites.force_field

    def molecule(self, name: str) -> Atoms:
        """Return a molecule of the force field, in no box, with the types of its sites.

        Raises
        ------
        ModelError
            The force field has no such molecule.
        """
        force_field = self.force_field
        if name not in force_field.molecules:
            raise ModelError(
                f"{self.identity.name} has no molecule {name!r}; it has "
                f"{', '.join(force_field.molecules) or 'none'}."
            )
        molecule = force_field.molecules[name]
        symbols = [force_field.element_of(each) for each in molecule.types]
        stated = [force_field.types[each].mass_amu for each in molecule.types]
        masses = [
            atomic_masses[atomic_numbers[symbol]] if mass is None else mass
            for symbol, mass in zip(symbols, stated, strict=True)
        ]
        atoms = Atoms(symbols, positions=molecule.positions_A, masses=masses)
        atoms.set_array(MOLECULE, np.ones(len(atoms), dtype=np.int64))
        atoms.set_array(SITE_TYPE, np.array(molecule.types))
        return atoms

    def typed(self, framework: Atoms) -> Atoms:
        """Return a copy of a framework, as one rigid body, that names the types of its atoms.

        Types that are told by bonds need not be looked for again whenever it is evaluated.

        Raises
        ------
        ModelError
            The force field has no type for an atom, or charges are missing.
        """
        typed = as_framework(framework)
        typed.set_array(SITE_TYPE, np.array(sites_of(typed, self.force_field).types))
        return typed

    def remarks_on_host(self, host: Atoms) -> tuple[Remark, ...]:
        """Return what is to be known of the charges of a framework that are computed.

        Parameters
        ----------
        host
            The framework as it was read.
        """
        treatment = self.force_field.treatment
        if not treatment.coulomb or treatment.charges != "eeq":
            return ()
        of_method = Remark(
            "charges-equilibrated",
            f"The charges of the framework were computed, by EEQ of {charge_library()}: they are "
            f"mostly smaller than those that give the electrostatic potential of DFT, and so is "
            f"what they attract. In Mg-MOF-74 the Henry coefficient of CO2 at 313 K is 2.7 times "
            f"smaller by them.",
        )
        if not np.any(host.get_initial_charges()):
            return (of_method,)
        instead = Remark(
            "charges-replaced",
            "The charges in the file are not used: charges=eeq decides over them. "
            "charges=structure takes them.",
        )
        return (of_method, instead)

    def in_host(self, host: Atoms) -> HostField:
        """Return what gives the interaction energies of rigid guests with a host, many at once.

        Raises
        ------
        ModelError
            The host is not periodic in three directions, or a type or charge of it is missing.
        """
        return HostField(self._of_sites, host)

    def of_guests(
        self, molecule: Atoms, cell_A: FloatArray, host: Atoms | None = None
    ) -> GuestEnergies:
        """Return the energies of rigid guests with a host and with each other.

        Parameters
        ----------
        molecule, cell_A, host
            As for `nearsight.models.guests.GuestModel.of_guests`.

        Raises
        ------
        ModelError
            A type or charge is missing, the guest is charged, or the host is not periodic.
        """
        # Its kernels need numba, which nothing else here does.
        from nearsight.models.families.forcefield.guest_energies import ForceFieldGuests

        return ForceFieldGuests(self._of_sites, molecule, cell_A, host)

    def _graph(
        self, structures: Sequence[Atoms], pairs: Sequence[Pairs] | None = None
    ) -> NeighborGraph:
        return self._of_sites.graph(structures, pairs)
