"""A committee of models as one model: their mean, and how far they disagree."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
from ase import Atoms

from nearsight.arrays import FloatArray, IntArray
from nearsight.errors import ModelError
from nearsight.models.contract import Capabilities, Evaluation, Model, Products, Seed
from nearsight.models.electrons import require_same_electrons
from nearsight.models.facts import Facts
from nearsight.models.sums import SumModel, rounded, total
from nearsight.provenance import ModelIdentity
from nearsight.structures.pairs import Pairs


@dataclass(frozen=True, eq=False)
class Disagreement:
    """What the members of a committee say of one structure, and how much they differ.

    Standard deviations are those of a sample, with one degree of freedom less than members. They
    measure how little the members have learnt in common, which is no error bar: what all of them
    got wrong alike they agree on.
    """

    mean: Evaluation
    """What the committee says."""
    members: tuple[Evaluation, ...]
    """What each member says, in their order."""

    @property
    def energy_eV(self) -> float:
        """Standard deviation of the energy in eV, an offset between energy scales included."""
        return float(np.std([one.energy_eV for one in self.members], ddof=1))

    @property
    def forces_eV_per_A(self) -> FloatArray | None:
        """Standard deviation of the force on each atom in eV/Å, shape ``(n_atoms,)``.

        The square root of ``Σ_m |f_m - f|² / (M - 1)`` over the M members; None where forces were
        not asked for.
        """
        mean = self.mean.forces_eV_per_A
        if mean is None:
            return None
        forces = [one.forces_eV_per_A for one in self.members if one.forces_eV_per_A is not None]
        squares = np.square(np.stack(forces) - np.mean(forces, axis=0)).sum(axis=(0, 2))
        deviation: FloatArray = np.sqrt(squares / (len(self.members) - 1))
        return deviation


class CommitteeModel:
    """The mean of several models' energies, with everything that follows from it.

    Parameters
    ----------
    members
        The models, at least two; each keeps its own precision and device.
    name
        How the committee is called in results; the members' names by default.

    Raises
    ------
    ModelError
        There are fewer than two members, one is no model or the same as another, or they compute
        different charges or multiplicities.

    Examples
    --------
    >>> from ase import Atoms
    >>> from nearsight.models import CommitteeModel, load_model
    >>> names = ("ase:lj?epsilon=0.0100", "ase:lj?epsilon=0.0104")
    >>> committee = CommitteeModel([load_model(name) for name in names])
    >>> (found,) = committee.disagreement([Atoms("Ar2", [[0, 0, 0], [0, 0, 1.2]])])
    >>> print(f"{1000 * found.mean.energy_eV:.2f} ± {1000 * found.energy_eV:.2f} meV")
    -9.03 ± 0.25 meV
    """

    def __init__(self, members: Iterable[Model], name: str | None = None) -> None:
        members = tuple(members)
        if len(members) < 2:
            raise ModelError(
                f"a committee needs at least two members, to disagree, and got {len(members)}."
            )
        self._n_members = len(members)
        self._sum = SumModel(members)  # which looks at the members
        _require_different(members)
        require_same_electrons(members, of_all=True)
        self._name = name or f"committee({', '.join(one.identity.name for one in members)})"
        self._sum = SumModel(members, self._name)

    @property
    def identity(self) -> ModelIdentity:
        """Name, a digest of the members' digests, and the members' identities as they are now."""
        return replace(self._sum.identity, name=self._name, family="committee")

    @property
    def capabilities(self) -> Capabilities:
        """What may be asked of the committee: what every member allows."""
        return self._sum.capabilities

    @property
    def facts(self) -> Facts:
        """What is to be said of all members."""
        return self._sum.facts

    def evaluate(
        self,
        structures: Sequence[Atoms],
        *,
        forces: bool = True,
        stress: bool = False,
        pairs: Sequence[Pairs] | None = None,
    ) -> list[Evaluation]:
        """Return means of energies, forces and stresses; see `Model.evaluate`."""
        return [
            one.mean
            for one in self.disagreement(structures, forces=forces, stress=stress, pairs=pairs)
        ]

    def disagreement(
        self,
        structures: Sequence[Atoms],
        *,
        forces: bool = True,
        stress: bool = False,
        pairs: Sequence[Pairs] | None = None,
    ) -> list[Disagreement]:
        """Return the mean of each structure together with how far the members disagree.

        The arguments and errors are those of `Model.evaluate`.
        """
        of_members = self._sum.evaluate_parts(structures, forces=forces, stress=stress, pairs=pairs)
        return [Disagreement(self._mean(members), members) for members in of_members]

    def rows(
        self, atoms: Atoms, seeds: Sequence[Seed], *, batch_size: int = 1
    ) -> Iterator[FloatArray]:
        """Yield means of the members' rows; see `Model.rows` and `SumModel.rows`."""
        for row in self._sum.rows(atoms, seeds, batch_size=batch_size):
            yield self._divided(row)

    def linearize(
        self,
        atoms: Atoms,
        *,
        strain: bool = False,
        centres: IntArray | None = None,
    ) -> Products:
        """Return the mean of the members' products; see `Model.linearize`."""
        products = self._sum.linearize(atoms, strain=strain, centres=centres)
        return lambda vectors: self._divided(products(vectors))

    def _mean(self, members: Sequence[Evaluation]) -> Evaluation:
        of_all = total(members, self._sum.identity.dtype)
        return Evaluation(
            energy_eV=of_all.energy_eV / self._n_members,
            forces_eV_per_A=self._divided_if_any(of_all.forces_eV_per_A),
            stress_eV_per_A3=self._divided_if_any(of_all.stress_eV_per_A3),
            atomic_energies_eV=self._divided_if_any(of_all.atomic_energies_eV),
            extrapolations=of_all.extrapolations,
        )

    def _divided_if_any(self, values: FloatArray | None) -> FloatArray | None:
        return None if values is None else self._divided(values)

    def _divided(self, values: FloatArray) -> FloatArray:
        return rounded(values / self._n_members, self._sum.identity.dtype)


def _require_different(members: Sequence[Model]) -> None:
    """Check that no two members are the same model, which would agree about everything."""
    for index, one in enumerate(members):
        same = (one is other or _is_same(one, other) for other in members[:index])
        if any(same):
            raise ModelError(
                f"{one.identity.name} is a member of the committee twice, and would agree with "
                f"itself; leave one of them out."
            )


def _is_same(one: Model, other: Model) -> bool:
    known = one.identity.checkpoint_sha256 is not None
    return known and one.identity.deciding() == other.identity.deciding()
