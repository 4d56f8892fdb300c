"""How long chains are sampled, and what is held against them."""

from dataclasses import dataclass

from nearsight.errors import MethodError


@dataclass(frozen=True, kw_only=True)
class Schedule:
    """Blocks of samples: those of equilibration, in which things are adapted, and those kept.

    Raises
    ------
    MethodError
        A number is not above 0.
    """

    equilibration_blocks: int = 20
    """What was sampled in these is in no mean; only they adapt anything."""
    production_blocks: int = 40
    samples: int = 50
    """Samples of each chain in a block."""
    steps: int = 50
    """Moves of each chain from one sample to the next: with two levels, those that are taken or
    left as one, unless `candidate_steps` are given."""
    candidate_steps: tuple[int, ...] = ()
    """Numbers of moves for two levels, of which the best is chosen in equilibration; the last ones
    of its blocks, one for each, are made with these."""
    fitted: bool = False
    """Whether equilibration fits a scale and a constant per molecule of the cheap level."""
    kept_every: int = 10
    """Every so many samples the configurations are kept."""
    seed: int = 0
    most_failed: float = 0.05
    """Share of the energies of a level that may be no number."""
    largest_drift_eV: float = 5e-3
    """By how much the energy that follows from all changes may differ from a fresh one after a
    block: a fifth of k_B T at room temperature."""

    def __post_init__(self) -> None:
        for name in ("production_blocks", "samples", "steps", "kept_every"):
            if getattr(self, name) < 1:
                raise MethodError(f"{name} is 1 or more, not {getattr(self, name)}.")
        if self.equilibration_blocks < 0 or any(each < 1 for each in self.candidate_steps):
            raise MethodError("equilibration_blocks and candidate_steps are not negative.")
        if self.equilibration_blocks < 3 * len(self.candidate_steps):
            raise MethodError(
                f"equilibration_blocks are {self.equilibration_blocks}, which are too few to "
                f"choose among {len(self.candidate_steps)} candidate_steps; make three for each."
            )
