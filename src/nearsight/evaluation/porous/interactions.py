"""Interaction energies of CO2 and H2O with frameworks of GoldDAC."""

from collections.abc import Mapping

from ase import Atoms

from nearsight.adsorption.golddac import (
    framework_of_frame,
    interaction_errors,
    reference_energies_eV,
)
from nearsight.evaluation.porous.parts import GasInteractions
from nearsight.models.batches import in_batches
from nearsight.models.contract import Evaluation, Model
from nearsight.models.evaluable import unknown_elements
from nearsight.progress import Progress

GASES = ("CO2", "H2O")


def chosen_frames(
    frames: Mapping[str, Atoms], model: Model, n_frameworks: int | None
) -> dict[str, Atoms]:
    """Return the frames of the smallest frameworks that a model knows, and of the molecules."""
    sizes: dict[str, int] = {}
    for name, frame in frames.items():
        framework = framework_of_frame(name)
        if framework is not None and not unknown_elements(frame, model):
            sizes[framework] = max(sizes.get(framework, 0), len(frame))
    kept = set(sorted(sizes, key=lambda each: (sizes[each], each))[:n_frameworks])
    return {
        name: frame
        for name, frame in frames.items()
        if framework_of_frame(name) is None or framework_of_frame(name) in kept
    }


def gas_interactions(
    model: Model, frames: Mapping[str, Atoms], gas: str, progress: Progress
) -> GasInteractions:
    """Compute the interaction energies of one gas."""
    other = next(each for each in GASES if each != gas)
    needed = {name: frame for name, frame in frames.items() if f"_{other}_" not in name}
    energies_eV = {}
    answers = in_batches(model, list(needed.values()), forces=False)
    with progress.task(f"Frames with {gas}", len(needed)) as advance:
        for place, (name, answer) in enumerate(zip(needed, answers, strict=True), start=1):
            if not isinstance(answer, Evaluation):
                raise answer
            energies_eV[name] = float(answer.energy_eV)
            advance(place, name)
    errors = interaction_errors(gas, energies_eV, reference_energies_eV(needed))
    return GasInteractions(
        kinds=errors.kinds,
        references_eV=tuple(errors.references_eV.tolist()),
        errors_eV=tuple(errors.errors_eV.tolist()),
    )
