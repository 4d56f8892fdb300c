"""High-dimensional neural network potentials in the files of n2p2, LAMMPS and RuNNer.

J. Behler, M. Parrinello, Phys. Rev. Lett. 2007, 98, 146401.

``hdnnp:FOLDER`` is the potential in a folder, and ``hdnnp:FOLDER?units=bohr,hartree`` one whose
files do not say their units. It runs in this process, without a package of others but PyTorch;
where numba is installed (``pip install 'nearsight[hdnnp]'``), energies and forces in double
precision on the CPU come from compiled kernels, which give the same numbers to rounding.

Atoms whose symmetry functions leave the range that they had over the training data are in
`Evaluation.extrapolations`, by n2p2's rule.
"""

import logging
from importlib.util import find_spec
from typing import TYPE_CHECKING

from nearsight.hdnnp.files import open_potential
from nearsight.hdnnp.potential import Potential
from nearsight.hdnnp.units import name_of, units_named
from nearsight.models.facts import Facts
from nearsight.models.families.hdnnp.capabilities import capabilities_of
from nearsight.models.families.hdnnp.energy import HdnnpEnergy
from nearsight.models.families.hdnnp.model import HdnnpModel
from nearsight.models.loading import LoadRequest
from nearsight.provenance import ModelIdentity

if TYPE_CHECKING:
    from nearsight.hdnnp.kernels.compiled_potential import CompiledPotential

logger = logging.getLogger("nearsight.models")

_CITATION = "doi 10.1103/PhysRevLett.98.146401"


def load(request: LoadRequest) -> HdnnpModel:
    """Load the potential that is in a folder.

    Raises
    ------
    ModelError
        A file is missing, damaged, of another kind of potential, or does not say its units.
    MethodError
        ``?units=`` has no unit that is known.
    """
    given = request.options.get("units")
    files = open_potential(request.target, None if given is None else units_named(given))
    identity = ModelIdentity(
        name=request.name,
        family="hdnnp",
        checkpoint_sha256=files.sha256,
        dtype=request.dtype,
        device=request.device,
        options={"units": name_of(files.potential.units)},
    )
    energy = HdnnpEnergy(files.potential, identity, capabilities_of(files.potential))
    return HdnnpModel(energy, _facts(files.potential), _kernels(files.potential, identity))


def _facts(potential: Potential) -> Facts:
    n_parameters = sum(each.network.n_parameters for each in potential.elements)
    return Facts(citation=_CITATION, parameters=n_parameters)


def _kernels(potential: Potential, identity: ModelIdentity) -> "CompiledPotential | None":
    """Return the compiled potential where it gives what the identity says, and can be compiled."""
    if identity.dtype != "float64" or identity.device != "cpu":
        return None
    if find_spec("numba") is None:
        logger.info(
            "%s: numba is not installed, so that energies and forces come from PyTorch, which "
            "takes longer; `pip install 'nearsight[hdnnp]'` installs it",
            identity.name,
        )
        return None
    from nearsight.hdnnp.kernels.compiled_potential import compile_potential

    return compile_potential(potential)
