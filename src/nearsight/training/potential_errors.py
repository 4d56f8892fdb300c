"""How far a potential is off for labelled structures: by set, group and element."""

from collections.abc import Collection, Iterable

from nearsight.announcing import announces
from nearsight.errors import NearsightError
from nearsight.hdnnp.frames import TEST, TRAIN, Frame
from nearsight.hdnnp.kernels.compiled_potential import CompiledPotential, compile_potential
from nearsight.hdnnp.kernels.evaluation import KernelEvaluation, evaluate
from nearsight.hdnnp.potential import Potential
from nearsight.progress import Progress, as_progress
from nearsight.structures.pairs import pairs_of
from nearsight.training.prediction_errors import UNASSIGNED, PotentialErrors
from nearsight.training.prediction_sums import PredictionSums


@announces
def potential_errors(
    potential: Potential,
    frames: Iterable[Frame],
    *,
    test_frames: Iterable[int] | None = None,
    without_offsets: bool = False,
    progress: Progress | bool | None = None,
) -> PotentialErrors:
    """Return how far a potential is off for labelled structures.

    One structure is in memory at a time, and of each what sums need: its energies, and counts of
    errors of its forces. A structure may lack one of both labels.

    Parameters
    ----------
    potential
        The potential.
    frames
        Structures with energies, forces or both.
    test_frames
        Which of them were kept for tests, counted from 0; the others were learnt then. None to
        take what the data says.
    without_offsets
        Take the mean error of the energies of each group off, by which energies of other origin
        differ, before anything else is computed of them. That of the whole set is then over what
        is left, group by group.
    progress
        Where progress goes; True for a bar.

    Raises
    ------
    ModelError
        The potential has no network for an element.
    StructureError
        No structure has a label, or one cannot be evaluated.
    """
    compiled = compile_potential(potential)
    sums = PredictionSums(potential, compiled)
    tested = None if test_frames is None else frozenset(test_frames)
    with as_progress(progress).task("structures", None) as advance:
        for number, frame in enumerate(frames):
            if is_labelled(frame):
                evaluation = predicted(compiled, number, frame)
                sums.add(frame, set_of(number, frame, tested), evaluation)
            else:
                sums.n_unlabelled += 1
            advance(number + 1, "")
    return sums.errors(without_offsets=without_offsets)


def is_labelled(frame: Frame) -> bool:
    """Return whether a frame has an energy or forces."""
    return frame.energy_eV is not None or frame.forces_eV_per_A is not None


def set_of(number: int, frame: Frame, test_frames: Collection[int] | None) -> str:
    """Return the set of a frame: by the numbers of those kept for tests, or as the data says."""
    if test_frames is not None:
        return TEST if number in test_frames else TRAIN
    return frame.split or UNASSIGNED


def predicted(compiled: CompiledPotential, number: int, frame: Frame) -> KernelEvaluation:
    """Return energy and forces of a frame.

    Raises
    ------
    ModelError
        The potential has no network for an element.
    StructureError
        The frame cannot be evaluated.
    """
    try:
        pairs = pairs_of(frame.atoms, compiled.cutoff_A)
        return evaluate(compiled, frame.atoms.numbers, pairs)
    except NearsightError as error:
        raise type(error)(f"frame {number}, counted from 0: {error}") from error
