"""Samples of a run: one for each frame, in a file that grows."""

import csv
from dataclasses import astuple, dataclass, fields

import numpy as np

from nearsight.dynamics.growing_file import GrowingFile


@dataclass(frozen=True)
class Sample:
    """What is known of one moment."""

    step: int
    time_fs: float
    temperature_K: float
    """Of the degrees of freedom that move."""
    potential_energy_eV: float
    kinetic_energy_eV: float
    conserved_eV: float
    """What stays the same but for the timestep: the energy in nve, with what thermostat and
    barostat took elsewhere; NaN where nothing does."""
    volume_A3: float
    """NaN of what is no crystal."""
    pressure_bar: float
    """With the part of the momenta; NaN where no stress is computed."""
    n_extrapolating: float
    """Atoms outside of what the model was trained on; NaN where it does not know."""


class SamplesFile(GrowingFile):
    """Comma-separated values, with the fields of `Sample` as columns."""

    def read(self) -> tuple[Sample, ...]:
        """Return all samples, those of earlier processes too."""
        with self.path.open(encoding="ascii") as file:
            return tuple(
                Sample(
                    int(row["step"]),
                    *(float(row[each.name] or "nan") for each in fields(Sample)[1:]),
                )
                for row in csv.DictReader(file)
            )

    def add(self, sample: Sample) -> None:
        """Append a line, behind one with the names of the columns if it is the first.

        Raises
        ------
        StorageError
            It cannot be written.
        """
        line = _line([_word(value) for value in astuple(sample)])
        names = b"" if self.size else _line([each.name for each in fields(Sample)])
        self.append(names + line)


def _line(words: list[str]) -> bytes:
    return (",".join(words) + "\n").encode()


def _word(value: float) -> str:
    if isinstance(value, int):
        return str(value)
    return "" if np.isnan(value) else repr(float(value))
