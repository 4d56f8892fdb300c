"""Named models of Nequix."""

from nearsight.models.catalogue.named_model import PBE_U, NamedModel

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
