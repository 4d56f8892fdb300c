# %% [markdown]
# # From how small fragments can a crystal be learnt?
#
# A potential of Behler and Parrinello whose atomic energies end at R = 4.359 Å is the truth here:
# its forces end at 2 R, and nothing else about it is unknown. It is taken from fragments of MOF-5
# labelled by GFN1-xTB, so that it moves as the crystal does. Students with cutoffs R_c from 0.6 R
# to 1.5 R, and other symmetry functions and layers, learn fragments of radius R_c and 2 R_c
# (8.718 Å at most), each set with as many structures, from dynamics of the crystal by the truth.
# Asked is how far their forces are off in the crystal. After M. Herbold and J. Behler, Phys. Chem.
# Chem. Phys. 2023, 25, 12979, doi:10.1039/D2CP05976B.
#
#     python studies/learning_from_fragments.py FRAGMENTS.extxyz FOLDER [--seeds 0 1]
#
# FRAGMENTS are those that the truth is made of, with energies and forces. FOLDER keeps all that is
# made; an interrupted study goes on from there.
import argparse
from functools import cache
from pathlib import Path
from time import process_time

import numpy as np
from ase import Atoms, units
from ase.io import read as read_frames
from ase.io import write as write_frames
from ase.md.langevin import Langevin
from matplotlib.figure import Figure

from nearsight.arrays import FloatArray
from nearsight.hdnnp.frames import Frame
from nearsight.locality import locality
from nearsight.models import Model, load_model
from nearsight.models.calculator import ModelCalculator
from nearsight.models.contract import forces_of
from nearsight.structures.fragments import Fragment
from nearsight.testing.structures import mof5
from nearsight.training import (
    FunctionSettings,
    NetworkSettings,
    StoppingSettings,
    TrainingSettings,
    labelled_data,
    train,
)
from nearsight.training.active.cutting import Cutter
from nearsight.workflows import TrainSettings
from nearsight.workflows import train as train_files
from records import Record, collect, markdown_table, without_errors

Students = dict[tuple[float, float, int], list[Record]]
"""Records of all seeds by cutoff and radius in Å and number of structures."""

RANGE_A = 4.359
CUTOFFS_A = (2.6, 3.3, RANGE_A, 5.4, 6.5)
LARGEST_RADIUS_A = 2 * RANGE_A
TRUTH = TrainSettings(
    functions=FunctionSettings(cutoff_A=RANGE_A, n_radial=6, zetas=(1.0, 3.0, 9.0)),
    network=NetworkSettings(hidden_layers=(12, 12), seed=11),
    stopping=StoppingSettings(epochs=15),
)
N_LEARNT, N_TESTED, EPOCHS = 80, 15, 8
MORE = 320
"""Structures of further sets, for some cutoffs and radii."""
LEARNT_MORE = ((RANGE_A, RANGE_A),)
TEMPERATURE_K, TIMESTEP_FS = 300.0, 0.5
STEPS_BEFORE, STEPS_BETWEEN = 800, 80
IN_CRYSTAL = "force_RMSE_eV_per_A"

CONCLUSIONS = """\
- Fragments of radius R, whose own forces are off by 0.046 eV/Å (0.35 at most), teach forces that
  are off by 0.063 with 80 and by 0.037 with 320 structures: below the fragments' own error.
  Fragments of 2 R, whose forces are right, with 80: 0.054.
- Half of the range that is told, 3.1 Å, is too short: at 3.3 Å errors are twice those at R. The
  threshold stands for 0.15 eV/Å, more than the error of a network here.
- A cutoff beyond R costs as much as one below: there is more to learn from, and in fragments of
  5.4 Å few atoms have surroundings of 5.4 Å whole (0.275, on other fragments 0.087). Larger
  fragments help (0.105), more structures may.
- One seed each. The truth has the same cutoff function as the students, and is weak near R, with
  other symmetry functions and layers. The errors of 0.001 at 2 R are of atoms that move in and
  out of the radius, which is measured at rest.
"""
"""What the page says of the settings above."""


# %% [markdown]
# ## The truth, and how the crystal moves by it
@cache
def truth(fragments: Path, folder: Path) -> Model:
    """Return the potential that is to be learnt."""
    place = folder / "truth"
    train_files([fragments], TRUTH, out=place)  # at once where it was done
    return load_model(f"hdnnp:{place / 'best'}")


def moved(teacher: Model, path: Path, n_frames: int, seed: int) -> list[Atoms]:
    """Return frames of the crystal, whose atoms are not carried back into the cell."""
    if not path.exists():
        atoms = mof5()
        atoms.calc = ModelCalculator(teacher)
        random = np.random.default_rng(seed)
        # Half of it goes into the springs.
        speeds = np.sqrt(2 * TEMPERATURE_K * units.kB * atoms.get_masses())
        atoms.set_momenta(random.normal(size=(len(atoms), 3)) * speeds[:, None])
        dynamics = Langevin(
            atoms,
            TIMESTEP_FS * units.fs,
            temperature_K=TEMPERATURE_K,
            friction=0.01 / units.fs,
            fixcm=False,
            rng=random,
        )
        dynamics.run(STEPS_BEFORE)
        frames = []
        for _ in range(n_frames):
            dynamics.run(STEPS_BETWEEN)
            frames.append(Atoms(atoms.numbers, atoms.positions, cell=atoms.cell, pbc=True))
        write_frames(path, frames, format="extxyz")
    return [
        Atoms(each.numbers, each.positions, cell=each.cell, pbc=True)
        for each in read_frames(path, ":", format="extxyz")
    ]


# %% [markdown]
# ## Fragments
def cut(frames: list[Atoms], radius_A: float) -> list[Fragment]:
    """Return one fragment of each frame, around each kind of site in turn that covers the rest."""
    cutter = Cutter(mof5(), radius_A)
    sites = [int(each.parents[each.site]) for each in cutter.at_rest()]
    random = np.random.default_rng(17)
    found = []
    for number, frame in enumerate(frames):
        kind = cutter.kinds[sites[number % len(sites)]]
        site = random.choice(np.flatnonzero(cutter.kinds == kind))
        found.append(cutter.cut(frame, int(site)))
    return found


def own_errors(teacher: Model, frames: list[Atoms], radius_A: float) -> FloatArray:
    """Return by how much forces on central atoms of fragments differ from those in the crystal.

    Norms of the differences in eV/Å.
    """
    norms = []
    for frame, fragment in zip(frames, cut(frames, radius_A), strict=True):
        [crystal], [alone] = teacher.evaluate([frame]), teacher.evaluate([fragment.atoms])
        central = np.flatnonzero(fragment.central)
        differences = forces_of(alone)[central] - forces_of(crystal)[fragment.parents[central]]
        norms.append(np.linalg.norm(differences, axis=1))
    return np.concatenate(norms)


# %% [markdown]
# ## Students
def student(arguments: argparse.Namespace, name: str) -> Record:
    """Train one, and compare its forces in the crystal with the truth."""
    cutoff_A, radius_A, n_learnt, seed = name.split("_")
    teacher = truth(arguments.fragments, arguments.folder)
    frames = moved(teacher, arguments.folder / "learnt.extxyz", MORE, seed=1)[: int(n_learnt)]
    fragments = [each.atoms for each in cut(frames, float(radius_A))]
    labels = teacher.evaluate(fragments)
    data = labelled_data(
        Frame(atoms, label.energy_eV, forces_of(label))
        for atoms, label in zip(fragments, labels, strict=True)
    )
    settings = TrainingSettings(
        functions=FunctionSettings(cutoff_A=float(cutoff_A)),
        network=NetworkSettings(seed=int(seed)),
        stopping=StoppingSettings(epochs=EPOCHS),
    )
    start = process_time()
    training = train(data, settings, out=arguments.folder / f"student_{name}", progress=False)
    seconds = process_time() - start
    tested = moved(teacher, arguments.folder / "tested.extxyz", N_TESTED, seed=2)
    taught = load_model(f"hdnnp:{arguments.folder / f'student_{name}' / 'best'}")
    expected, found = teacher.evaluate(tested), taught.evaluate(tested)
    differences = np.array(
        [forces_of(one) - forces_of(other) for one, other in zip(found, expected, strict=True)]
    )
    energies_eV = np.array(
        [one.energy_eV - other.energy_eV for one, other in zip(found, expected, strict=True)]
    )
    own = own_errors(teacher, tested, float(radius_A))
    of_test = training.best_errors.errors.of("test", "all")
    return {
        "n_atoms": float(np.mean([len(each) for each in fragments])),
        "force_RMSE_eV_per_A": float(np.sqrt(np.mean(differences**2))),
        "force_largest_eV_per_A": float(np.linalg.norm(differences, axis=2).max()),
        "energy_spread_meV_per_atom": float(1000 * energies_eV.std() / len(tested[0])),
        "on_fragments_eV_per_A": of_test.force_RMSE_eV_per_A,
        "fragments_own_rms_eV_per_A": float(np.sqrt(np.mean(own**2))),
        "fragments_own_largest_eV_per_A": float(own.max()),
        "extrapolating_share": float(np.mean([one.extrapolations > 0 for one in found])),
        "truth_rms_eV_per_A": float(np.sqrt(np.mean([forces_of(one) ** 2 for one in expected]))),
        "n_functions": int(sum(len(each.functions) for each in training.best.elements)),
        "training_seconds": seconds,
    }


def reach(arguments: argparse.Namespace) -> Record:
    """Return how far the truth is felt, as `nearsight locality` tells it."""
    found = locality(mof5(), truth(arguments.fragments, arguments.folder), progress=False)
    return {
        "force_range_A": found.force_range_A,
        "largest_range_A": max(each.range_A for each in found.ranges()),
        "sites": {each.element + str(each.site): each.r_frag_A for each in found.sites},
    }


# %% [markdown]
# ## Table and figure
def radii_of(cutoff_A: float) -> list[float]:
    """Return the radii of fragments that a cutoff is taught by."""
    return sorted({cutoff_A, min(2 * cutoff_A, LARGEST_RADIUS_A)})


def names_of(seeds: list[int]) -> list[str]:
    """Return one name for each student: cutoff, radius, number of structures and seed."""
    sets = [(cutoff_A, radius_A) for cutoff_A in CUTOFFS_A for radius_A in radii_of(cutoff_A)]
    return [
        *(f"{cutoff_A:g}_{radius_A:g}_{N_LEARNT}_{seeds[0]}" for cutoff_A, radius_A in sets),
        *(f"{cutoff_A:g}_{radius_A:g}_{MORE}_{seeds[0]}" for cutoff_A, radius_A in LEARNT_MORE),
        *(
            f"{cutoff_A:g}_{radius_A:g}_{N_LEARNT}_{seed}"
            for seed in seeds[1:]
            for cutoff_A, radius_A in sets
        ),
    ]


def group(records: dict[str, Record]) -> Students:
    """Return the records of all seeds by cutoff, radius and number of structures."""
    students: Students = {}
    for name, record in records.items():
        cutoff_A, radius_A, n_learnt, _ = name.split("_")
        key = (float(cutoff_A), float(radius_A), int(n_learnt))
        students.setdefault(key, []).append(record)
    return dict(sorted(students.items()))


def mean(records: list[Record], field: str) -> float:
    """Return the mean of a number over seeds."""
    return float(np.mean([each[field] for each in records]))


def said(students: Students, far: Record) -> str:
    """Return what comes before the table: what was done, and the law."""
    errors = {
        cutoff_A: min(
            mean(records, IN_CRYSTAL)
            for (cutoff, _, n_learnt), records in students.items()
            if cutoff == cutoff_A and n_learnt == N_LEARNT
        )
        for cutoff_A in CUTOFFS_A
    }
    best = min(errors.values())
    first = next(iter(students.values()))[0]
    return (
        f"The truth is a potential with R = {RANGE_A} Å. Its forces in {N_TESTED} frames of MOF-5 "
        f"at {TEMPERATURE_K:g} K have components of {first['truth_rms_eV_per_A']:.2f} eV/Å (root "
        f"mean square). Sets of {N_LEARNT} fragments, {EPOCHS} epochs.\n\n"
        f"- Error of forces in the crystal over the smallest, the better of both radii of "
        f"fragments: "
        + ", ".join(
            f"{error / best:.2f} at {cutoff_A / RANGE_A:.2f} R"
            for cutoff_A, error in errors.items()
        )
        + f".\n- `nearsight locality` tells a range of {far['force_range_A']:.2f} Å (‖G'‖ below "
        f"0.35 eV/Å²), half of which is {far['force_range_A'] / 2:.2f} Å. The farthest pair with "
        f"‖h_AB‖ above 0.1 eV/Å² is {far['largest_range_A']:.2f} Å apart; 2 R is "
        f"{2 * RANGE_A:.2f} Å.\n"
    )


def table(students: Students) -> str:
    """Return a line for each cutoff, radius and number of structures."""
    rows = [
        [
            f"{cutoff_A:g} ({cutoff_A / RANGE_A:.2f} R)",
            f"{radius_A:g}",
            str(n_learnt),
            f"{records[0]['n_atoms']:.0f}",
            f"{records[0]['fragments_own_rms_eV_per_A'] / np.sqrt(3):.4f}, "
            f"{records[0]['fragments_own_largest_eV_per_A']:.3f}",
            ", ".join(f"{each['on_fragments_eV_per_A']:.3f}" for each in records),
            ", ".join(f"{each['force_RMSE_eV_per_A']:.3f}" for each in records),
            ", ".join(f"{each['force_largest_eV_per_A']:.2f}" for each in records),
            f"{100 * mean(records, 'extrapolating_share'):.1f}",
        ]
        for (cutoff_A, radius_A, n_learnt), records in students.items()
    ]
    head = (
        "R_c / Å",
        "R_frag / Å",
        "structures",
        "atoms",
        "fragments' own error",
        "on fragments kept for tests",
        "in the crystal",
        "largest norm",
        "atoms that extrapolate / %",
    )
    return (
        f"{markdown_table(head, rows)}\nErrors in eV/Å: root mean squares of components, and "
        f"largest norms of differences. “Fragments' own” is the truth in fragments less the truth "
        f"in the crystal, for atoms whose surroundings are whole; several numbers are those of "
        f"seeds.\n"
    )


def figure(students: Students, far: Record, path: Path) -> None:
    """Draw errors in the crystal over the cutoff, and those of fragments over their radius."""
    drawing = Figure(figsize=(9.6, 4.2), layout="constrained")
    left, right = drawing.subplots(1, 2)
    few = {key: records for key, records in students.items() if key[2] == N_LEARNT}
    for label, place, marker in (("R_frag = R_c", 0, "o"), ("R_frag = 2 R_c or 2 R", -1, "s")):
        errors = [
            mean(few[cutoff_A, radii_of(cutoff_A)[place], N_LEARNT], IN_CRYSTAL)
            for cutoff_A in CUTOFFS_A
        ]
        left.plot(CUTOFFS_A, errors, marker=marker, label=f"{label}, {N_LEARNT} structures")
    more = [
        (cutoff_A, mean(records, IN_CRYSTAL))
        for (cutoff_A, radius_A, n_learnt), records in students.items()
        if n_learnt == MORE and radius_A == cutoff_A
    ]
    left.plot(*zip(*more, strict=True), "o", mfc="none", label=f"R_frag = R_c, {MORE} structures")
    for value, text in ((RANGE_A, "R"), (far["force_range_A"] / 2, "half of the range told")):
        left.axvline(value, color="0.5", lw=0.8, ls="--")
        left.annotate(f" {text}", (value, 0.01), xycoords=("data", "axes fraction"), rotation=90)
    left.set(xlabel="R_c / Å", ylabel="RMSE of forces in the crystal / eV/Å")
    left.set_ylim(0, 1.5 * left.get_ylim()[1])  # room for the legend
    left.legend(fontsize=8, loc="upper right")
    own = {
        radius_A: records[0]["fragments_own_rms_eV_per_A"] / np.sqrt(3)
        for (_, radius_A, _), records in few.items()
    }
    right.plot(*zip(*sorted(own.items()), strict=True), marker="o", label="fragments' own forces")
    for cutoff_A in CUTOFFS_A:
        radii_A = radii_of(cutoff_A)
        errors = [mean(few[cutoff_A, radius_A, N_LEARNT], IN_CRYSTAL) for radius_A in radii_A]
        right.plot(radii_A, errors, marker="s", ms=4, label=f"student, R_c = {cutoff_A:g} Å")
    right.set(xlabel="R_frag / Å", ylabel="error of forces / eV/Å", ylim=(0, None))
    right.legend(fontsize=8)
    drawing.savefig(path, dpi=150)


def main() -> None:
    """Train what is not there yet, and write table and figure."""
    parser = argparse.ArgumentParser(description="From how small fragments can be learnt")
    parser.add_argument("fragments", type=Path)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--seeds", type=int, nargs="+", default=[0])
    parser.add_argument("--results", type=Path, default=Path(__file__).parent / "results")
    arguments = parser.parse_args()
    arguments.folder.mkdir(parents=True, exist_ok=True)
    settings = {"epochs": EPOCHS, "temperature_K": TEMPERATURE_K}
    records = collect(
        arguments.folder / "students",
        names_of(arguments.seeds),
        lambda name: student(arguments, name),
        settings,
    )
    far = collect(arguments.folder / "locality", ["truth"], lambda _: reach(arguments), settings)[
        "truth"
    ]
    students = group(without_errors(records))
    drawn = arguments.results / "learning_from_fragments.png"
    arguments.results.mkdir(exist_ok=True)
    figure(students, far, drawn)
    path = arguments.results / "learning_from_fragments.md"
    path.write_text(
        f"# From how small fragments can a crystal be learnt?\n\n{said(students, far)}"
        f"{CONCLUSIONS}\n"
        f"![Errors of forces in the crystal over cutoff and radius]({drawn.name})\n\n"
        f"{table(students)}",
        encoding="utf-8",
    )
    print(f"wrote {path}")


if __name__ == "__main__":
    main()
