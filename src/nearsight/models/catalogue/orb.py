"""Named models of Orb."""

from collections.abc import Iterator

from nearsight.models.catalogue.named_model import PBE_U, NamedModel

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
        n_elements=n_elements,
        conservative="-conservative-" in name,
        equivariant=False,
        # With 20 neighbours the energy itself is not continuous.
        curvature_smooth=False if few_neighbours else None,
        remark=remark,
    )


def _models() -> Iterator[NamedModel]:
    for forces in ("conservative", "direct"):
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
                    remark=remark,
                    few_neighbours=neighbours == "20",
                )
        yield _orb(
            f"orb-v3-{forces}-omol",
            "OMol25",
            "ωB97M-V/def2-TZVPD",
            f"{_V3}, arXiv 2505.08762",
            n_elements=83,
            remark=f"{forces} forces, ?charge=0&spin=1",
        )
    for name, data, level in (
        ("orb-v2", _MPA, PBE_U),
        ("orb-mptraj-only-v2", "MPtrj", PBE_U),
        ("orb-d3-v2", f"{_MPA}, with D3", _WITH_D3),
        ("orb-d3-sm-v2", f"{_MPA}, with D3", _WITH_D3),
        ("orb-d3-xs-v2", f"{_MPA}, with D3", _WITH_D3),
    ):
        remark = "direct forces, 20 neighbours"
        yield _orb(name, data, level, _V2, remark=remark, few_neighbours=True)


MODELS = tuple(_models())
