"""Crystals that vibrate: what is computed in each suite."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from nearsight.evaluation.examination import Examination
from nearsight.evaluation.failure import Failure
from nearsight.evaluation.phonons.computing import Setting, crystal_phonons, phonons_at_rest
from nearsight.evaluation.phonons.figure import figures
from nearsight.evaluation.phonons.parts import AtRest, CrystalPhonons
from nearsight.evaluation.phonons.references import (
    BUILT,
    UNREADABLE,
    read_reference,
    reference_files,
    require_reference,
)
from nearsight.evaluation.phonons.result import RELAXED, Phonons
from nearsight.evaluation.settings import ReferenceData, Suite
from nearsight.evaluation.work import Work
from nearsight.hessian.force_constants import ForceConstants
from nearsight.models.contract import Model
from nearsight.models.evaluable import unknown_elements
from nearsight.progress import Progress


@dataclass(frozen=True, kw_only=True)
class Effort:
    """How much is computed of phonons."""

    built: tuple[str, ...]
    """Crystals that are examined where no folder of references is given."""
    repeats: int
    """Of their primitive cells of two or three atoms, along each vector."""
    n_references: int | None
    """Crystals of the folder, those of the smallest files first; None for all."""
    most_atoms: int | None
    """In the supercell of a reference; None for any number."""
    n_bands: int
    """For so many of them bands are computed."""
    mesh_length_A: float
    """How fine the mesh of q-points is."""


EFFORTS: Mapping[Suite, Effort] = {
    "quick": Effort(
        built=("Si", "NaCl"),
        repeats=3,
        n_references=2,
        most_atoms=100,
        n_bands=2,
        mesh_length_A=50.0,
    ),
    "standard": Effort(
        built=tuple(BUILT),
        repeats=3,
        n_references=10,
        most_atoms=150,
        n_bands=50,
        mesh_length_A=100.0,
    ),
    "full": Effort(
        built=tuple(BUILT),
        repeats=3,
        n_references=None,
        most_atoms=None,
        n_bands=50,
        mesh_length_A=100.0,
    ),
}


def compute(model: Model, effort: Effort, work: Work) -> Phonons:
    """Compute the phonons of all crystals.

    Raises
    ------
    SettingError
        There are no references in the folder that was given.
    """
    if work.data.phonon_data is None:
        supercell = effort.repeats * np.eye(3, dtype=np.int64)
        settings = {
            name: Setting(BUILT[name](), supercell, effort.mesh_length_A, True, None)
            for name in effort.built
            if not unknown_elements(BUILT[name](), model)
        }
        crystals, failures = _examined(model, settings, work)
        return Phonons(has_references=False, crystals=crystals, failures=failures, left_out={})
    return _beside_references(model, effort, work, work.data.phonon_data)


def _beside_references(model: Model, effort: Effort, work: Work, folder: str) -> Phonons:
    chosen, left_out = _chosen(model, effort, folder, work.progress)
    with_bands = set(list(chosen)[: effort.n_bands])

    settings = {
        name: Setting(
            reference.unit_cell,
            reference.supercell_matrix,
            effort.mesh_length_A,
            name in with_bands,
            reference,
        )
        for name, reference in chosen.items()
    }
    crystals, failures = _examined(model, settings, work)
    return Phonons(has_references=True, crystals=crystals, failures=failures, left_out=left_out)


def _examined(
    model: Model, settings: Mapping[str, Setting], work: Work
) -> tuple[dict[str, CrystalPhonons], dict[str, Failure]]:
    """Compute crystals as they are given, and then relaxed: who fails there has the former."""
    given, failures = work.each(
        "crystals",
        settings,
        lambda name: crystal_phonons(model, settings[name], work.progress),
        CrystalPhonons,
    )
    at_rest, failed = work.each(
        "relaxed",
        given,
        lambda name: phonons_at_rest(model, settings[name], work.progress),
        AtRest,
    )
    crystals = {
        name: replace(each, relaxed=rest.values, has_converged=rest.has_converged)
        if (rest := at_rest.get(name)) is not None
        else each
        for name, each in given.items()
    }
    return crystals, {**failures, **{f"{n}{RELAXED}": each for n, each in failed.items()}}


def _chosen(
    model: Model, effort: Effort, folder: str, progress: Progress
) -> tuple[dict[str, ForceConstants], dict[str, str]]:
    """Return the references that are examined, the smallest first, and why others are not.

    The smallest files are read first, and none beyond those that are enough: there may be
    thousands.
    """
    files = reference_files(folder)
    ordered = sorted(files, key=lambda name: (files[name].stat().st_size, name))
    left_out: dict[str, str] = {}
    found: dict[str, ForceConstants] = {}
    with progress.task("Reading references", len(ordered)) as advance:
        for place, name in enumerate(ordered):
            if len(found) == effort.n_references:
                left_out |= dict.fromkeys(ordered[place:], "not in this suite")
                break
            reference = read_reference(files[name])
            if isinstance(reference, str):
                left_out[name] = f"{UNREADABLE}: {reference}"
            elif unknown_elements(reference.unit_cell, model):
                left_out[name] = "the model does not know an element"
            elif effort.most_atoms is not None and len(reference.supercell) > effort.most_atoms:
                left_out[name] = f"more than {effort.most_atoms} atoms"
            else:
                found[name] = reference
            advance(place + 1, name)
    by_size = sorted(found, key=lambda name: (len(found[name].supercell), name))
    return {name: found[name] for name in by_size}, left_out


def check(data: ReferenceData) -> None:
    """Check that there are references in a folder that was given.

    Raises
    ------
    SettingError
        There are none, or none that can be read, or two of one name.
    """
    if data.phonon_data is not None:
        require_reference(data.phonon_data)


EXAMINATION = Examination(
    package=__package__,
    title="Phonons",
    question="Do crystals vibrate as they should, and are exact derivatives those of the forces?",
    efforts=EFFORTS,
    compute=compute,
    result=Phonons,
    figures=figures,
    data=("phonon_data",),
    check=check,
)
