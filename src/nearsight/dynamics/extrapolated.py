"""Steps at which atoms were outside of what the model was trained on, counted and not repeated."""

from dataclasses import dataclass, replace

from nearsight.models.contract import Evaluation
from nearsight.models.extrapolation import n_extrapolating
from nearsight.remarks import Remark


@dataclass(frozen=True)
class ExtrapolatedSteps:
    """How often a run was where its model was not trained."""

    n_steps: int = 0
    """Steps at which an atom was; the start is one."""
    first_step: int | None = None
    most_atoms: int = 0
    """The largest number of such atoms at one step."""

    def after(self, step: int, evaluation: Evaluation | None) -> "ExtrapolatedSteps":
        """Return the count with a step more, of which this is the evaluation."""
        n_atoms = None if evaluation is None else n_extrapolating(evaluation)
        if not n_atoms:
            return self
        return replace(
            self,
            n_steps=self.n_steps + 1,
            first_step=step if self.first_step is None else self.first_step,
            most_atoms=max(self.most_atoms, n_atoms),
        )

    def remarks(self, n_atoms: int, model: str) -> tuple[Remark, ...]:
        """Return the one remark for all steps; none where there is no such step.

        Parameters
        ----------
        n_atoms
            Atoms of the structure.
        model
            The name of the model.
        """
        if not self.n_steps:
            return ()
        steps = "1 step" if self.n_steps == 1 else f"{self.n_steps} steps"
        said = (
            f"at {steps}, of which step {self.first_step} was the first, up to {self.most_atoms} "
            f"of {n_atoms} atoms were outside of what {model} was trained on: their energies and "
            f"forces were extrapolated, and may have been anything. Train it on such structures, "
            f"too."
        )
        return (Remark("extrapolated", said),)
