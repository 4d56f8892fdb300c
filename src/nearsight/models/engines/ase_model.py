"""Any ASE calculator as a model: not differentiable, so its rows are force differences."""

import contextlib
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np
from ase import Atoms
from ase.calculators.calculator import BaseCalculator, PropertyNotImplementedError
from numpy.typing import NDArray

from nearsight.derivatives.differences import SCHEMES, difference_products, difference_rows
from nearsight.errors import MethodError, MissingPropertyError, ModelError, NearsightError
from nearsight.models.contract import Capabilities, Evaluation, Products, Seed, forces_of
from nearsight.models.evaluable import of_batch, require_all_atoms, require_evaluable
from nearsight.models.facts import Facts
from nearsight.models.soundness import require_sound
from nearsight.provenance import ModelIdentity, Setting
from nearsight.structures.pairs import Pairs

STEP_A = 0.01
"""Displacement in Å: large enough for the force noise of a self-consistent calculation."""

DTYPES = ("float64", "float32", "unknown")

_ADDRESS = re.compile(r" at 0x[0-9a-fA-F]+")


class AseModel:
    """An ASE calculator behind the contract of a model.

    Parameters
    ----------
    calculator
        Any ASE calculator with energy and forces.
    name
        How the model is called in results; the calculator's class by default.
    family
        The registry's family, for one that computes with an ASE calculator.
    capabilities
        What is known about the calculator; by default nothing is assumed. It gets each structure
        with its ``info``, initial charges and initial magnetic moments, of which it makes what it
        will: charge and spin of a structure are not compared with anything.
    facts
        Licence, citation and the like; by default nothing is known.
    dtype
        Precision of its numbers: ``float64``, ``float32``, or ``unknown``.
    arguments
        What the calculator was made with: recorded too, for not every one keeps it as parameters.

    Raises
    ------
    ModelError
        The dtype is none of these.

    Examples
    --------
    >>> from ase.build import bulk
    >>> from ase.calculators.emt import EMT
    >>> from nearsight.models import AseModel
    >>> model = AseModel(EMT(), "my EMT")
    >>> model.identity.name
    'my EMT'
    >>> print(f"{model.evaluate([bulk('Cu')])[0].energy_eV:.3f} eV")
    -0.006 eV
    """

    def __init__(
        self,
        calculator: BaseCalculator,
        name: str | None = None,
        capabilities: Capabilities | None = None,
        facts: Facts | None = None,
        *,
        family: str = "ase",
        dtype: str = "unknown",
        arguments: Mapping[str, Setting] | None = None,
    ) -> None:
        if dtype not in DTYPES:
            raise ModelError(
                f"`dtype` {dtype!r} is not possible; choose one of {', '.join(DTYPES)}."
            )
        self._calculator = calculator
        self._name = name or f"ase:{type(calculator).__name__.lower()}"
        self._family = family
        self._dtype = dtype
        self._arguments = dict(arguments or {})
        self.capabilities = capabilities or Capabilities(
            cutoff_A=None,
            receptive_field_A=None,
            elements=None,
            conservative=None,
            equivariant=None,
            atomic_energies=False,
            size_consistent=None,
            differentiable=False,
            curvature_smooth=None,
            takes_charge=None,
            takes_spin=None,
        )
        self.facts = facts or Facts()

    @property
    def identity(self) -> ModelIdentity:
        """Name, dtype, and the calculator's parameters as they are now, with its arguments."""
        return ModelIdentity(
            name=self._name,
            family=self._family,
            checkpoint_sha256=None,
            dtype=self._dtype,
            device="cpu",
            options=self._arguments | _options(self._calculator),
        )

    def evaluate(
        self,
        structures: Sequence[Atoms],
        *,
        forces: bool = True,
        stress: bool = False,
        pairs: Sequence[Pairs] | None = None,  # noqa: ARG002
    ) -> list[Evaluation]:
        """Return energies, forces and stresses; see `Model.evaluate`.

        A calculator finds neighbours in its own way: `pairs` are not used.
        """
        require_evaluable(structures, self, stress=stress)
        evaluations = []
        for index, atoms in enumerate(structures):
            with of_batch(structures, index):
                evaluations.append(self._evaluate(atoms, forces=forces, stress=stress))
        return evaluations

    def rows(
        self, atoms: Atoms, seeds: Sequence[Seed], *, batch_size: int = 1
    ) -> Iterator[NDArray[np.float64]]:
        """Yield central differences of forces; see `Model.rows`.

        The step is the one that the capabilities name, or 0.01 Å.
        """
        if batch_size != 1:
            raise MethodError("an ASE calculator has no batched rows; use batch_size=1.")
        yield from difference_rows(
            self._forces, atoms, seeds, SCHEMES["central-difference"], self._step_A
        )

    def linearize(
        self,
        atoms: Atoms,
        *,
        strain: bool = False,
        centres: NDArray[np.int64] | None = None,
    ) -> Products:
        """Return central differences of forces; see `Model.linearize`."""
        require_all_atoms(centres, self)
        if strain:
            raise MethodError(
                "products with strain need a differentiable model; an ASE calculator is none."
            )
        return partial(difference_products, self._forces, atoms.copy(), step_A=self._step_A)

    @property
    def _step_A(self) -> float:
        return self.capabilities.difference_step_A or STEP_A

    def _forces(self, structures: Sequence[Atoms]) -> list[NDArray[np.float64]]:
        return [forces_of(evaluation) for evaluation in self.evaluate(structures)]

    def _evaluate(self, atoms: Atoms, *, forces: bool, stress: bool) -> Evaluation:
        attached = atoms.copy()
        attached.set_constraint()  # the derivatives are those of the energy, whoever holds an atom
        attached.calc = self._calculator
        try:
            evaluation = Evaluation(
                energy_eV=float(self._energy(attached)),
                forces_eV_per_A=(
                    _real(attached.get_forces(), "forces", self._name) if forces else None
                ),
                stress_eV_per_A3=self._stress(attached) if stress else None,
                atomic_energies_eV=None,
            )
        except NearsightError:
            raise
        except PropertyNotImplementedError as error:
            missing = str(error).removesuffix(" property not implemented")
            raise MissingPropertyError(f"{self._name} has no {missing}.") from error
        except Exception as error:  # whatever a calculator raises, it is the calculator's answer
            raise ModelError(
                f"{self._name} failed on {atoms.get_chemical_formula()}: "
                f"{type(error).__name__}: {error}"
            ) from error
        require_sound(evaluation, atoms, self._name)
        return evaluation

    def _stress(self, attached: Atoms) -> NDArray[np.float64]:
        try:
            return _real(attached.get_stress(), "a stress", self._name)
        except PropertyNotImplementedError as error:
            raise MissingPropertyError(
                f"{self._name} has no stress, without which a crystal can be relaxed in a fixed "
                f"cell only (`cell` fixed)."
            ) from error

    def _energy(self, attached: Atoms) -> float:
        """Return the energy whose gradient the forces are: with smearing, the free energy."""
        if "free_energy" in getattr(self._calculator, "implemented_properties", ()):
            with contextlib.suppress(PropertyNotImplementedError):
                return float(attached.get_potential_energy(force_consistent=True))
        return float(attached.get_potential_energy())


def _real(values: Any, what: str, name: str) -> NDArray[np.float64]:
    """Return what a calculator gave as an array; NumPy alone would drop imaginary parts.

    Raises
    ------
    ModelError
        They are no real numbers.
    """
    given = np.asarray(values)
    if given.dtype.kind not in "fiu":
        raise ModelError(f"{name} gave {what} that are no real numbers ({given.dtype}).")
    return given.astype(np.float64)


def _options(
    calculator: BaseCalculator, within: tuple[BaseCalculator, ...] = ()
) -> dict[str, Setting]:
    """Return the calculator's parameters, and those of the calculators that it is made of."""
    parameters = dict(getattr(calculator, "parameters", None) or {})
    options: dict[str, Setting] = {key: _plain(value) for key, value in parameters.items()}
    mixer: Any = getattr(calculator, "mixer", None)  # where ASE's sums keep their parts
    if hasattr(mixer, "weights"):
        options["weights"] = _plain(mixer.weights)
    within = (*within, calculator)
    holders = (getattr(calculator, "__dict__", {}), parameters, getattr(mixer, "__dict__", {}))
    parts: list[BaseCalculator] = []
    for value in (value for holder in holders for value in holder.values()):
        for part in value if isinstance(value, list | tuple) else (value,):
            known = any(part is one for one in (*within, *parts))
            if isinstance(part, BaseCalculator) and not known:
                parts.append(part)
    if parts:
        options["parts"] = [
            f"{type(part).__name__} {json.dumps(_options(part, within), sort_keys=True)}"
            for part in parts
        ]
    return options


def _plain(value: Any) -> Any:
    """Return `value` as it comes back from JSON; what JSON does not know in words."""
    try:
        return json.loads(json.dumps(value, default=_in_words))
    except (TypeError, ValueError):
        return _in_words(value)


def _in_words(value: Any) -> Any:
    """Return lists for arrays, a class name for a calculator, otherwise ``repr`` less addresses."""
    if isinstance(value, np.ndarray | np.generic):
        return value.tolist()
    if isinstance(value, BaseCalculator):
        return type(value).__name__
    if isinstance(value, set | frozenset):
        return sorted(map(_in_words, value), key=repr)
    return _ADDRESS.sub("", repr(value))
