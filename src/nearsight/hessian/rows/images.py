"""Whether rows that a plan leaves out are the images of others that they should be."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from nearsight.arrays import FloatArray
from nearsight.errors import MethodError
from nearsight.hessian.rows.plan import Image, Plan
from nearsight.hessian.rows.task import Task, name_of
from nearsight.models.contract import Seed
from nearsight.provenance import MIXED

_FEW_ROWS = 8
"""Plans of fewer rows have one checked, for a second one takes much beside so few."""
_TURNED = 1e-3
"""Smallest element by which a rotation differs from none; those of a lattice do by far more."""
_SAME_NOISY_IMAGE = 0.01
_SAME_IMAGE = {"float64": 1e-4, "float32": 1e-3, MIXED: 1e-3}
"""Largest deviation of an analytic row from the image it should be, over its largest element.

Rounding stays far below; a model that does not keep the symmetry, or a structure that is
less symmetric than it seems, is off by more."""


@dataclass(frozen=True)
class ExpectedImage:
    """A row that a plan leaves out, and the one of which it should be an image."""

    index: int
    """Of the row of the plan."""
    seed: Seed
    """Of the row that is left out."""
    image: Image
    """How the latter follows from the former."""


def images_to_check(plan: Plan) -> list[ExpectedImage]:
    """Draw a few rows that a plan leaves out; none where no row follows from others by symmetry.

    Images of computed rows are exact for differences of any step too, unlike expanded rows, because
    differences along a general direction are no combination of those along others.
    """
    if not plan.uses_symmetry:
        return []
    random = np.random.default_rng(plan.n_atoms)
    mirrored = [True] if plan.rows_needed < _FEW_ROWS else [True, False]
    return [_other_image(plan, random, mirrored=each) for each in mirrored]


def check_images(
    task: Task, rows: FloatArray, expected: Sequence[ExpectedImage], computed: Sequence[FloatArray]
) -> float | None:
    """Compare rows that the plan leaves out with the images they should be.

    Parameters
    ----------
    task
        What was computed.
    rows
        The rows of its plan, shape ``(rows_needed, n_atoms, 3)`` in eV/Å².
    expected
        Which rows were drawn.
    computed
        What was computed for each, shape ``(n_atoms, 3)`` in eV/Å².

    Returns
    -------
    float or None
        The largest deviation in eV/Å²; None where no row was drawn.

    Raises
    ------
    MethodError
        One is no image.
    """
    analytic = _SAME_IMAGE.get(task.model.identity.dtype, _SAME_NOISY_IMAGE)
    allowed = analytic if task.way.step_A is None else _SAME_NOISY_IMAGE
    deviations = []
    for each, row in zip(expected, computed, strict=True):
        image = each.image.of_row(rows[each.index])
        deviations.append(float(np.abs(row - image).max()))
        if not deviations[-1] <= allowed * float(np.abs(image).max()):
            raise MethodError(
                f"the row of {name_of(each.seed)}, differs by {deviations[-1]:.2g} eV/Å² from the "
                f"image of row {each.index} that it should be ({task.plan.reason}): "
                f"{task.model.identity.name} does not keep this symmetry, or the structure has it "
                f"only nearly. Use a smaller `row_symmetry_A`, move the structure onto its space "
                f"group first, or use no symmetry."
            )
    return max(deviations, default=None)


def _other_image(plan: Plan, random: np.random.Generator, *, mirrored: bool) -> ExpectedImage:
    """Draw a row and an image of it that a wrong model would get wrong.

    By a mirror image if asked for, else by a rotation; by a translation where there is no other.
    """
    assert plan.symmetry is not None
    rotations = plan.symmetry.rotations
    turned = np.abs(rotations - np.eye(3)).max(axis=(1, 2)) > _TURNED
    improper = np.linalg.det(rotations) < 0
    # An inversion alone tells nothing of whether a model turns with the structure.
    turning = improper & (np.abs(rotations + np.eye(3)).max(axis=(1, 2)) > _TURNED)
    while True:
        index, choice = random.integers(plan.rows_needed), random.integers(2**32)
        seed, image = plan.image_of_seed(int(index), int(choice))
        is_turned = np.abs(image.rotation - np.eye(3)).max() > _TURNED
        is_moved = bool((image.permutation != np.arange(plan.n_atoms)).any())
        if mirrored and improper.any():
            is_inverted = np.abs(image.rotation + np.eye(3)).max() <= _TURNED
            wanted = np.linalg.det(image.rotation) < 0 and not (turning.any() and is_inverted)
        else:
            wanted = is_turned if turned.any() else is_moved
        if wanted:
            return ExpectedImage(int(index), seed, image)
