"""Force fields: Lennard-Jones, Buckingham and Coulomb interactions of sites."""

from nearsight.models.family import Family
from nearsight.models.named_model import NamedModel

FAMILY = Family(
    name="forcefield",
    requires="torch",
    target="parameters: FILE, or names such as trappe+uff",
    licence="MIT",
    steps=(),
    size_MB=0,
    options=(
        "cutoff_A",
        "truncation",
        "tail",
        "mixing",
        "coulomb",
        "charges",
        "accuracy",
        "feynman_hibbs_K",
    ),
    device="cpu",
    own_precision=True,
    has_molecules=True,
    no_choice="a force field is computed in double precision on the CPU",
)

MODELS: tuple[NamedModel, ...] = ()
