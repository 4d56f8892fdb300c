"""What studies of potentials of IRMOF-1 share: frames of the crystal, their labels, and errors.

Frames are from dynamics by a potential that `nearsight learn` has learnt, labels by GFN1-xTB.
Folders keep a record for each structure that is labelled.
"""

import argparse
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from ase import Atoms
from ase.io import iread
from learning_from_fragments import cut

from nearsight.arrays import FloatArray
from nearsight.dynamics.run import run_dynamics
from nearsight.dynamics.watch import BrokenRunError
from nearsight.fingerprint import structure_sha256
from nearsight.hdnnp.frames import Frame
from nearsight.models import Model, load_model
from nearsight.models.contract import forces_of
from nearsight.storage import write_text
from nearsight.testing.structures import mof5
from nearsight.workflows import (
    DynamicsSettings,
    OutputSettings,
    PickingSettings,
    RelaxationSettings,
    RelaxSettings,
    relax,
)
from records import Record, collect, without_errors

TEACHER = "gfn1-xtb"
SMALL_A, LARGE_A = 4.359, 8.718
"""Radii of fragments."""
N_TESTED = 100
"""Frames of the crystal at each temperature."""
TEMPERATURES = {"200 K": 200.0, "500 K": 500.0}
HOT_K = (300.0, 1000.0)
BEFORE_PS, TEST_PS, HOT_PS = 2.0, 20.0, 20.0
EVERY_FS = 20.0
PRESSURE_BAR = 1.0


def learnt_potential(learnt: Path) -> Path:
    """Return the potential of the last round of `nearsight learn` that is complete."""
    complete = [each.parent for each in sorted(learnt.glob("round-*/round.json"))]
    if len(complete) < 2:  # nothing is learnt in the first
        raise SystemExit(f"{learnt} holds nothing that was learnt; run `nearsight learn` first.")
    return complete[-1] / "member-1" / "best"


def moved(arguments: argparse.Namespace, first_K: float, last_K: float, time_ps: float) -> Path:
    """Return the trajectory of a run at constant pressure, which goes on where it was stopped.

    Where a bond breaks, it ends there, and what was said then is kept beside it.
    """
    path: Path = arguments.folder / f"crystal_{first_K:g}_{last_K:g}K.extxyz"
    settings = DynamicsSettings(
        ensemble="npt",
        external_pressure_bar=PRESSURE_BAR,
        time_ps=time_ps,
        temperature_K=first_K,
        final_temperature_K=None if first_K == last_K else last_K,
        seed=round(last_K),
    )
    model = load_model(f"hdnnp:{learnt_potential(arguments.learnt)}")
    broken, digest = path.with_suffix(".broken"), f"{model.identity.checkpoint_sha256}\n"
    if broken.exists() and broken.read_text().startswith(digest):
        return path
    try:
        run_dynamics(
            mof5(),
            model,
            settings,
            OutputSettings(every_fs=EVERY_FS),
            trajectory=path,
            checkpoint=path.with_suffix(".dynamics"),
            keep_bonds=True,
            progress=True,
        )
    except BrokenRunError as error:
        write_text(broken, f"{digest}{error}\n")
    return path


def frames_of(path: Path, after_ps: float) -> list[Atoms]:
    """Return the structures of a trajectory, whose atoms are not carried back into the cell."""
    return [
        Atoms(each.numbers, each.positions, cell=each.cell, pbc=True)
        for each in iread(path, format="extxyz")
        if each.info["time_fs"] > 1000 * after_ps
    ]


def spread(frames: Sequence[Atoms], n_frames: int) -> list[Atoms]:
    """Return some of the frames, as far apart as can be."""
    chosen = np.linspace(0, len(frames) - 1, n_frames).round().astype(int)
    return [frames[each] for each in chosen]


def tested_frames(arguments: argparse.Namespace, temperature_K: float) -> list[Atoms]:
    """Return all frames at one temperature but those of the beginning."""
    time_ps = BEFORE_PS + TEST_PS
    return frames_of(moved(arguments, temperature_K, temperature_K, time_ps), BEFORE_PS)


def labelled(folder: Path, name: str, structures: Sequence[Atoms]) -> list[Frame]:
    """Return structures with energies and forces by the teacher, one record each."""
    teacher = load_model(TEACHER)
    by_key = {structure_sha256(each)[:16]: each for each in structures}

    def label(key: str) -> Record:
        [found] = teacher.evaluate([by_key[key]])
        return {"energy_eV": found.energy_eV, "forces_eV_per_A": forces_of(found).tolist()}

    records = collect(folder / "labels" / name, by_key, label, {"teacher": TEACHER})
    return [
        Frame(by_key[key], record["energy_eV"], np.array(record["forces_eV_per_A"]))
        for key, record in without_errors(records).items()
    ]


def fragments(frames: Sequence[Atoms], radius_A: float) -> list[Atoms]:
    """Return a fragment of each frame."""
    return [each.atoms for each in cut(list(frames), radius_A)]


def without_violence(frames: Sequence[Frame]) -> list[Frame]:
    """Return those frames that `nearsight learn` would learn, of moderate forces."""
    most = PickingSettings().largest_force_eV_per_A
    return [each for each in frames if np.linalg.norm(each.forces_eV_per_A, axis=1).max() <= most]


def optimized(folder: Path) -> Frame:
    """Return the crystal at rest by the teacher, in its own cell."""

    def calculate(_: str) -> Record:
        settings = RelaxationSettings(fmax_eV_per_A=0.01, cell="fixed")
        relaxed = relax(mof5(), TEACHER, RelaxSettings(relaxation=settings), progress=True)
        assert relaxed.results is not None
        atoms = relaxed.results.relaxation.atoms
        [said] = load_model(TEACHER).evaluate([atoms])
        return {
            "positions_A": atoms.positions.tolist(),
            "energy_eV": said.energy_eV,
            "forces_eV_per_A": forces_of(said).tolist(),
        }

    found = collect(folder / "labels", ["optimized"], calculate, {"teacher": TEACHER})
    record = without_errors(found)["optimized"]
    atoms = mof5()
    atoms.positions = record["positions_A"]
    return Frame(atoms, record["energy_eV"], np.array(record["forces_eV_per_A"]))


def errors(model: Model, frames: Sequence[Frame], rest: Frame | None) -> Record:
    """Return how far a potential is off; of energies in meV an atom, forces in eV/Å.

    A network knows energies of fragments, and that of a crystal up to a constant for each atom: it
    is taken from the crystal at rest.
    """
    found = model.evaluate([each.atoms for each in frames])
    per_atom_eV = np.array(
        [
            (one.energy_eV - frame.energy_eV) / len(frame.atoms)
            for one, frame in zip(found, frames, strict=True)
        ]
    )
    offset_eV = 0.0
    if rest is not None:
        [at_rest] = model.evaluate([rest.atoms])
        offset_eV = (at_rest.energy_eV - rest.energy_eV) / len(rest.atoms)
    differences = [
        forces_of(one) - frame.forces_eV_per_A for one, frame in zip(found, frames, strict=True)
    ]
    components = np.concatenate([each.ravel() for each in differences])
    return {
        "energy_meV_per_atom": 1000 * rms(per_atom_eV - offset_eV),
        "offset_meV_per_atom": 1000 * offset_eV,
        "spread_meV_per_atom": 1000 * float(per_atom_eV.std()),
        "force_eV_per_A": rms(components),
        "largest_eV_per_A": max(float(np.linalg.norm(each, axis=1).max()) for each in differences),
        "extrapolating": float(np.mean(np.concatenate([one.extrapolations > 0 for one in found]))),
    }


def rms(values: FloatArray) -> float:
    """Return the root mean square."""
    return float(np.sqrt(np.mean(np.square(values))))
