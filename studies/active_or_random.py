# %% [markdown]
# # Are fragments that are asked for better than random ones?
#
# One pool of fragments of MOF-5, cut from dynamics of the crystal at 300 to 1000 K and labelled by
# GFN1-xTB, and two ways to take from it: at random, or as `nearsight learn` does, those that leave
# what was learnt, then those about which two networks disagree most. Both begin with the same
# fragments, and double their number again and again; errors are those in the crystal. The dynamics
# and the tests are those of `three_potentials.py`, which runs first.
#
#     python studies/active_or_random.py LEARNT FOLDER [--seeds 0 1 2]
import argparse
from collections.abc import Sequence
from functools import partial
from pathlib import Path

import numpy as np
from ase import Atoms
from irmof_1 import (
    HOT_K,
    HOT_PS,
    N_TESTED,
    SMALL_A,
    TEMPERATURES,
    errors,
    frames_of,
    labelled,
    moved,
    optimized,
    spread,
    tested_frames,
    without_violence,
)
from learning_from_fragments import cut
from matplotlib.figure import Figure

from nearsight.fingerprint import structure_sha256
from nearsight.hdnnp.frames import Frame
from nearsight.models import load_model
from nearsight.storage import write_text
from nearsight.structures.fragments import Fragment
from nearsight.training import (
    NetworkSettings,
    StoppingSettings,
    Training,
    TrainingSettings,
    labelled_data,
    train,
)
from nearsight.training.active.judging import Judges
from records import Record, collect, markdown_table, without_errors

WAYS = ("random", "active")
N_POOL, SIZES, EPOCHS = 400, (40, 80, 160, 320), 10
LAYERS = ((15, 15), (20, 20))
OVERSHOOT = 0.01
"""Beyond it an atom leaves what was learnt, as in `nearsight learn`."""
TESTED_AT = "500 K"
CONCLUSIONS = """\
- Forces are as good either way, within what seeds differ by. Where fragments were asked for, half
  as many atoms extrapolate with 160 of them, and a quarter fewer with 320: what is found is what
  was never seen.
- The pool is from a run that broke after 13.7 ps, and holds what lies outside at random, too.
"""
"""What the page says of the settings above."""


def pool(arguments: argparse.Namespace) -> list[tuple[Fragment, Frame]]:
    """Return the fragments that can be learnt, with what the teacher says of them."""
    hot = spread(frames_of(moved(arguments, *HOT_K, HOT_PS), 0.0), N_POOL)
    by_digest = {structure_sha256(each.atoms): each for each in cut(hot, SMALL_A)}
    atoms = [each.atoms for each in by_digest.values()]
    frames = without_violence(labelled(arguments.folder, "pool", atoms))
    return [(by_digest[structure_sha256(each.atoms)], each) for each in frames]


def trained(frames: Sequence[Frame], seed: int, out: Path) -> list[Training]:
    """Return two networks of different size."""
    return [
        train(
            labelled_data(frames),
            TrainingSettings(
                network=NetworkSettings(hidden_layers=layers, seed=2 * seed + number),
                stopping=StoppingSettings(epochs=EPOCHS),
            ),
            out=out / f"member-{number + 1}",
            progress=False,
        )
        for number, layers in enumerate(LAYERS)
    ]


def most_wanted(
    members: Sequence[Training], fragments: Sequence[Fragment], n_wanted: int
) -> list[int]:
    """Return fragments by index, those first of which least was learnt."""
    judges = Judges([each.best for each in members])

    def doubt(fragment: Fragment) -> tuple[float, float]:
        judged = judges.judge(fragment.atoms)
        overshoot = float(judged.overshoot[fragment.central].max())
        disagreement = float(judged.disagreement_eV_per_A[fragment.central].max())
        return (overshoot if overshoot > OVERSHOOT else 0.0), disagreement

    doubts = [doubt(each) for each in fragments]
    return sorted(range(len(doubts)), key=doubts.__getitem__, reverse=True)[:n_wanted]


def curve(arguments: argparse.Namespace, name: str) -> Record:
    """Learn ever more fragments, in one way and with one seed."""
    way, seed = name.split("-")
    every = pool(arguments)
    random = np.random.default_rng(int(seed))
    left = [int(each) for each in random.permutation(len(every))]  # the same for both ways
    taken, left = left[: SIZES[0]], left[SIZES[0] :]
    crystal: list[Atoms] = spread(tested_frames(arguments, TEMPERATURES[TESTED_AT]), N_TESTED)
    tests = labelled(arguments.folder, f"crystal-{TEMPERATURES[TESTED_AT]:g}K", crystal)
    rest = optimized(arguments.folder)
    found: Record = {}
    members: list[Training] = []
    for size in SIZES:
        if n_more := size - len(taken):
            chosen = (
                range(n_more)
                if way == "random"
                else most_wanted(members, [every[each][0] for each in left], n_more)
            )
            taken += [left[each] for each in chosen]
            left = [each for each in left if each not in taken]
        out = arguments.folder / "curves" / name / str(size)
        members = trained([every[each][1] for each in taken], int(seed), out)
        model = load_model(f"hdnnp:{out / 'member-1' / 'best'}")
        found[str(size)] = errors(model, tests, rest)
    return found


# %% [markdown]
# ## The page


def page(records: dict[str, Record], seeds: Sequence[int], drawing: str) -> str:
    """Return the text of the page."""
    rows = [
        [
            str(size),
            *(
                ", ".join(f"{records[f'{way}-{seed}'][str(size)][field]:{form}}" for seed in seeds)
                for field, form in (
                    ("force_eV_per_A", ".3f"),
                    ("energy_meV_per_atom", ".2f"),
                    ("extrapolating", ".2%"),
                )
                for way in WAYS
            ),
        ]
        for size in SIZES
    ]
    head = [
        "fragments",
        *(
            f"{what}, {way}"
            for what in ("F / eV/Å", "E / meV/atom", "atoms that extrapolate")
            for way in WAYS
        ),
    ]
    return (
        f"# Are fragments that are asked for better than random ones?\n\n"
        f"MOF-5, GFN1-xTB, fragments of {SMALL_A} Å; a pool of {N_POOL} from {HOT_PS:g} ps at "
        f"{HOT_K[0]:g} to {HOT_K[1]:g} K, {EPOCHS} epochs. Errors (root mean squares; energies "
        f"after the offset of the crystal at rest) for {N_TESTED} frames of the crystal at "
        f"{TESTED_AT}, one for each seed.\n\n{CONCLUSIONS}\n"
        f"![Errors over the number of fragments]({drawing})\n\n"
        f"{markdown_table(head, rows)}"
    )


def figure(records: dict[str, Record], seeds: Sequence[int], path: Path) -> None:
    """Draw the error of forces over the number of fragments."""
    drawing = Figure(figsize=(5.2, 3.6), layout="constrained")
    axes = drawing.subplots()
    for way, colour in zip(WAYS, ("C1", "C0"), strict=True):
        for seed in seeds:
            record = records[f"{way}-{seed}"]
            values = [record[str(size)]["force_eV_per_A"] for size in SIZES]
            label = way if seed == seeds[0] else None
            axes.plot(SIZES, values, marker="o", color=colour, lw=1, label=label)
    axes.set(
        xscale="log",
        xlabel="fragments that were learnt",
        ylabel="RMSE of forces in the crystal / eV/Å",
        ylim=(0, None),
    )
    axes.set_xticks(SIZES, [str(each) for each in SIZES])
    axes.minorticks_off()
    axes.legend()
    drawing.savefig(path, dpi=150)


def main() -> None:
    """Compute what is missing, and write the page."""
    parser = argparse.ArgumentParser(description="Active or random selection of fragments")
    parser.add_argument("learnt", type=Path)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--results", type=Path, default=Path(__file__).parent / "results")
    arguments = parser.parse_args()
    names = [f"{way}-{seed}" for seed in arguments.seeds for way in WAYS]
    settings = {"pool": N_POOL, "sizes": list(SIZES), "epochs": EPOCHS}
    found = collect(arguments.folder / "active", names, partial(curve, arguments), settings)
    records = without_errors(found)
    arguments.results.mkdir(exist_ok=True)
    path = arguments.results / "active_or_random.md"
    figure(records, arguments.seeds, path.with_suffix(".png"))
    write_text(path, page(records, arguments.seeds, path.with_suffix(".png").name))
    print(f"wrote {path}")


if __name__ == "__main__":
    main()
