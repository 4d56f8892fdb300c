# %% [markdown]
# # Hessians of one structure by packages that exclude each other
#
# Any models that `load_model` finds, such as a MACE, a SevenNet and a Nequix, whose packages cannot
# share an environment, in one Python process. Then all of them at once, with the first one in
# single precision besides, each in a thread of its own: the numbers must be those of before.
#
#     python studies/hessians_side_by_side.py STRUCTURE MODEL[@LABEL]... [--trust-checkpoint]
import argparse
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from itertools import combinations
from pathlib import Path

import numpy as np
from ase import Atoms

from nearsight.hessian import Hessian, hessian
from nearsight.models import Model, load_model
from nearsight.structures import read_structure
from nearsight.vibrations import vibrations
from records import markdown_table

N_HIGHEST = 3


def main() -> None:
    """Compute all Hessians one after the other and at once, and write the tables."""
    parser = argparse.ArgumentParser(description="Hessians of one structure by several packages")
    parser.add_argument("structure", type=Path)
    parser.add_argument("models", nargs="+", metavar="MODEL[@LABEL]")
    parser.add_argument("--trust-checkpoint", action="store_true")
    parser.add_argument("--results", type=Path, default=Path(__file__).parent / "results")
    arguments = parser.parse_args()
    atoms = read_structure(arguments.structure)
    models = loaded(arguments.models, trust=arguments.trust_checkpoint)
    alone = {label: whole(atoms, model) for label, model in models.items()}
    with ThreadPoolExecutor(len(models)) as threads:
        found = threads.map(lambda model: whole(atoms, model), models.values())
        together = dict(zip(models, found, strict=True))
    arguments.results.mkdir(exist_ok=True)
    path = arguments.results / "hessians_side_by_side.md"
    title = f"{arguments.structure.stem} ({len(atoms)} atoms)"
    path.write_text(report(title, alone, together), encoding="utf-8")
    print(f"wrote {path}")


def loaded(given: list[str], *, trust: bool) -> dict[str, Model]:
    """Return the models by label, and behind them the first one in single precision."""
    models = {}
    for dtype, chosen in (("float64", given), ("float32", given[:1])):
        for one in chosen:
            name, _, label = one.partition("@")
            key = f"{label or Path(name).name}, {dtype}"
            models[key] = load_model(name, dtype=dtype, device="cpu", trust=trust)
    return models


def whole(atoms: Atoms, model: Model) -> Hessian:
    """Return the Hessian, each row on its own: batches would round otherwise."""
    return hessian(atoms, model, "rows", row_symmetry_A=None, progress=False)


def report(
    title: str,
    alone: dict[str, Hessian],
    together: dict[str, Hessian],
) -> str:
    """Return the committed tables."""
    return (
        f"# Hessians of {title} in one process\n\n"
        "The last column is the largest deviation of the Hessian that each model computes while\n"
        "all compute at once, each in a thread, from the one that it computes alone.\n\n"
        f"{table(alone, together)}\n"
        f"Between two of them:\n\n{differences(alone)}"
    )


def table(alone: dict[str, Hessian], together: dict[str, Hessian]) -> str:
    """Return one line per Hessian."""
    own, lines = not_shared([found.provenance.versions for found in alone.values()]), []
    for label, found in alone.items():
        highest = vibrations(found).wavenumbers_per_cm[-N_HIGHEST:][::-1]
        change = np.abs(together[label].matrix_eV_per_A2 - found.matrix_eV_per_A2).max()
        versions = found.provenance.versions
        lines.append(
            [
                label,
                ", ".join(f"{name} {versions[name]}" for name in own if name in versions),
                f"{np.abs(found.matrix_eV_per_A2).max():.4g}",
                f"{found.asymmetry_eV_per_A2:.0e}",
                ", ".join(f"{wavenumber:.1f}" for wavenumber in highest),
                f"{change:.0e}" if change else "0",
            ]
        )
    header = ["model", "packages that differ", "largest element / eV/Å²", "asymmetry / eV/Å²"]
    return markdown_table([*header, "highest / cm⁻¹", "at once - alone / eV/Å²"], lines)


def not_shared(versions: list[Mapping[str, str]]) -> list[str]:
    """Return the packages that some lack, or have in another version."""
    every = dict.fromkeys(name for each in versions for name in each)
    return [name for name in every if len({each.get(name) for each in versions}) > 1]


def differences(alone: dict[str, Hessian]) -> str:
    """Return how far Hessians and their highest wavenumbers are from each other."""
    lines = []
    for one, other in combinations(alone, 2):
        apart = alone[one].matrix_eV_per_A2 - alone[other].matrix_eV_per_A2
        highest = [vibrations(alone[label]).wavenumbers_per_cm[-1] for label in (one, other)]
        lines.append(
            [one, other, f"{np.abs(apart).max():.2g}", f"{abs(highest[0] - highest[1]):.2g}"]
        )
    return markdown_table(["", "", "largest difference / eV/Å²", "of the highest / cm⁻¹"], lines)


if __name__ == "__main__":
    main()
