"""A model in two precisions: single where rounding does not matter, double where it does."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import cached_property

from ase import Atoms

from nearsight.arrays import FloatArray, IntArray
from nearsight.models.contract import Capabilities, Evaluation, Model, Products, Seed
from nearsight.models.facts import Facts
from nearsight.provenance import MIXED, ModelIdentity
from nearsight.structures.pairs import Pairs


class MixedPrecisionModel:
    """Energies, forces, stresses and products in double precision, analytic rows in single.

    Rows of single precision are compared with some of double precision where they are computed
    (`nearsight.hessian.rows.precision`), and relaxations begin in single precision
    (`nearsight.relaxation.precision`).

    Parameters
    ----------
    double
        The model in double precision.
    load_single
        Loads the same in single precision, when it is first asked for.
    """

    def __init__(self, double: Model, load_single: Callable[[], Model]) -> None:
        self.double = double
        self._load_single = load_single

    @cached_property
    def single(self) -> Model:
        """The model in single precision."""
        return self._load_single()

    @property
    def identity(self) -> ModelIdentity:
        """That of the model in double precision, with another name of the precision."""
        return replace(self.double.identity, dtype=MIXED)

    @property
    def capabilities(self) -> Capabilities:
        """What may be asked of the model."""
        return self.double.capabilities

    @property
    def facts(self) -> Facts:
        """What is to be said of the model."""
        return self.double.facts

    def evaluate(
        self,
        structures: Sequence[Atoms],
        *,
        forces: bool = True,
        stress: bool = False,
        pairs: Sequence[Pairs] | None = None,
    ) -> list[Evaluation]:
        """Return energies, forces and stresses in double precision; see `Model.evaluate`."""
        return self.double.evaluate(structures, forces=forces, stress=stress, pairs=pairs)

    def rows(
        self, atoms: Atoms, seeds: Sequence[Seed], *, batch_size: int = 1
    ) -> Iterator[FloatArray]:
        """Yield rows in single precision; see `Model.rows`."""
        return self.single.rows(atoms, seeds, batch_size=batch_size)

    def linearize(
        self, atoms: Atoms, *, strain: bool = False, centres: IntArray | None = None
    ) -> Products:
        """Return the function of products in double precision; see `Model.linearize`."""
        return self.double.linearize(atoms, strain=strain, centres=centres)
