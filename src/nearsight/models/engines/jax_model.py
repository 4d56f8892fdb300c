"""A `Model` out of an energy function in JAX: everything that is the same for all such families.

Products with the Hessian are one reverse pass through the gradient, whose linearization is computed
once per structure, as in `nearsight.derivatives.analytic`. For the shape of nequix-mp-1 at 22 atoms
in double precision on one CPU core a product then costs 1.4 force calls. Forward products of the
gradient cost 1.5, with the same memory (465 MB), or 2.4 where nothing is kept between them.

JAX compiles a function for every size of its arguments, in ten to twenty seconds each for that
shape; sizes are rounded up for that (`padded_graph`), and one compiled function serves rows,
products, strain and groups of atoms. With JAX_COMPILATION_CACHE_DIR in the environment JAX keeps
what it compiled for the next process.

Double precision is a setting of the whole process in JAX. Here it is set for the duration of each
call only, so that other users of JAX keep theirs.
"""

from collections.abc import Iterator, Sequence
from typing import Any, Protocol

import jax
import jax.numpy as jnp
import numpy as np
from ase import Atoms
from ase.stress import full_3x3_to_voigt_6_stress
from numpy.typing import NDArray

from nearsight.errors import ModelError
from nearsight.models.contract import Capabilities, Evaluation, Products, Seed
from nearsight.models.evaluable import require_calculable, require_evaluable
from nearsight.models.facts import Facts
from nearsight.models.given_pairs import pairs_within
from nearsight.models.graphs.padded_graph import PaddedGraph, padded_graph, rounded_atoms
from nearsight.models.soundness import require_all_sound
from nearsight.provenance import ModelIdentity
from nearsight.structures.pairs import Pairs
from nearsight.structures.strain import strain_matrix

_STRAIN_BASIS = np.stack([strain_matrix(component) for component in np.eye(6)])


class JaxEnergy(Protocol):
    """The atomic energies of a JAX model as a differentiable function of positions and strain."""

    @property
    def identity(self) -> ModelIdentity:
        """Name, checkpoint digest, dtype, device and options."""
        ...

    @property
    def capabilities(self) -> Capabilities:
        """What may be asked of the model; it has atomic energies."""
        ...

    @property
    def cutoff_A(self) -> float:
        """Distance in Å up to which `energy` needs all pairs."""
        ...

    @property
    def weights(self) -> Sequence[NDArray[Any]]:
        """What `energy` needs beside the structure, in the identity's precision."""
        ...

    def energy(
        self, weights: Sequence[Any], graph: PaddedGraph, positions: Any, strain: Any
    ) -> Any:
        """Return atomic energies in eV, shape ``(n_atoms,)``, in operations that JAX can trace.

        Parameters
        ----------
        weights
            The model's `weights`, as JAX's arrays.
        graph
            Where the atoms are, and which are neighbours.
        positions
            Shape ``(n_atoms, 3)`` in Å, before the strain.
        strain
            Shape ``(n_structures, 3, 3)``, symmetric; r = (1 + ε) r⁰ for atoms and cells.
        """
        ...


class JaxModel:
    """The contract's verbs over the energy function of a JAX model.

    Raises
    ------
    ModelError
        JAX has no such device as the identity names.
    """

    def __init__(self, energy: JaxEnergy, facts: Facts | None = None) -> None:
        self._energy = energy
        self._facts = facts or Facts()
        self._device = device_named(energy.identity.device)
        self._first = jax.jit(
            self._first_derivatives, static_argnames=("by_positions", "by_strain")
        )
        self._linearized = jax.jit(self._linearized_gradient)
        self._multiply = jax.jit(_multiplied)
        self._multiply_several = jax.jit(jax.vmap(_multiplied, in_axes=(None, 0, 0)))
        with self._precision():
            self._weights = jax.device_put(list(energy.weights), self._device)

    @property
    def identity(self) -> ModelIdentity:
        """Name, checkpoint digest, dtype, device and options."""
        return self._energy.identity

    @property
    def capabilities(self) -> Capabilities:
        """What may be asked of the model."""
        return self._energy.capabilities

    @property
    def facts(self) -> Facts:
        """Licence, citation, level of theory and what else is to be said of the model."""
        return self._facts

    def evaluate(
        self,
        structures: Sequence[Atoms],
        *,
        forces: bool = True,
        stress: bool = False,
        pairs: Sequence[Pairs] | None = None,
    ) -> list[Evaluation]:
        """Return energies, forces and stresses; see `Model.evaluate`."""
        require_evaluable(structures, self, stress=stress)
        if not structures:
            return []
        graph = self._graph(structures, pairs)
        share = _shares(graph, sum(len(atoms) for atoms in structures), None)
        with self._precision():
            on_device = jax.device_put((graph, share), self._device)
            energies, *slopes = self._first(
                self._weights, *on_device, by_positions=forces, by_strain=stress
            )
            energies = _array(energies)
            by_positions, by_strain = (None if one is None else _array(one) for one in slopes)
        boundaries = np.cumsum([len(atoms) for atoms in structures])
        evaluations = []
        for index, (atoms, end) in enumerate(zip(structures, boundaries, strict=True)):
            own = slice(end - len(atoms), end)
            evaluations.append(
                Evaluation(
                    energy_eV=float(energies[own].sum()),
                    forces_eV_per_A=None if by_positions is None else -by_positions[own],
                    stress_eV_per_A3=(
                        None
                        if by_strain is None
                        else full_3x3_to_voigt_6_stress(_symmetric(by_strain[index]))
                        / atoms.get_volume()
                    ),
                    atomic_energies_eV=energies[own],
                )
            )
        require_all_sound(evaluations, structures, self.identity.name)
        return evaluations

    def rows(
        self, atoms: Atoms, seeds: Sequence[Seed], *, batch_size: int = 1
    ) -> Iterator[NDArray[np.float64]]:
        """Yield analytic rows; see `Model.rows`."""
        require_calculable(atoms, self)
        pull = self._linearize(atoms, None)
        for start in range(0, len(seeds), batch_size):
            batch = seeds[start : start + batch_size]
            # As many as in every other batch, for which the function is compiled.
            vectors = np.zeros((batch_size, len(atoms), 3))
            for vector, (atom, direction) in zip(vectors, batch, strict=False):
                vector[atom] = direction
            if batch_size == 1:
                yield self._product(pull, vectors[0], np.zeros(6))[0]
            else:
                strains = np.zeros((batch_size, 6))
                products = self._product(pull, vectors, strains)[0]
                yield from products[: len(batch)]

    def linearize(
        self,
        atoms: Atoms,
        *,
        strain: bool = False,
        centres: NDArray[np.int64] | None = None,
    ) -> Products:
        """Return analytic products; see `Model.linearize`."""
        require_calculable(atoms, self)
        pull = self._linearize(atoms, centres)
        n_components = 3 * len(atoms)

        def products(vectors: NDArray[np.float64]) -> NDArray[np.float64]:
            found = np.empty(np.shape(vectors))
            for product, vector in zip(found, vectors, strict=True):
                moved = np.reshape(vector[:n_components] if strain else vector, (-1, 3))
                deformed = vector[n_components:] if strain else np.zeros(6)
                by_positions, by_strain = self._product(pull, moved, deformed)
                if strain:
                    product[:n_components] = by_positions.ravel()
                    product[n_components:] = by_strain
                else:
                    product[:] = by_positions
            return found

        return products

    def _graph(
        self, structures: Sequence[Atoms], pairs: Sequence[Pairs] | None = None
    ) -> PaddedGraph:
        identity = self.identity
        within = pairs_within(structures, pairs, self._energy.cutoff_A, identity.name)
        return padded_graph(structures, within, identity.dtype)

    def _linearize(self, atoms: Atoms, centres: NDArray[np.int64] | None) -> Any:
        graph = self._graph([atoms])
        share = _shares(graph, len(atoms), centres)
        with self._precision():
            return self._linearized(self._weights, *jax.device_put((graph, share), self._device))

    def _product(
        self, pull: Any, vectors: NDArray[np.float64], strains: NDArray[np.float64]
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return products of displacements and strains, one pair or several."""
        n_atoms = vectors.shape[-2]
        padded = np.zeros((*vectors.shape[:-2], rounded_atoms(n_atoms), 3), self.identity.dtype)
        padded[..., :n_atoms, :] = vectors
        multiply = self._multiply if vectors.ndim == 2 else self._multiply_several
        with self._precision():
            found = multiply(pull, padded, strains.astype(self.identity.dtype))
            by_positions, by_strain = map(_array, found)
        return by_positions[..., :n_atoms, :], by_strain

    def _precision(self) -> Any:
        return jax.enable_x64(self.identity.dtype == "float64")

    def _first_derivatives(
        self, weights: Any, graph: PaddedGraph, share: Any, *, by_positions: bool, by_strain: bool
    ) -> tuple[Any, Any, Any]:
        """Return atomic energies, and the derivatives of their sum that are asked for, or None."""

        def total(positions: Any, strain: Any) -> tuple[Any, Any]:
            energies = self._energy.energy(weights, graph, positions, strain)
            return (energies * share).sum(), energies

        at = (graph.positions, graph.unstrained)
        asked = tuple(place for place, one in enumerate((by_positions, by_strain)) if one)
        if not asked:
            return total(*at)[1], None, None
        (_, energies), slopes = jax.value_and_grad(total, argnums=asked, has_aux=True)(*at)
        return energies, slopes[0] if by_positions else None, slopes[-1] if by_strain else None

    def _linearized_gradient(self, weights: Any, graph: PaddedGraph, share: Any) -> Any:
        def total(positions: Any, voigt: Any) -> Any:
            strain = jnp.einsum("i,ijk->jk", voigt, jnp.asarray(_STRAIN_BASIS, voigt.dtype))
            return (self._energy.energy(weights, graph, positions, strain[None]) * share).sum()

        slopes = jax.grad(total, argnums=(0, 1))
        return jax.vjp(slopes, graph.positions, jnp.zeros(6, graph.positions.dtype))[1]


def device_named(name: str) -> Any:
    """Return JAX's device for ``cpu``, ``cuda`` or ``cuda:1``.

    Raises
    ------
    ModelError
        JAX sees no such device.
    """
    kind, _, index = name.partition(":")
    try:
        return jax.devices("cpu" if kind == "cpu" else "gpu")[int(index or 0)]
    except (RuntimeError, IndexError) as error:
        raise ModelError(
            f"device {name!r} was asked for, but JAX sees no such GPU here ({error}). Choose "
            f"`device` cpu, or install the JAX of this GPU: pip install 'jax[cuda12]'."
        ) from error


def _multiplied(pull: Any, vector: Any, strain: Any) -> Any:
    return pull((vector, strain))


def _shares(
    graph: PaddedGraph, n_atoms: int, centres: NDArray[np.int64] | None
) -> NDArray[np.floating]:
    """Return how often each atomic energy counts: not at all for atoms that were added."""
    share: NDArray[np.floating] = np.zeros_like(graph.positions[:, 0])
    np.add.at(share, np.arange(n_atoms) if centres is None else centres, 1)
    return share


def _symmetric(matrix: NDArray[np.float64]) -> NDArray[np.float64]:
    return (matrix + matrix.T) / 2


def _array(values: Any) -> NDArray[np.float64]:
    return np.asarray(values).astype(np.float64)
