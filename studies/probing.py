# %% [markdown]
# # How far probed heat capacities are off, and whether they know it
#
# Force constants of a supercell, as `finite_size.py` keeps them, give the whole Hessian of that
# supercell, from which follow all of its modes and, as matrix times vector, the products that a
# model would give. Heat capacities are probed with many sets of random triads and compared with the
# sum over all modes, in the same convention: error, the standard error and bias that each run
# states, and how often the error bar (two standard errors and the bias) holds the error.
#
#     python studies/probing.py FORCE_CONSTANTS.npz... [--temperatures 100 300]
#         [--radii 4 5] [--seeds 20]
import argparse
from pathlib import Path

import numpy as np
from ase import Atoms
from numpy.typing import NDArray
from phonopy.harmonic.force_constants import compact_fc_to_full_fc

from nearsight.errors import MethodError
from nearsight.hessian import ForceConstants
from nearsight.hessian.products.strategies import ProductMethod
from nearsight.provenance import ModelIdentity
from nearsight.vibrations import phonon_mesh, probe_heat_capacity, thermodynamics
from records import markdown_table

FloatArray = NDArray[np.float64]


# %% [markdown]
# ## A Hessian that is known
class Matrix:
    """Products with a matrix that is there, in the place of a `HessianOperator`."""

    method = ProductMethod("analytic", "the matrix is known", 0)
    peak_memory_bytes = 0
    fewest_at_once = 1

    def __init__(self, atoms: Atoms, matrix: FloatArray, identity: ModelIdentity) -> None:
        self.atoms = atoms
        self.shape = matrix.shape
        self.n_products = 0
        self.model = _Named(identity)
        self._matrix = matrix

    def products(self, vectors: FloatArray) -> FloatArray:
        """Return H·v for each vector."""
        self.n_products += len(vectors)
        found: FloatArray = (vectors.reshape(len(vectors), -1) @ self._matrix).reshape(
            vectors.shape
        )
        return found


class _Named:
    def __init__(self, identity: ModelIdentity) -> None:
        self.identity = identity


def whole(found: ForceConstants) -> Matrix:
    """Return the Hessian of the supercell."""
    phonon = found.to_phonopy()
    supercell = phonon.supercell
    atoms = Atoms(
        symbols=supercell.symbols,
        cell=supercell.cell,
        scaled_positions=supercell.scaled_positions,
        masses=supercell.masses,
        pbc=True,
    )
    full = compact_fc_to_full_fc(phonon.primitive, phonon.force_constants)
    matrix = full.transpose(0, 2, 1, 3).reshape(3 * len(atoms), -1)
    return Matrix(atoms, (matrix + matrix.T) / 2, found.provenance.model)


# %% [markdown]
# ## One solid
def measure(
    path: Path, temperatures: list[float], radii: list[float], n_seeds: int
) -> list[list[str]]:
    """Return a line of the table for each temperature and radius."""
    found = ForceConstants.load(path)
    matrix = whole(found)
    repeats = np.diag(found.supercell_matrix).tolist()
    cells = len(matrix.atoms) / len(found.unit_cell)
    mesh = phonon_mesh(found, repeats)  # the modes of the supercell
    name = path.name.removesuffix(".force_constants.npz")
    rows = []
    for temperature in temperatures:
        exact = cells * thermodynamics(mesh, temperature, "classical").heat_capacity_eV_per_K[0]
        for radius in radii:
            try:
                runs = [
                    probe_heat_capacity(
                        matrix, temperature, "classical", radius_A=radius, seed=seed
                    )
                    for seed in range(n_seeds)
                ]
            except MethodError as error:
                print(f"{name}, {temperature:g} K, {radius:g} Å: {error}")
                continue
            errors = np.array([run.heat_capacity_eV_per_K[0] for run in runs]) / exact - 1
            stated = np.array([run.standard_error_eV_per_K[0] for run in runs]) / exact
            bias = np.array([run.bias_estimate_eV_per_K[0] for run in runs]) / exact
            held = np.count_nonzero(np.abs(errors) < 2 * stated + bias)
            rows.append(
                [
                    f"{name}, {len(matrix.atoms)} atoms",
                    f"{temperature:g}",
                    f"{radius:g}",
                    str(runs[0].n_colours),
                    str(runs[0].n_steps),
                    str(runs[0].n_products),
                    f"{errors.mean():+.1e}",
                    f"{np.sqrt((errors**2).mean()):.1e}",
                    f"{np.abs(errors).max():.1e}",
                    f"{np.sqrt((stated**2).mean()):.1e}",
                    f"{bias.mean():.1e}",
                    f"{held} of {n_seeds}",
                ]
            )
    return rows


# %% [markdown]
# ## All of them
def main() -> None:
    """Measure every solid and write the table."""
    parser = argparse.ArgumentParser(description="Errors of probed heat capacities")
    parser.add_argument("force_constants", nargs="+", type=Path)
    parser.add_argument("--temperatures", nargs="+", type=float, default=[300.0, 100.0])
    parser.add_argument("--radii", nargs="+", type=float, default=[4.0, 5.0])
    parser.add_argument("--seeds", type=int, default=20)
    parser.add_argument("--results", type=Path, default=Path(__file__).parent / "results")
    arguments = parser.parse_args()
    rows = []
    for path in arguments.force_constants:
        rows += measure(path, arguments.temperatures, arguments.radii, arguments.seeds)
        print(f"{path.name}: done", flush=True)
    header = ["solid", "T / K", "R / Å", "colours", "steps", "products", "mean error"]
    header += ["RMS error", "largest", "stated standard error", "stated bias", "held by the bar"]
    arguments.results.mkdir(exist_ok=True)
    target = arguments.results / "probing.md"
    target.write_text(
        "# Errors of probed heat capacities\n\n"
        f"Relative to the sum over all modes of the supercell, {arguments.seeds} sets of random "
        "triads each; the bar\nis two standard errors and the bias, as each run states them.\n\n"
        + markdown_table(header, rows),
        encoding="utf-8",
    )
    print(f"wrote {target}")


if __name__ == "__main__":
    main()
