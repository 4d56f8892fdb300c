"""Processor time in which a potential of Behler and Parrinello learns, against n2p2.

    python benchmarks/hdnnp_training.py DATA.extxyz --targets 0.0996:345.6 0.2916:168

The last tenth of the file is kept for tests. Each target is an error of its forces in eV/Å and the
processor time in s that the peer took to it, such as the `user` time of `nnp-train` on the same
split and core, in the same sitting. Time counts from the frames in memory: what they are prepared
for, each epoch, and its errors. Kernels are compiled before.
"""

import argparse
import time
from dataclasses import replace
from pathlib import Path

import numpy as np

from nearsight.hdnnp.files import read_extended_xyz
from nearsight.training import DataSettings, StoppingSettings, TrainingSettings, train
from nearsight.training.labelled import labelled_data


def main() -> None:
    """Train with each seed, and print when each target was reached."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", type=Path)
    parser.add_argument("--targets", nargs="+", required=True, metavar="ERROR:SECONDS")
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--epochs", type=int, default=20)
    arguments = parser.parse_args()
    targets = [tuple(map(float, each.split(":"))) for each in arguments.targets]
    data = labelled_data(read_extended_xyz(arguments.data))
    settings = TrainingSettings(
        data=DataSettings(split="time"), stopping=StoppingSettings(epochs=arguments.epochs)
    )
    train(data, replace(settings, stopping=StoppingSettings(epochs=1)), progress=False)
    for seed in arguments.seeds:
        seeded = replace(settings, network=replace(settings.network, seed=seed))
        training = train(data, seeded, progress=False, clock=time.process_time)
        last = training.epochs[-1].errors.of("test")
        print(
            f"seed {seed}: {training.epochs[-1].seconds:.1f} s for {arguments.epochs} epochs, then "
            f"{1000 * last.energy_RMSE_eV_per_atom:.2f} meV/atom and "
            f"{last.force_RMSE_eV_per_A:.4f} eV/Å"
        )
        for error, seconds in targets:
            reached = [
                epoch.seconds
                for epoch in training.epochs
                if epoch.errors.of("test").force_RMSE_eV_per_A <= error
            ]
            own = min(reached, default=np.nan)
            print(f"  {error:g} eV/Å after {own:6.1f} s, 1/{seconds / own:.0f} of {seconds:g} s")


if __name__ == "__main__":
    main()
