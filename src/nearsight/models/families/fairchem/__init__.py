"""fairchem, and those of its named models that have a supported network."""

from nearsight.models.family import Family, Restriction, one_step
from nearsight.models.named_model import NamedModel

FAMILY = Family(
    name="fairchem",
    requires="fairchem.core",
    target="path of a checkpoint",
    options=("task", "charge", "spin"),
    licence="MIT",
    steps=one_step("fairchem-core==2.24.0"),
    size_MB=2560,
    extra=True,
    e3nn=">=0.5",
    python=((3, 11), (3, 15)),
    restriction=Restriction(
        licence="FAIR Chemistry License v1",
        terms="The package is free software (MIT), but the weights of UMA and of the other "
        "models of FAIR Chemistry are not: their licence and its Acceptable Use Policy "
        "rule out some uses. They are given to those only who accept it at Hugging Face "
        "under their own name; Nearsight downloads them with your own token, in HF_TOKEN, "
        "and in no other way",
        address="https://huggingface.co/facebook/UMA",
    ),
)

_UMA = "arXiv 2506.23971"
_ESEN = "arXiv 2502.12147"

MODELS = tuple(
    NamedModel(
        name=name,
        family="fairchem",
        training_data=data,
        level_of_theory=None,  # that of the task
        licence="FAIR Chemistry License v1",
        citation=_ESEN if name.startswith("esen-") else _UMA,
        conservative="-direct-" not in name,
        equivariant=None,
        remark=remark,
    )
    for name, data, remark in (
        ("uma-s-1p1", "that of ?task=", "small"),
        ("uma-s-1p2", "that of ?task=", "small"),
        ("uma-s-1p2p1", "that of ?task=", "small"),
        ("uma-m-1p1", "that of ?task=", "medium"),
        ("uma-s-1p2p1-ft-d4rev", "that of ?task=", "tuned to ωB97M-D4rev"),
        ("uma-s-1p2p1-ft-r2scan", "that of ?task=", "tuned to r2SCAN"),
        ("esen-sm-conserving-all-omol", "OMol25", "?charge=0&spin=1"),
        ("esen-sm-direct-all-omol", "OMol25", "direct forces, ?charge=0&spin=1"),
        ("esen-md-direct-all-omol", "OMol25", "direct forces, ?charge=0&spin=1"),
        ("esen-sm-conserving-all-oc25", "OC25", ""),
        ("esen-md-direct-all-oc25", "OC25", "direct forces"),
        ("esen-sm-filtered-odac25", "ODAC25, filtered", ""),
        ("esen-sm-full-odac25", "ODAC25", ""),
    )
)
