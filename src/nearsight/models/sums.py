"""A sum of models as one model: a potential with a dispersion correction, for one."""

import hashlib
import json
from collections.abc import Iterable, Iterator, Sequence
from functools import partial

import numpy as np
from ase import Atoms

from nearsight.arrays import FloatArray, IntArray
from nearsight.derivatives.differences import SCHEMES, difference_products, difference_rows
from nearsight.errors import MethodError, ModelError
from nearsight.models.combining import combined
from nearsight.models.contract import Capabilities, Evaluation, Model, Products, Seed, forces_of
from nearsight.models.electrons import require_same_electrons
from nearsight.models.evaluable import require_all_atoms, require_calculable, require_evaluable
from nearsight.models.extrapolation import largest_known
from nearsight.models.facts import Facts
from nearsight.models.given_pairs import require_own
from nearsight.models.mixed_precision import MixedPrecisionModel
from nearsight.provenance import ModelIdentity, model_versions
from nearsight.structures.pairs import Pairs

STEP_A = 0.01
"""Displacement in Å of the differences that stand in where a part cannot be differentiated."""


class SumModel:
    """The sum of several models' energies, with everything that follows from it.

    Parameters
    ----------
    parts
        The models; each keeps its own graph, precision and device.
    name
        How the sum is called in results; the parts' names with a plus between them by default.

    Raises
    ------
    ModelError
        There are no parts, one is no model, or they compute different charges or multiplicities.

    Examples
    --------
    >>> from ase.build import bulk
    >>> from nearsight.models import SumModel, load_model
    >>> both = SumModel([load_model("ase:emt"), load_model("ase:lj?epsilon=0.01&sigma=2.3")])
    >>> both.identity.name
    'ase:emt+ase:lj'
    >>> print(f"{both.evaluate([bulk('Cu')])[0].energy_eV:.3f} eV")
    -0.084 eV
    """

    def __init__(self, parts: Iterable[Model], name: str | None = None) -> None:
        self._parts = tuple(parts)
        if not self._parts:
            raise ModelError("a sum of models needs at least one model.")
        _require_models(self._parts)
        require_same_electrons(self._parts)
        self._name = name

    @property
    def identity(self) -> ModelIdentity:
        """Name, a digest of the parts' digests, and the parts' identities as they are now."""
        identities = [part.identity for part in self._parts]
        return ModelIdentity(
            name=self._name or "+".join(identity.name for identity in identities),
            family="sum",
            checkpoint_sha256=_digest([identity.checkpoint_sha256 for identity in identities]),
            dtype=self._dtype(),
            device=next((one.device for one in identities if one.device != "cpu"), "cpu"),
            options={
                "parts": [
                    json.dumps(identity.deciding(), sort_keys=True) for identity in identities
                ]
            },
            versions=_versions(identities),
        )

    @property
    def capabilities(self) -> Capabilities:
        """What may be asked of the sum: what every part allows."""
        return combined([part.capabilities for part in self._parts])

    @property
    def facts(self) -> Facts:
        """What is to be said of all parts."""
        return combined([part.facts for part in self._parts])

    def evaluate(
        self,
        structures: Sequence[Atoms],
        *,
        forces: bool = True,
        stress: bool = False,
        pairs: Sequence[Pairs] | None = None,
    ) -> list[Evaluation]:
        """Return energies, forces and stresses; see `Model.evaluate`.

        A part takes the pairs that reach its cutoff, and finds its own otherwise.
        """
        of_parts = self.evaluate_parts(structures, forces=forces, stress=stress, pairs=pairs)
        return [total(evaluations, self._dtype()) for evaluations in of_parts]

    def evaluate_parts(
        self,
        structures: Sequence[Atoms],
        *,
        forces: bool = True,
        stress: bool = False,
        pairs: Sequence[Pairs] | None = None,
    ) -> list[tuple[Evaluation, ...]]:
        """Return for each structure what each part has to say; the arguments are `evaluate`'s."""
        require_evaluable(structures, self, stress=False)
        if pairs is not None:
            require_own(structures, pairs)
        of_parts = [
            part.evaluate(structures, forces=forces, stress=stress, pairs=_reaching(pairs, part))
            for part in self._parts
        ]
        return list(zip(*of_parts, strict=True))

    def rows(
        self, atoms: Atoms, seeds: Sequence[Seed], *, batch_size: int = 1
    ) -> Iterator[FloatArray]:
        """Yield the sums of the parts' analytic rows; see `Model.rows`.

        Where a part cannot be differentiated, they are central differences of the sum's forces at
        the largest step that a part names, or 0.01 Å.
        """
        require_calculable(atoms, self)
        if self.capabilities.differentiable:
            of_parts = (part.rows(atoms, seeds, batch_size=batch_size) for part in self._parts)
            for rows in zip(*of_parts, strict=True):
                yield self._rounded(_total(rows))
            return
        if batch_size != 1:
            raise MethodError(
                f"{self.identity.name} cannot be differentiated twice and has no batched rows; "
                f"use batch_size=1."
            )
        yield from difference_rows(
            self._forces, atoms, seeds, SCHEMES["central-difference"], self._step_A
        )

    def linearize(
        self,
        atoms: Atoms,
        *,
        strain: bool = False,
        centres: IntArray | None = None,
    ) -> Products:
        """Return the sum of the parts' products; see `Model.linearize`.

        Where a part cannot be differentiated, they are central differences of the sum's forces.
        """
        require_calculable(atoms, self)
        if self.capabilities.differentiable:
            of_parts = [
                part.linearize(atoms, strain=strain, centres=centres) for part in self._parts
            ]
            return lambda vectors: self._rounded(_total(one(vectors) for one in of_parts))
        require_all_atoms(centres, self)
        if strain:
            raise MethodError(
                f"products with strain need a differentiable model; {self.identity.name} is none."
            )
        return partial(difference_products, self._forces, atoms.copy(), step_A=self._step_A)

    @property
    def _step_A(self) -> float:
        return self.capabilities.difference_step_A or STEP_A

    def _dtype(self) -> str:
        """Return the lowest precision among the parts."""
        dtypes = [part.identity.dtype for part in self._parts]
        return next((dtype for dtype in ("unknown", "float32") if dtype in dtypes), "float64")

    def _forces(self, structures: Sequence[Atoms]) -> list[FloatArray]:
        return [forces_of(evaluation) for evaluation in self.evaluate(structures)]

    def _rounded(self, values: FloatArray) -> FloatArray:
        return rounded(values, self._dtype())


def _require_models(parts: Sequence[object]) -> None:
    for part in parts:
        if not hasattr(part, "evaluate"):
            raise ModelError(
                f"{part!r} is a {type(part).__name__} and no model; load it by its name first."
            )
        if isinstance(part, MixedPrecisionModel):
            raise ModelError(
                f"{part.identity.name} is of mixed precision, and cannot be a part of another "
                f"model; load it with `dtype` float64 or float32, or mix the whole."
            )


def total(evaluations: Sequence[Evaluation], dtype: str) -> Evaluation:
    """Return the sum of evaluations of one structure, in the precision `dtype`.

    Forces, stresses and atomic energies are those of all, or None where one has none.
    Extrapolations are those of the part that has most at an atom: one is enough.
    """

    def of_all(arrays: Sequence[FloatArray | None]) -> FloatArray | None:
        given = [array for array in arrays if array is not None]
        return rounded(_total(given), dtype) if len(given) == len(arrays) else None

    return Evaluation(
        energy_eV=sum(one.energy_eV for one in evaluations),
        forces_eV_per_A=of_all([one.forces_eV_per_A for one in evaluations]),
        stress_eV_per_A3=of_all([one.stress_eV_per_A3 for one in evaluations]),
        atomic_energies_eV=of_all([one.atomic_energies_eV for one in evaluations]),
        extrapolations=largest_known([one.extrapolations for one in evaluations]),
    )


def rounded(values: FloatArray, dtype: str) -> FloatArray:
    """Return values with the digits that the precision of their parts can vouch for."""
    # The sum of two single-precision numbers has more digits than either can vouch for.
    return values.astype(np.float32).astype(np.float64) if dtype == "float32" else values


def _reaching(pairs: Sequence[Pairs] | None, part: Model) -> Sequence[Pairs] | None:
    """Return the pairs if they are all that `part` needs."""
    cutoff = part.capabilities.cutoff_A
    if pairs is None or cutoff is None or any(one.cutoff_A < cutoff for one in pairs):
        return None
    return pairs


def _total(arrays: Iterable[FloatArray]) -> FloatArray:
    total: FloatArray = np.sum(list(arrays), axis=0)
    return total


def _digest(digests: Sequence[str | None]) -> str | None:
    if all(digest is None for digest in digests):
        return None
    return hashlib.sha256("+".join(digest or "" for digest in digests).encode()).hexdigest()


def _versions(identities: Sequence[ModelIdentity]) -> dict[str, str]:
    """Return the versions behind the parts, all of a package that has several."""
    if not any(identity.versions for identity in identities):
        return {}
    here = model_versions()
    of_parts = [identity.versions or here for identity in identities]
    packages = dict.fromkeys(package for versions in of_parts for package in versions)
    return {
        package: " and ".join(
            dict.fromkeys(versions[package] for versions in of_parts if package in versions)
        )
        for package in packages
    }
