"""Any ASE calculator as a model: not differentiable, so its rows are force differences."""

import contextlib
import json
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from ase import Atoms
from ase.calculators.calculator import (
    BaseCalculator,
    CalculatorError,
    PropertyNotImplementedError,
    get_calculator_class,
)
from numpy.typing import NDArray

from nearsight.derivatives.differences import SCHEMES, difference_products, difference_rows
from nearsight.errors import MethodError, ModelError
from nearsight.models.contract import Capabilities, Evaluation, Seed, require_finite
from nearsight.models.loading import LoadRequest
from nearsight.provenance import ModelIdentity, Setting

STEP_A = 0.01
"""Displacement in Å: large enough for the force noise of a self-consistent calculation."""


class AseModel:
    """An ASE calculator behind the contract of a model.

    Parameters
    ----------
    calculator
        Any ASE calculator with energy and forces.
    name
        How the model is called in results; the calculator's class by default.
    capabilities
        What is known about the calculator; by default nothing is assumed.
    """

    def __init__(
        self,
        calculator: BaseCalculator,
        name: str | None = None,
        capabilities: Capabilities | None = None,
    ) -> None:
        self._calculator = calculator
        self.identity = ModelIdentity(
            name=name or f"ase:{type(calculator).__name__.lower()}",
            family="ase",
            checkpoint_sha256=None,
            dtype="unknown",
            device="cpu",
            options=_options(calculator),
        )
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
        )

    def evaluate(self, structures: Sequence[Atoms], *, stress: bool = False) -> list[Evaluation]:
        """Return energies, forces and stresses; see `Model.evaluate`."""
        return [self._evaluate(atoms, stress=stress) for atoms in structures]

    def rows(
        self, atoms: Atoms, seeds: Sequence[Seed], *, batch_size: int = 1
    ) -> Iterator[NDArray[np.float64]]:
        """Yield central differences of forces at a step of 0.01 Å; see `Model.rows`."""
        if batch_size != 1:
            raise MethodError("an ASE calculator has no batched rows; use batch_size=1.")
        yield from difference_rows(
            self._forces, atoms, seeds, SCHEMES["central-difference"], STEP_A
        )

    def products(
        self, atoms: Atoms, vectors: NDArray[np.float64], *, strain: bool = False
    ) -> NDArray[np.float64]:
        """Return central differences of forces; see `Model.products`."""
        if strain:
            raise MethodError(
                "products with strain need a differentiable model; an ASE calculator is none."
            )
        return difference_products(self._forces, atoms, vectors, STEP_A)

    def _forces(self, structures: Sequence[Atoms]) -> list[NDArray[np.float64]]:
        return [evaluation.forces_eV_per_A for evaluation in self.evaluate(structures)]

    def _evaluate(self, atoms: Atoms, *, stress: bool) -> Evaluation:
        attached = atoms.copy()
        attached.calc = self._calculator
        try:
            evaluation = Evaluation(
                energy_eV=float(attached.get_potential_energy()),
                forces_eV_per_A=np.asarray(attached.get_forces(), dtype=np.float64),
                stress_eV_per_A3=(
                    np.asarray(attached.get_stress(), dtype=np.float64) if stress else None
                ),
                atomic_energies_eV=None,
            )
        except PropertyNotImplementedError as error:
            raise ModelError(f"{self.identity.name} has no {error}.") from error
        except (CalculatorError, NotImplementedError, ValueError, KeyError) as error:
            raise ModelError(
                f"{self.identity.name} failed on {atoms.get_chemical_formula()}: {error}"
            ) from error
        require_finite(evaluation, atoms, self.identity.name)
        return evaluation


def load(request: LoadRequest) -> AseModel:
    """Load an ASE calculator by the name ASE knows it under, with its default parameters.

    Raises
    ------
    ModelError
        ASE knows no such calculator, or it cannot start without further settings.
    """
    try:
        calculator = get_calculator_class(request.target)()
    except (ImportError, ModuleNotFoundError, AttributeError) as error:
        raise ModelError(f"ASE has no calculator named {request.target!r}.") from error
    except Exception as error:
        raise ModelError(
            f"ASE's calculator {request.target} does not start by its name alone ({error}); "
            f"set it up in Python and pass AseModel(calculator)."
        ) from error
    return AseModel(calculator, name=request.name)


def _options(calculator: BaseCalculator) -> dict[str, Setting]:
    """Return the calculator's parameters, those that are no plain values as their ``repr``."""
    options: dict[str, Setting] = {}
    for key, value in dict(getattr(calculator, "parameters", {})).items():
        options[key] = value if _is_plain(value) else repr(value)
    return options


def _is_plain(value: Any) -> bool:
    with contextlib.suppress(TypeError):
        json.dumps(value)
        return True
    return False
