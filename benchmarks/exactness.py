"""How exact the analytic Hessian is: against fourth-order differences, and by itself.

    python benchmarks/exactness.py [--model sevennet-0] [--step 5e-4] STRUCTURE

Prints the largest difference, the asymmetry and the sum rule, and the cost of both routes.
"""

import argparse

import numpy as np

from nearsight.hessian import hessian
from nearsight.models import load_model
from nearsight.structures import read_structure


def main() -> None:
    """Compute both Hessians and print how they differ."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("structure")
    parser.add_argument("--model", default="sevennet-0")
    parser.add_argument("--step", type=float, default=None, help="displacement in Å")
    arguments = parser.parse_args()
    atoms = read_structure(arguments.structure)
    model = load_model(arguments.model, dtype="float64")
    analytic = hessian(atoms, model, "rows")
    differences = hessian(atoms, model, "fourth-order", step_A=arguments.step)
    deviation = np.abs(analytic.matrix_eV_per_A2 - differences.matrix_eV_per_A2).max()
    print(f"{arguments.model}, float64, {len(atoms)} atoms, {analytic.rows_total} rows")
    print(f"against fourth order at {differences.step_A:g} Å  {deviation:.1e} eV/Å²")
    print(f"asymmetry                         {analytic.asymmetry_eV_per_A2:.1e} eV/Å²")
    print(f"sum rule                          {analytic.sum_rule_eV_per_A2:.1e} eV/Å²")
    ratio = differences.seconds / analytic.seconds
    print(f"fourth-order differences took {ratio:.2f} times as long")


if __name__ == "__main__":
    main()
