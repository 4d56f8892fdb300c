"""Force and rows of one atom of one fragment: all that its convergence needs."""

import os
from dataclasses import dataclass

from nearsight.arrays import FloatArray
from nearsight.errors import MethodError
from nearsight.hessian.origin import Computed
from nearsight.hessian.rows.plan import plan
from nearsight.hessian.rows.run import compute_planned_rows
from nearsight.models.contract import Model, forces_of
from nearsight.models.electrons import loaded_with
from nearsight.models.evaluable import require_elements
from nearsight.structures.checking import check_structure
from nearsight.structures.fragments import Fragment


@dataclass(frozen=True)
class SiteDerivatives:
    """Force on a site A of a fragment, and its blocks of the Hessian."""

    force_eV_per_A: FloatArray
    """Shape ``(3,)``."""
    rows_eV_per_A2: FloatArray
    """h_AB for every atom B of the fragment, shape ``(3, n_atoms, 3)``."""
    computation: Computed
    """How the rows came about."""


def site_derivatives(
    fragment: Fragment,
    model: Model,
    *,
    method: str = "auto",
    step_A: float | None = None,
    memory_budget_bytes: int | None = None,
    checkpoint: str | os.PathLike[str] | None = None,
) -> SiteDerivatives:
    """Compute the force on the site of a fragment and the three rows of the Hessian of that site.

    Three reverse passes, or six force calls by central differences, whatever the size.

    Parameters
    ----------
    fragment
        The fragment.
    model
        The model or reference method.
    method, step_A, memory_budget_bytes, checkpoint
        As for `nearsight.hessian.hessian`; finished rows are kept in `checkpoint`.

    Raises
    ------
    StructureError, ModelError, MethodError
        The model cannot be asked about the fragment (see `require_fragment`), or the method does
        not go with the model.
    MemoryBudgetError, CheckpointError, StorageError
        As for `nearsight.hessian.hessian`.
    """
    require_fragment(fragment, model)
    [evaluation] = model.evaluate([fragment.atoms])
    computed = compute_planned_rows(
        fragment.atoms,
        model,
        plan(fragment.atoms, model.capabilities).for_atoms([fragment.site]),
        method,
        step_A=step_A,
        memory_budget_bytes=memory_budget_bytes,
        rows_kept=3,
        checkpoint=checkpoint,
        progress=False,
    )
    return SiteDerivatives(
        force_eV_per_A=forces_of(evaluation)[fragment.site],
        rows_eV_per_A2=computed.rows_eV_per_A2,
        computation=computed.origin,
    )


def require_fragment(fragment: Fragment, model: Model) -> None:
    """Check that a model can be asked about a fragment, which costs nothing beside asking.

    Raises
    ------
    StructureError
        Atoms are too close to each other.
    ModelError
        The model does not know an element, such as hydrogen of the caps.
    MethodError
        The fragment has a charge or unpaired electrons of which the model does not know.
    """
    check_structure(fragment.atoms)
    require_elements(fragment.atoms, model)
    require_state(fragment, model)


def require_state(fragment: Fragment, model: Model) -> None:
    """Check that the model computes the charge and the multiplicity that a fragment has.

    Raises
    ------
    MethodError
        It computes others.
    """
    capabilities = model.capabilities
    for name, what, needed, neutral, takes in (
        ("charge", "charge", fragment.charge, 0, capabilities.takes_charge),
        ("spin", "multiplicity", fragment.multiplicity, 1, capabilities.takes_spin),
    ):
        if takes:
            continue
        given = loaded_with(model.identity, name)
        computed = neutral if given is None else given
        if computed != needed:
            raise MethodError(
                f"the fragment around atom {fragment.parents[fragment.site]} has the {what} "
                f"{needed}, but {model.identity.name} computes {computed}; name a model that takes "
                f"it with ?{name}={needed}, or keep groups together so that it has {neutral}."
            )
