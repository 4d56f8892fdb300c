# %% [markdown]
# # Do atoms repel where a potential has learnt nothing?
#
# Potentials of Behler and Parrinello are trained on fragments of MOF-5 with each prior, and asked
# for what is closer than their training data: two atoms alone, a fragment that is compressed, two
# fragments that are pushed into each other, and the crystal with atoms off their places, for which
# GFN1-xTB, which labelled the fragments, knows the forces.
#
#     python studies/closer_than_data.py FRAGMENTS.extxyz FOLDER [--seeds 0 1 2]
#
# FOLDER keeps a trained potential for each prior and seed.
import argparse
from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np
from ase import Atoms
from ase.io import read

from nearsight.hdnnp.files.reading import read_potential
from nearsight.models import Model, load_model
from nearsight.models.contract import forces_of
from nearsight.testing.structures import mof5
from nearsight.training import DataSettings, NetworkSettings, PriorSettings, StoppingSettings
from nearsight.training.approach import approaches
from nearsight.training.labelled import LabelledStructure
from nearsight.training.proposing import Pair, pair_of, shortest_distances_A
from nearsight.training.settings import PRIORS
from nearsight.workflows import TrainSettings, train
from records import markdown_table

RATTLED_A = (0.03, 0.05, 0.07)
N_TEST = 15
CUTOFF_A = 4.359
MOST_COMPRESSED = 0.5
DEEPEST_A = 1.0  # then atoms pass each other
STEP_A = 0.02


def main() -> None:
    """Train, ask, and write the tables."""
    parser = argparse.ArgumentParser(description="Closer than the data")
    parser.add_argument("fragments", type=Path)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--epochs", type=int, default=20)
    parser.add_argument("--results", type=Path, default=Path(__file__).parent / "results")
    arguments = parser.parse_args()
    frames = read(arguments.fragments, ":")
    tested = frames[-N_TEST:]
    closest_A = shortest_distances_A(list(map(labelled, frames[:-N_TEST])), CUTOFF_A)
    fragments = {each.info["tag"]: each for each in frames[-2:]}
    reference = load_model("gfn1-xtb")
    crystals = [rattled(amplitude_A) for amplitude_A in RATTLED_A]
    expected = [forces_of(each) for each in reference.evaluate(crystals)]
    rows, falls = [], {}
    for prior in PRIORS:
        for seed in arguments.seeds:
            folder = trained(arguments, prior, seed)
            model = load_model(f"hdnnp:{folder}")
            of_pairs = approaches(read_potential(folder), closest_A)
            falls[prior, seed] = {each.elements: each.fall_eV for each in of_pairs}
            rows.append(
                [
                    prior,
                    str(seed),
                    f"{test_RMSE(model, tested):.4f}",
                    *(
                        f"{RMSE([forces_of(own)], [true]):.3f}"
                        for own, true in zip(model.evaluate(crystals), expected, strict=True)
                    ),
                    *(falls_along(model, compressed(each)) for each in fragments.values()),
                    *(falls_along(model, pushed(each, closest_A)) for each in fragments.values()),
                ]
            )
            print(rows[-1], flush=True)
    head = [
        "prior",
        "seed",
        "test",
        *(f"crystal, {amplitude_A:g} Å" for amplitude_A in RATTLED_A),
        *(f"{name} compressed" for name in fragments),
        *(f"two {name}" for name in fragments),
    ]
    write(arguments, head, rows, falls, closest_A)


def write(
    arguments: argparse.Namespace,
    head: list[str],
    rows: list[list[str]],
    falls: Mapping[tuple[str, int], Mapping[Pair, float]],
    closest_A: Mapping[Pair, float],
) -> None:
    """Write both tables."""
    pair_rows = [
        [
            "-".join(pair),
            f"{closest_A[pair]:.3f}",
            *(
                ", ".join(f"{falls[prior, seed][pair]:.2f}" for seed in arguments.seeds)
                for prior in PRIORS
            ),
        ]
        for pair in falls[PRIORS[0], arguments.seeds[0]]
    ]
    path = arguments.results / "closer_than_data.md"
    arguments.results.mkdir(exist_ok=True)
    n = len(PRIORS) * len(arguments.seeds)
    path.write_text(
        f"""# Potentials where atoms are closer than in their training data

{n} potentials of {arguments.epochs} epochs, trained on `{arguments.fragments.name}` but for its
last {N_TEST} frames, with the defaults and each prior.

RMSE of forces in eV/Å on those frames and in the periodic crystal with atoms off their places
(against GFN1-xTB), and the most by which the energy falls in eV (in brackets: below where it began)
while a fragment is scaled down to {MOST_COMPRESSED:g} of its size, and while two of them are pushed
into each other by {DEEPEST_A:g} Å from where the first two atoms are as close as in the data.
The push of walls (0.12 Å, one number for all pairs) was chosen
with these crystals in sight, so that their columns for it are no test.

{markdown_table(head, rows)}
The most by which the energy of two atoms alone falls, in eV, as they come closer than in the
training data (seeds {", ".join(map(str, arguments.seeds))}); 0 where it rises all the way.

{markdown_table(["pair", "closest / Å", *PRIORS], pair_rows)}""",
        encoding="utf-8",
    )
    print(f"wrote {path}")


def trained(arguments: argparse.Namespace, prior: str, seed: int) -> Path:
    """Return the folder of a potential, trained if it is not there yet."""
    folder = arguments.folder / f"{prior}_{seed}"
    if not (folder / "best" / "input.nn").exists():
        settings = TrainSettings(
            data=DataSettings(split="time", test_share=N_TEST / 156),
            network=NetworkSettings(seed=seed),
            prior=PriorSettings(prior=prior),
            stopping=StoppingSettings(epochs=arguments.epochs),
        )
        train([arguments.fragments], settings, out=folder)
    return folder / "best"


def rattled(amplitude_A: float) -> Atoms:
    """Return MOF-5 with atoms off their places."""
    atoms = mof5()
    atoms.rattle(amplitude_A, seed=7)
    return atoms


def compressed(atoms: Atoms) -> Iterator[Atoms]:
    """Yield a fragment that is scaled down."""
    for scale in np.arange(1.0, MOST_COMPRESSED, -0.005):
        each = atoms.copy()
        each.positions *= scale
        yield each


def pushed(atoms: Atoms, closest_A: Mapping[Pair, float]) -> Iterator[Atoms]:
    """Yield two fragments of which one is pushed into the other along x."""
    separation = np.ptp(atoms.positions[:, 0]) + 6.0
    while clearance_A(atoms, separation, closest_A) > 0:
        separation -= STEP_A
    for depth in np.arange(0.0, DEEPEST_A, STEP_A):
        other = atoms.copy()
        other.positions[:, 0] += separation - depth
        yield atoms + other


def clearance_A(atoms: Atoms, separation_A: float, closest_A: Mapping[Pair, float]) -> float:
    """Return by how much the closest two atoms of two fragments are farther than in the data."""
    vectors = atoms.positions[None] + [separation_A, 0.0, 0.0] - atoms.positions[:, None]
    symbols = atoms.get_chemical_symbols()
    allowed = [[closest_A[pair_of(a, b)] for b in symbols] for a in symbols]
    return float((np.linalg.norm(vectors, axis=2) - np.array(allowed)).min())


def falls_along(model: Model, path: Iterator[Atoms]) -> str:
    """Return the most by which the energy falls along a path, and falls below where it began."""
    energies = np.array([each.energy_eV for each in model.evaluate(list(path))])
    fall = (np.maximum.accumulate(energies) - energies).max()
    return f"{fall:.2f} ({energies[0] - energies.min():.2f})"


def labelled(atoms: Atoms) -> LabelledStructure:
    """Return a frame as a training has it."""
    return LabelledStructure(0, atoms, atoms.get_potential_energy(), atoms.get_forces())


def test_RMSE(model: Model, frames: list[Atoms]) -> float:
    """Return the RMSE of forces on labelled frames."""
    own = map(forces_of, model.evaluate(frames))
    return RMSE(list(own), [each.get_forces() for each in frames])


def RMSE(own: list[np.ndarray], true: list[np.ndarray]) -> float:
    """Return the root mean square of all differences."""
    return float(np.sqrt(np.mean((np.concatenate(own) - np.concatenate(true)) ** 2)))


if __name__ == "__main__":
    main()
