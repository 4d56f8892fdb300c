"""A MACE with random weights, for measurements that do not depend on what a model has learnt.

    python benchmarks/random_mace.py MODEL_FILE [--shape mp-0-medium] [--elements H C O]

`mp-0-medium` has the shape of MACE-MP-0 medium (Batatia et al., arXiv 2401.00096): 128x0e + 128x1o,
cutoff 6 Å, two layers, correlation 3; `small` has 16x0e + 16x1o and 4 Å. Weights are seeded, the
first energies of the elements are zero, and forces are of the size of 1 eV/Å.
"""

import argparse
from pathlib import Path

import numpy as np
import torch
from ase.data import atomic_numbers

from nearsight.models.mace_import import ScaleShiftMACE

ELEMENTS = ["H", "C", "N", "O", "Mg", "Si", "Co", "Ni", "Zn", "Eu"]
SHAPES = {"mp-0-medium": ("128x0e + 128x1o", 6.0, 10), "small": ("16x0e + 16x1o", 4.0, 8)}


def main() -> None:
    """Build and save the model."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("model_file", type=Path)
    parser.add_argument("--shape", choices=SHAPES, default="mp-0-medium")
    parser.add_argument("--elements", nargs="+", default=ELEMENTS)
    arguments = parser.parse_args()
    torch.save(build(arguments.shape, arguments.elements), arguments.model_file)


def build(shape: str, elements: list[str]) -> ScaleShiftMACE:
    """Return a MACE in double precision whose weights are seeded."""
    # only after `mace_import`, which makes e3nn 0.4 importable
    from e3nn import o3
    from mace.modules import gate_dict, interaction_classes

    hidden, cutoff_A, n_bessel = SHAPES[shape]
    numbers = sorted(atomic_numbers[element] for element in elements)
    torch.manual_seed(1)
    torch.set_default_dtype(torch.float64)
    return ScaleShiftMACE(
        r_max=cutoff_A,
        num_bessel=n_bessel,
        num_polynomial_cutoff=5,
        max_ell=3,
        interaction_cls=interaction_classes["RealAgnosticResidualInteractionBlock"],
        interaction_cls_first=interaction_classes["RealAgnosticResidualInteractionBlock"],
        num_interactions=2,
        num_elements=len(numbers),
        hidden_irreps=o3.Irreps(hidden),
        MLP_irreps=o3.Irreps("16x0e"),
        gate=gate_dict["silu"],
        atomic_energies=np.zeros(len(numbers)),
        avg_num_neighbors=30.0,
        atomic_numbers=numbers,
        correlation=3,
        radial_type="bessel",
        atomic_inter_scale=1.0,
        atomic_inter_shift=0.0,
    )


if __name__ == "__main__":
    main()
