"""PET through metatomic: what the family needs, and its models that have a name."""

from nearsight.models.family import Family, one_step
from nearsight.models.named_model import PBE_U, NamedModel

FAMILY = Family(
    name="metatomic",
    requires="metatomic.torch",
    target="path of a .pt or .ckpt, or path#variant",
    licence="BSD-3-Clause",
    steps=one_step("metatomic-torch>=0.1.19,<0.2", "metatrain>=2026.4.1,<2027", "upet>=0.3.1,<0.4"),
    size_MB=1900,
    extra=True,
)

_PET = "arXiv 2601.16195"
_PET_MAD = "doi 10.1038/s41467-025-65662-7"


def _family(
    name: str,
    sizes: tuple[str, ...],
    data: str | None = None,
    level_of_theory: str | None = None,
    citation: str = _PET,
) -> list[NamedModel]:
    """Return the models of one training; what is not known of all its versions is not said."""
    return [
        NamedModel(
            name=f"pet-{name}{size}",
            family="metatomic",
            training_data=data,
            level_of_theory=level_of_theory,
            licence=None,
            citation=citation,
            equivariant=False,
            remark="not equivariant",
        )
        for size in sizes
    ]


MODELS = (
    *_family("mad", ("", "-xs", "-s", "-m"), "MAD", citation=_PET_MAD),
    *_family("omat", ("-xs", "-s", "-m", "-l", "-xl"), "OMat24", PBE_U),
    *_family("oam", ("-l", "-xl"), "OMat24, then sAlex and MPtrj", PBE_U),
    *_family("omad", ("-xs", "-s", "-l")),
    *_family("omatpes", ("-l",)),
    *_family("omol", ("-s", "-m", "-l")),
    *_family("mols", ("-s",)),
    *_family("spice", ("-s", "-l")),
)
