"""A training as a value: potentials, and how well they predict."""

from dataclasses import dataclass
from typing import Any

from nearsight.hdnnp.born_mayer import BornMayer
from nearsight.hdnnp.potential import Potential
from nearsight.provenance import Provenance
from nearsight.remarks import Remark
from nearsight.structures.naming import count_warnings, paragraph
from nearsight.training.approach import Approach
from nearsight.training.labelled import ALL, digest_of
from nearsight.training.learning_curve import EpochErrors
from nearsight.training.preparing import Prepared


@dataclass(frozen=True, eq=False, repr=False)
class Training:
    """What came of a training."""

    best: Potential
    """The one with the lowest score on the test set."""
    last: Potential
    prepared: Prepared
    """What it began with: data, split, first potential."""
    approaches: tuple[Approach, ...]
    """Two atoms closer than in the training set, by the best potential."""
    epochs: tuple[EpochErrors, ...]
    """From before the first on."""
    best_epoch: int
    stopped: str
    """Why it ended, as a sentence goes on after “stopped”."""
    resumed_epoch: int | None
    """From which epoch on the last process went on; None if it began."""
    n_weights: int
    seconds: float
    """Wall time of all processes."""
    provenance: Provenance
    warnings: tuple[Remark, ...]

    @property
    def best_errors(self) -> EpochErrors:
        """Errors of the best potential."""
        return next(each for each in self.epochs if each.epoch == self.best_epoch)

    def __repr__(self) -> str:
        of_test = self.best_errors.errors.of("test", ALL)
        return paragraph(
            self,
            f"a potential of {', '.join(self.best.symbols)} with {self.n_weights} weights",
            f"test errors {1000 * of_test.energy_RMSE_eV_per_atom:.2f} meV/atom and "
            f"{of_test.force_RMSE_eV_per_A:.3f} eV/Å after epoch {self.best_epoch}",
            f"stopped {self.stopped}",
            count_warnings(self.warnings),
        )

    def test_numbers(self) -> list[int]:
        """Return which frames of the data were kept for tests."""
        structures = self.prepared.structures
        return [structures[place].number for place in self.prepared.split.test]

    def summary(self) -> dict[str, Any]:
        """Return what records say of it."""
        last = self.epochs[-1]
        parts = self.prepared.split
        normalization, units = self.best.normalization, self.best.units
        return {
            "elements": self.best.symbols,
            "n_train": len(parts.train),
            "n_test": len(parts.test),
            "test_frames": self.test_numbers(),
            "test_sha256": digest_of(self.prepared.data[place] for place in parts.test),
            "n_functions": {each.symbol: len(each.functions) for each in self.best.elements},
            "cutoff_A": self.best.cutoff_A,
            "prior": _prior(self.best),
            "approaches": [vars(each) for each in self.approaches],
            "n_weights": self.n_weights,
            "length_unit": units.length,
            "energy_unit": units.energy,
            "atomic_energies_eV": {
                each.symbol: each.atomic_energy * units.energy_eV for each in self.best.elements
            },
            "mean_energy_eV_per_atom": normalization.mean_energy * units.energy_eV,
            "conv_energy_per_eV": normalization.conv_energy / units.energy_eV,
            "conv_length_per_A": normalization.conv_length / units.length_A,
            "n_epochs": last.epoch,
            "n_updates": last.n_updates,
            "n_observations": last.n_observations,
            "best_epoch": self.best_epoch,
            "stopped": self.stopped,
            "resumed_epoch": self.resumed_epoch,
            "training_seconds": self.seconds,
        }


def _prior(potential: Potential) -> dict[str, Any] | None:
    """Return what records say of what the networks are added to."""
    repulsion = potential.repulsion
    if repulsion is None:
        return None
    nuclei = repulsion.nuclei if isinstance(repulsion, BornMayer) else repulsion
    walls = repulsion.walls if isinstance(repulsion, BornMayer) else ()
    return {"kind": repulsion.kind, **vars(nuclei), "walls": [vars(each) for each in walls]}
