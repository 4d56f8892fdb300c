"""Nequix: what the family needs, and its models that have a name."""

from nearsight.models.family import Family, Step
from nearsight.models.named_model import PBE_U, NamedModel

FAMILY = Family(
    name="nequix",
    requires="nequix",
    framework="jax",
    target="path of a model",
    licence="MIT",
    # Left to itself it brings JAX for CUDA, several GB; these are for CPUs.
    steps=(
        Step(
            (
                "jax==0.10.2",
                "e3nn-jax",
                "equinox",
                "jraph",
                "optax",
                "matscipy",
                "h5py",
                "pyyaml",
                "tqdm",
                "ase-db-backends",
                "cloudpickle",
            )
        ),
        Step(("nequix==0.4.5",), dependencies=False),
    ),
    size_MB=1120,
    recorded=("e3nn-jax", "nequix"),
)

_NEQUIX = "arXiv 2508.16067"
_PHONON_TUNED = "arXiv 2601.07742"
_OMAT = "PBE (+U, pseudopotentials of VASP 5.4)"
_OAM = "PBE (+U)"

MODELS = tuple(
    NamedModel(
        name=name,
        family="nequix",
        training_data=data,
        level_of_theory=level,
        licence="MIT",
        citation=citation,
        remark="JAX",
        download=f"~/.cache/nequix/models/{name}.nqx",
    )
    for name, level, data, citation in (
        ("nequix-mp-1", PBE_U, "MPtrj", _NEQUIX),
        ("nequix-mp-1-pft", PBE_U, "MPtrj, MDR phonons", _PHONON_TUNED),
        ("nequix-mp-1-pft-no-cotrain", PBE_U, "MPtrj, then MDR phonons", _PHONON_TUNED),
        ("nequix-omat-1", _OMAT, "OMat24", _PHONON_TUNED),
        ("nequix-oam-1", _OAM, "OMat24, sAlex, MPtrj", _PHONON_TUNED),
        ("nequix-oam-1-pft", _OAM, "OMat24, sAlex, MPtrj, MDR phonons", _PHONON_TUNED),
    )
)
