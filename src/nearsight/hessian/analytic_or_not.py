"""Whether second derivatives of a model are taken analytically: decided once, for all of them."""

from collections.abc import Mapping
from dataclasses import dataclass

from nearsight.errors import MethodError, NearsightError
from nearsight.models.contract import Model

NON_SMOOTH_STEP_A = 0.02
"""Step for models whose analytic curvature is not the physical one: wider than their kinks."""
UNKNOWN_PRECISION_STEP_A = 0.01
"""Step for calculators that do not say how precise their forces are."""


@dataclass(frozen=True)
class Refusal:
    """Why a way to compute second derivatives is not taken."""

    reason: str
    """As a clause, which is also the reason for the way that is taken instead."""
    remedy: str
    """What who asked for it may do instead, as a sentence."""
    kind: type[NearsightError] = MethodError
    step_A: float | None = None
    """Over which step forces are differenced instead; None for the usual one."""

    def error(self) -> NearsightError:
        """Return the error for who asked for this way."""
        return self.kind(f"{self.reason}. {self.remedy}")


def analytic_refusal(model: Model, *, asked_for: bool, remedy: str) -> Refusal | None:
    """Return why second derivatives of a model are differences of forces; None if they are not.

    Parameters
    ----------
    model
        The model.
    asked_for
        Whether somebody has asked for analytic ones, whose word counts where they are possible.
    remedy
        What to do if they are not.
    """
    name, capabilities = model.identity.name, model.capabilities
    if not capabilities.differentiable:
        return Refusal(f"{name} cannot be differentiated twice", remedy)
    if capabilities.curvature_smooth is False and not asked_for:
        reason = (
            f"the analytic curvature of {name} is not its physical one: it differs from that over "
            f"the 0.01-0.03 Å of a vibration"
        )
        return Refusal(reason, remedy, step_A=NON_SMOOTH_STEP_A)
    return None


def default_step_A(model: Model, of_precision: Mapping[str, float]) -> float:
    """Return over which step forces are differenced: what the model states, or suits its precision.

    Parameters
    ----------
    model
        The model.
    of_precision
        Steps by the name of the precision.
    """
    stated = model.capabilities.difference_step_A
    return stated or of_precision.get(model.identity.forces_dtype, UNKNOWN_PRECISION_STEP_A)


def require_step(step_A: float | None, example_A: float) -> None:
    """Check that a step is one, where one is given.

    Raises
    ------
    MethodError
        It is none.
    """
    if step_A is not None and not 0 < step_A < 1:
        raise MethodError(f"`step_A` is above 0 and below 1 Å, such as {example_A}, not {step_A}.")
