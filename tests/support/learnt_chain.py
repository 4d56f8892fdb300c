"""What came of learning a chain in three rounds, without learning anything."""

from pathlib import Path

from nearsight.provenance import ModelIdentity
from nearsight.records.learning_results import LearningResults
from nearsight.training.active.rounds import Errors, Exploration, Picked, Round

FIRST = Exploration(
    "chain.cif",
    2.0,
    0.7,
    "a bond of C and H broke",
    70,
    5,
    1.25,
    (
        Picked("C0", "extrapolation", 0.05, 0.2, 0.4),
        Picked("H2", "disagreement", 0.65, 1.25, 0.0),
    ),
)
SECOND = Exploration("chain.cif", 2.0, 2.0, None, 200, 0, 0.4, ())
ROUNDS = (
    Round(0, 0, (), None, (), 40, 0, (), 0),
    Round(
        1,
        40,
        (Errors(2e-3, 0.15, 20), Errors(3e-3, 0.125, 19)),
        1.2,
        (FIRST,),
        1,
        1,
        ("the charges did not converge.",),
        0,
    ),
    Round(2, 41, (Errors(1e-3, 0.11, 18), Errors(1.5e-3, 0.12, 20)), 0.9, (SECOND,), 0, 0, (), 0),
)


def learnt_chain(rounds: tuple[Round, ...] = ROUNDS) -> LearningResults:
    """Return results of rounds."""
    return LearningResults(
        crystals=("chain.cif",),
        teacher=ModelIdentity(
            name="gfn1-xtb", family="tblite", checkpoint_sha256=None, dtype="float64", device="cpu"
        ),
        model=ModelIdentity(
            name="hdnnp:DIR/round-02/member-1/best",
            family="hdnnp",
            checkpoint_sha256="0" * 64,
            dtype="float64",
            device="cpu",
        ),
        potential=Path("DIR/round-02/member-1/best"),
        fragment_radius_A=4.359,
        cutoff_A=4.3,
        rounds=rounds,
        stopped="since nothing new was found",
    )
