"""Orb: what the family needs, and its models that have a name."""

from collections.abc import Iterator

from nearsight.models.family import Family, one_step
from nearsight.models.named_model import PBE_U, NamedModel

FAMILY = Family(
    name="orb",
    requires="orb_models",
    target="path of weights#published model of the same architecture",
    options=("charge", "spin"),
    licence="Apache-2.0",
    steps=one_step("orb-models>=0.5.5,<0.6"),
    size_MB=1570,
    extra=True,
)

_V2 = "arXiv 2410.22570"
_V3 = "arXiv 2504.06231"
_MPA = "MPtrj and Alexandria"
_WITH_D3 = "PBE-D3(BJ)"


def _orb(  # one argument for each fact
    name: str,
    data: str,
    level_of_theory: str,
    citation: str,
    *,
    layers: int = 5,
    parameters: int,
    n_elements: int = 89,
    remark: str,
    few_neighbours: bool = False,
) -> NamedModel:
    return NamedModel(
        name=name,
        family="orb",
        training_data=data,
        level_of_theory=level_of_theory,
        licence="Apache-2.0",
        citation=citation,
        cutoff_A=6.0,
        layers=layers,
        parameters=parameters,
        n_elements=n_elements,
        conservative="-conservative-" in name,
        equivariant=False,
        # With 20 neighbours the energy itself is not continuous.
        curvature_smooth=False if few_neighbours else None,
        remark=remark,
        neighbour_limit=20 if few_neighbours else 120,
    )


def _models() -> Iterator[NamedModel]:
    for forces, parameters, with_charge in (
        ("conservative", 25_510_582, 25_839_670),
        ("direct", 25_644_479, 25_906_233),
    ):
        for name, data, level in (
            ("omat", "OMat24", "PBE (+U as in OMat24)"),
            ("mpa", _MPA, PBE_U),
        ):
            for neighbours, remark in (
                ("inf", f"{forces} forces, 120 neighbours"),
                ("20", f"{forces} forces, 20 neighbours"),
            ):
                yield _orb(
                    f"orb-v3-{forces}-{neighbours}-{name}",
                    data,
                    level,
                    _V3,
                    parameters=parameters,
                    remark=remark,
                    few_neighbours=neighbours == "20",
                )
        yield _orb(
            f"orb-v3-{forces}-omol",
            "OMol25",
            "ωB97M-V/def2-TZVPD",
            f"{_V3}, arXiv 2505.08762",
            parameters=with_charge,
            n_elements=83,
            remark=f"{forces} forces, ?charge=0&spin=1",
        )
    with_d3 = f"{_MPA}, with D3"
    for name, data, level, layers, parameters in (
        ("orb-v2", _MPA, PBE_U, 15, 25_213_601),
        ("orb-mptraj-only-v2", "MPtrj", PBE_U, 15, 25_213_601),
        ("orb-d3-v2", with_d3, _WITH_D3, 15, 25_213_601),
        ("orb-d3-sm-v2", with_d3, _WITH_D3, 10, 17_328_791),
        ("orb-d3-xs-v2", with_d3, _WITH_D3, 5, 9_443_981),
    ):
        yield _orb(
            name,
            data,
            level,
            _V2,
            layers=layers,
            parameters=parameters,
            remark="direct forces, 20 neighbours",
            few_neighbours=True,
        )


MODELS = tuple(_models())
