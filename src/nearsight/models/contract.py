"""What a model is: the two levels of the contract.

`Model` is what every verb of Nearsight works with: NumPy in, NumPy out, so that a worker in
another environment, a JAX model, a sum of models or a quantum-chemistry code can be one.
`TorchEnergy` is the small in-process half that most families implement;
`nearsight.models.engines.torch_model.TorchModel` makes a `Model` of it.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Protocol, runtime_checkable

import numpy as np
from ase import Atoms
from numpy.typing import NDArray

from nearsight.errors import ModelError
from nearsight.models.combining import ALL, ANY, COMMON, LARGEST, LARGEST_KNOWN, TOTAL, combinable
from nearsight.models.facts import Facts
from nearsight.provenance import ModelIdentity
from nearsight.remarks import Remark
from nearsight.structures.pairs import Pairs

if TYPE_CHECKING:
    import torch

    from nearsight.models.graphs.neighbor_graph import NeighborGraph

Seed = tuple[int, NDArray[np.float64]]
"""A row to compute: the index of an atom and a direction, shape ``(3,)``, in Å per unit step."""

Products = Callable[[NDArray[np.float64]], NDArray[np.float64]]
"""Products of a Hessian with vectors, one after the other along the first axis of both."""


@combinable
@dataclass(frozen=True)
class Capabilities:
    """What may be asked of a model and what its numbers are good for.

    None means that the answer is not known; verbs treat it as the cautious one. Each annotation has
    the rule by which the capability follows for a sum of models.

    Examples
    --------
    >>> from nearsight.models import load_model
    >>> capabilities = load_model("ase:emt").capabilities
    >>> capabilities.differentiable, capabilities.equivariant
    (False, None)
    """

    cutoff_A: Annotated[float | None, LARGEST]
    """Distance beyond which two atoms exchange no message directly."""
    receptive_field_A: Annotated[float | None, LARGEST]
    """Distance beyond which an atomic energy cannot depend on an atom; None for unlimited."""
    elements: Annotated[frozenset[int] | None, COMMON]
    """Atomic numbers the model knows; None if it does not say."""
    conservative: Annotated[bool | None, ALL]
    """Forces are the exact negative gradient of the energy."""
    equivariant: Annotated[bool | None, ALL]
    """Forces turn with the structure, so that space-group symmetry holds exactly."""
    atomic_energies: Annotated[bool, ALL]
    """The energy is a sum of atomic energies that the model can give one by one."""
    size_consistent: Annotated[bool | None, ALL]
    """Two fragments beyond the receptive field have the sum of their energies."""
    differentiable: Annotated[bool, ALL]
    """Rows and products are analytic; otherwise they are force differences."""
    curvature_smooth: Annotated[bool | None, ALL]
    """Analytic second derivatives agree with differences over 0.01-0.03 Å; None if not examined."""
    mirror_equivariant: Annotated[bool | None, ALL] = None
    """Forces are mirrored with the structure too, so that improper operations hold as well.

    A network of rotations only, without parity, tells a structure from its mirror image."""
    difference_step_A: Annotated[float | None, LARGEST_KNOWN] = None
    """Displacement at which differences of its forces are best; None to go by its precision.

    Forces of a self-consistent calculation are double precision, but not converged to it."""
    rows_share_work: Annotated[bool, ANY] = False
    """Most of an analytic row is work that all rows of a structure share: few of them take less
    time by differences of forces."""
    row_over_force_memory: Annotated[float, TOTAL] = 3.0
    """Peak memory of the graph of the forces with one analytic row, over that of a force call: the
    most that was measured. Graphs of the parts of a sum are there at once, their force calls not.
    """
    periodic: Annotated[bool, ALL] = True
    """Crystals can be computed; otherwise molecules only."""
    gamma_only: Annotated[bool, ANY] = False
    """Electrons of a crystal are sampled at the Γ point: the energy of a supercell is not that
    multiple of its cell's, and a narrow cell means nothing."""
    of_electrons: Annotated[bool, ANY] = False
    """Electrons are computed: a part that is cut out of a structure has others, which may have no
    partner."""
    takes_charge: Annotated[bool | None, ALL] = False
    """Each structure is computed with the charge that it says to have
    (`nearsight.structures.charge`), or its energy does not depend on it. Where it is False all have
    the charge that the name of the model says, or none; None for a calculator that may do anything
    with it."""
    takes_spin: Annotated[bool | None, ALL] = False
    """The same of the multiplicity."""
    counts_extrapolations: Annotated[bool, ANY] = False
    """Evaluations say which atoms are outside of what the model was trained on."""
    pairwise: Annotated[bool, ALL] = False
    """The energy between bodies is a sum over pairs of atoms that vanishes as they part, so that a
    molecule alone has no error of its zero."""
    temperature_K: Annotated[float | None, LARGEST_KNOWN] = None
    """Energies are effective ones of nuclei at this temperature, and mean nothing at another; None
    where energies are those of nuclei at rest, as of nearly all models."""


@dataclass(frozen=True)
class Evaluation:
    """Energy of one structure, and its first derivatives as far as they were asked for."""

    energy_eV: float
    forces_eV_per_A: NDArray[np.float64] | None
    """Shape ``(n_atoms, 3)``; None unless asked for. `forces_of` returns them for sure."""
    stress_eV_per_A3: NDArray[np.float64] | None
    """Shape ``(6,)``, Voigt order xx, yy, zz, yz, xz, xy, ASE's sign; None unless asked for."""
    atomic_energies_eV: NDArray[np.float64] | None
    """Shape ``(n_atoms,)``; None for a model without them."""
    extrapolations: NDArray[np.int64] | None = None
    """How many of the numbers that the model sees of each atom are outside of what it was trained
    on, shape ``(n_atoms,)``; None for a model that does not know.

    Atoms where this is not 0 have an energy that nothing stands behind: who shows a number of this
    structure says so (`nearsight.models.extrapolation`)."""


@runtime_checkable
class Model(Protocol):
    """A source of energies, forces, stresses and curvature."""

    @property
    def identity(self) -> ModelIdentity:
        """Name, checkpoint digest, dtype, device and options."""
        ...

    @property
    def capabilities(self) -> Capabilities:
        """What may be asked of the model."""
        ...

    @property
    def facts(self) -> Facts:
        """Licence, citation, level of theory and what else is to be said of the model."""
        ...

    def evaluate(
        self,
        structures: Sequence[Atoms],
        *,
        forces: bool = True,
        stress: bool = False,
        pairs: Sequence[Pairs] | None = None,
    ) -> list[Evaluation]:
        """Return the energies of a batch of structures with the derivatives that are asked for.

        What is not asked for is not computed, and None: energies alone take no reverse pass, and a
        stress without forces one by strain only.

        Parameters
        ----------
        structures
            The batch; evaluations come in its order.
        forces, stress
            Which derivatives are asked for.
        pairs
            For each structure its pairs, up to the model's cutoff or farther; what is farther is
            left out. None lets the model find them. A model that makes no use of pairs, such as
            quantum chemistry, ignores them.

        Raises
        ------
        ModelError
            The model does not know an element, or answered with NaN or infinity; or `pairs` are
            those of other structures, or do not reach the cutoff. Of several structures it names
            which one.
        MissingPropertyError
            The model has no stress; a `ModelError` too.
        """
        ...

    def rows(
        self, atoms: Atoms, seeds: Sequence[Seed], *, batch_size: int = 1
    ) -> Iterator[NDArray[np.float64]]:
        """Yield H·d for each seed ``(atom, d)`` in order: shape ``(n_atoms, 3)``, eV/Å².

        The iterator computes as it is read, so that progress can be shown and finished rows kept.

        Forces that a model predicts directly are no gradient, and their Jacobian
        H[A, α, B, β] = -∂f_Aα/∂r_Bβ is not symmetric. Analytic rows are then those of the force on
        one atom, Σ_α d_α H[A, α, :, :], which is Hᵀ·d: what one reverse pass gives. Differences of
        forces, for which the atom is moved, give H·d.

        Parameters
        ----------
        atoms
            The structure.
        seeds
            Atom indices with directions of shape ``(3,)``; a unit vector gives a row.
        batch_size
            How many rows share one pass through the graph.
        """
        ...

    def linearize(
        self,
        atoms: Atoms,
        *,
        strain: bool = False,
        centres: NDArray[np.int64] | None = None,
    ) -> Products:
        """Return the function that takes vectors v to Hessian-vector products H·v.

        What all products share is computed once, and holds its memory as long as the function is
        kept. For forces that are predicted directly analytic products are Hᵀ·v, as rows are.

        Parameters
        ----------
        atoms
            The structure; a later change of it changes no product.
        strain
            Whether the vectors and products include the six strain components.
        centres
            Atoms whose energies alone are differentiated, by all positions; None for all atoms.

        Returns
        -------
        Products
            Vectors and products have shape ``(n_vectors, n_atoms, 3)``. With `strain` they have
            shape ``(n_vectors, 3 n_atoms + 6)``: displacements u, then the strain ε in Voigt order
            xx, yy, zz, yz, xz, xy (shears doubled), in r = (1 + ε)(r⁰ + u). Second derivatives of
            the energy are in eV/Å², eV/Å and eV.

        Raises
        ------
        ModelError
            The model has no strain derivatives, or no atomic energies, and was asked for them.
        """
        ...


class HostField(Protocol):
    """What a rigid host does to guests that are put into it."""

    def energies_eV(self, guest: Atoms, positions_A: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return E(host + guest) - E(host) - E(guest) of each place of a guest.

        Parameters
        ----------
        guest
            One molecule.
        positions_A
            Its atoms in each place in Å, shape ``(n_places, n_atoms, 3)``.

        Returns
        -------
        NDArray
            In eV, shape ``(n_places,)``.
        """
        ...

    def slopes_eV(self, guest: Atoms, positions_A: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return d(E/kT)/d(1/kT) of the same energies E, which enthalpies are means of.

        It is E itself, but where energies depend on the temperature
        (`Capabilities.temperature_K`). Parameters and result are those of `energies_eV`.
        """
        ...


@runtime_checkable
class HostingModel(Model, Protocol):
    """A model that knows the interaction of a host with guests without computing the host again.

    A force field is one: what a guest adds is a sum over its own sites.
    """

    def in_host(self, host: Atoms) -> HostField:
        """Return what a host does to guests."""
        ...

    def molecule(self, name: str) -> Atoms:
        """Return a molecule that the model has its own sites for, in no box.

        Raises
        ------
        ModelError
            It has none of that name.
        """
        ...


@runtime_checkable
class RemarkingModel(Protocol):
    """A model whose numbers for a host need a word, such as one that makes its charges."""

    def remarks_on_host(self, host: Atoms) -> tuple[Remark, ...]:
        """Return what must be known before numbers with this host are used."""
        ...


class TorchEnergy(Protocol):
    """The energy of a PyTorch model as a differentiable function of positions and strain."""

    @property
    def identity(self) -> ModelIdentity:
        """Name, checkpoint digest, dtype, device and options."""
        ...

    @property
    def capabilities(self) -> Capabilities:
        """What may be asked of the model."""
        ...

    @property
    def cutoff_A(self) -> float:
        """Distance in Å up to which `energy` needs all pairs."""
        ...

    def complete(self, graph: "NeighborGraph") -> "NeighborGraph":
        """Return the graph with what the network needs beside pairs: itself, if that is nothing.

        Angles are such, or the nearest neighbours only. All is in double precision on the CPU here,
        and in the model's precision on its device afterwards.
        """
        ...

    def energy(
        self, graph: "NeighborGraph", positions: "torch.Tensor", strain: "torch.Tensor"
    ) -> "torch.Tensor":
        """Return energies in eV: per atom ``(n_atoms,)``, or per structure where there are none.

        Parameters
        ----------
        graph
            What `complete` returned, on the model's device.
        positions
            Shape ``(n_atoms, 3)`` in Å, before the strain.
        strain
            Shape ``(n_structures, 3, 3)``, symmetric; r = (1 + ε) r⁰ for atoms and cells.
        """
        ...


def forces_of(evaluation: Evaluation) -> NDArray[np.float64]:
    """Return the forces in eV/Å of an evaluation that was asked for them, shape ``(n_atoms, 3)``.

    Raises
    ------
    ModelError
        It has none.
    """
    if evaluation.forces_eV_per_A is None:
        raise ModelError(
            "an evaluation has no forces; ask the model for them (`forces` True), or use one that "
            "gives them."
        )
    return evaluation.forces_eV_per_A
