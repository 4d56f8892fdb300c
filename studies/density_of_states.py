# %% [markdown]
# # Densities of states by automatic differentiation and as DFT would give them
#
# Phonons from DFT are differences of forces: displacements of 0.01 Å, and forces that carry the
# noise of a self-consistency that was stopped. Here one model plays both parts, so that nothing but
# the derivative differs: its exact Hessian, its central differences at 0.01 Å, and the same with
# seeded normal noise on every force component, of the size that a tight (10⁻⁴ eV/Å) and an ordinary
# (10⁻³ eV/Å) convergence leave.
#
#     python studies/density_of_states.py STRUCTURE... --records FOLDER [--model sevennet-0]
#
# There is one record per solid in FOLDER/MODEL; the study goes on from those that are there.
import argparse
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from ase import Atoms
from matplotlib.figure import Figure
from numpy.typing import NDArray

from nearsight.derivatives.differences import SCHEMES, difference_rows
from nearsight.hessian import Hessian
from nearsight.models import Model, load_model
from nearsight.vibrations import density_of_states, thermodynamics, vibrations
from nearsight.workflows import HessianSettings, RowSettings, hessian
from records import Record, by_stem, collect, file_name, markdown_table, without_errors

STEP_A = 0.01
NOISES_eV_PER_A = (0.0, 1e-4, 1e-3)
WIDTH_PER_CM = 5.0
TEMPERATURE_K = 300.0
EXACT = "automatic differentiation"
EVERY_ROW = HessianSettings(rows=RowSettings(method="rows", row_symmetry_A=None))


# %% [markdown]
# ## One solid
def calculate(path: Path, model: Model) -> Record:
    """Relax a solid and describe its modes by every route."""
    record = hessian(path, model, EVERY_ROW)
    exact = record.results.hessian
    routes = {EXACT: exact}
    for noise in NOISES_eV_PER_A:
        matrix = noisy_differences(exact.atoms, model, noise)
        name = f"differences, noise {noise:g} eV/Å"
        origin = replace(exact.origin, method="central-difference")
        routes[name] = replace(exact, matrix_eV_per_A2=matrix, origin=origin)
    grid = np.arange(-300.0, vibrations(exact).wavenumbers_per_cm[-1] + 100.0, 1.0)
    return {
        "formula": record.formula,
        "n_atoms": record.n_atoms,
        "model": model.identity.to_json(),
        "converged": record.relaxation.converged,
        "grid_per_cm": grid.tolist(),
        "routes": {name: describe(H, grid) for name, H in routes.items()},
        "versions": dict(record.versions),
    }


def noisy_differences(atoms: Atoms, model: Model, noise_eV_per_A: float) -> NDArray[np.float64]:
    """Return the Hessian by central differences of forces with normal noise on each component."""
    random = np.random.default_rng(1)

    def forces(structures: Sequence[Atoms]) -> list[NDArray[np.float64]]:
        return [
            evaluation.forces_eV_per_A + random.normal(0.0, noise_eV_per_A, (len(atoms), 3))
            for evaluation in model.evaluate(structures)
        ]

    seeds = [(atom, way) for atom in range(len(atoms)) for way in np.eye(3)]
    rows = difference_rows(forces, atoms, seeds, SCHEMES["central-difference"], STEP_A)
    return np.reshape(list(rows), (len(atoms), 3, len(atoms), 3))


def describe(H: Hessian, grid: NDArray[np.float64]) -> Record:
    """Return the modes, the density of states and the heat capacity of a Hessian."""
    modes = vibrations(H)
    density = density_of_states(modes, WIDTH_PER_CM, grid)
    capacity = thermodynamics(modes, TEMPERATURE_K).heat_capacity_J_per_g_K[0]
    return {
        "wavenumbers_per_cm": modes.wavenumbers_per_cm.tolist(),
        "density_cm": density.total_cm.tolist(),
        "n_imaginary": modes.n_imaginary,
        "asymmetry_eV_per_A2": H.asymmetry_eV_per_A2,
        "heat_capacity_J_per_g_K": float(capacity),
    }


# %% [markdown]
# ## All of them
def main() -> None:
    """Calculate what is missing, and write the table and the figure."""
    parser = argparse.ArgumentParser(description="Densities of states by several routes")
    parser.add_argument("structures", nargs="+", type=Path)
    parser.add_argument("--model", default="sevennet-0")
    parser.add_argument("--records", type=Path, required=True)
    parser.add_argument("--results", type=Path, default=Path(__file__).parent / "results")
    arguments = parser.parse_args()
    model = load_model(arguments.model)
    paths = by_stem(arguments.structures)
    folder = arguments.records / file_name(arguments.model)
    found = collect(
        folder, paths, lambda name: calculate(paths[name], model), {"model": arguments.model}
    )
    records = without_errors(found)
    arguments.results.mkdir(exist_ok=True)
    stem = arguments.results / "density_of_states"
    stem.with_suffix(".md").write_text(report(arguments.model, records), encoding="utf-8")
    draw(arguments.model, records).savefig(stem.with_suffix(".png"), dpi=150)
    print(f"wrote {stem}.md and {stem}.png")


def report(model: str, records: dict[str, Record]) -> str:
    """Return the committed table."""
    rows = []
    for name, record in records.items():
        exact = record["routes"][EXACT]
        for route, found in record["routes"].items():
            shifts = np.subtract(found["wavenumbers_per_cm"], exact["wavenumbers_per_cm"])
            moved = np.abs(np.subtract(found["density_cm"], exact["density_cm"])).sum()
            capacity = found["heat_capacity_J_per_g_K"]
            rows.append(
                [
                    f"{name} ({record['n_atoms']} atoms)",
                    route,
                    f"{found['asymmetry_eV_per_A2']:.1e}",
                    f"{np.abs(shifts).max():.2f}",
                    f"{np.abs(shifts).mean():.3f}",
                    f"{moved / len(shifts) / 2:.2%}",
                    str(found["n_imaginary"]),
                    f"{capacity:.5f} ({capacity / exact['heat_capacity_J_per_g_K'] - 1:+.3%})",
                ]
            )
    unconverged = [name for name, record in records.items() if not record["converged"]]
    header = ["solid", "route", "asymmetry / eV/Å²", "max shift / cm⁻¹", "mean shift / cm⁻¹"]
    header += ["moved DOS", "imaginary", f"c_v({TEMPERATURE_K:.0f} K) / J/(g K)"]
    return (
        f"# Densities of states of {model} by automatic differentiation and by differences\n\n"
        f"Central differences at {STEP_A} Å with seeded normal noise on each force component.\n"
        f"`moved DOS` is the share of the modes that lies elsewhere: half the integral of the\n"
        f"absolute difference between the two densities ({WIDTH_PER_CM:g} cm⁻¹ Gaussians).\n"
        f"One realisation of the noise for each solid. "
        f"Not converged: {', '.join(unconverged) or 'none'}.\n\n" + markdown_table(header, rows)
    )


def draw(model: str, records: dict[str, Record]) -> Figure:
    """Return the figure: the densities of each solid, and what the routes add to the exact one."""
    figure = Figure(figsize=(9, 2.4 * len(records)), layout="constrained")
    axes = figure.subplots(len(records), 2, squeeze=False, width_ratios=(3, 2))
    for (left, right), (name, record) in zip(axes, records.items(), strict=True):
        grid, exact = record["grid_per_cm"], record["routes"][EXACT]
        for index, (route, found) in enumerate(record["routes"].items()):
            style = {"color": f"C{index}", "linewidth": 1.5 if route == EXACT else 0.8}
            left.plot(grid, found["density_cm"], label=route, **style)
            if route != EXACT:
                right.plot(
                    exact["wavenumbers_per_cm"],
                    np.subtract(found["wavenumbers_per_cm"], exact["wavenumbers_per_cm"]),
                    ".",
                    color=f"C{index}",
                    markersize=3,
                )
        left.set_title(f"{name}, {record['n_atoms']} atoms, {model}", fontsize=9)
        left.set_ylabel("modes per cm$^{-1}$")
        right.set_ylabel("shift (cm$^{-1}$)")
        right.set_yscale("symlog", linthresh=1.0)
    for ax in axes[-1]:
        ax.set_xlabel("wavenumber (cm$^{-1}$)")
    axes[0][0].legend(fontsize=7)
    return figure


if __name__ == "__main__":
    main()
