"""MACE: what the family needs, and its models that have a name."""

from dataclasses import replace

from nearsight.models.family import NUMBA, Family, one_step
from nearsight.models.named_model import PBE_U, NamedModel, Wheel

FAMILY = Family(
    name="mace",
    requires="mace",
    target="path of a model, or path#head",
    licence="MIT",
    # Its models are pickles of e3nn's classes, which no other version reads.
    steps=one_step("mace-torch>=0.3.16,<0.4", "e3nn==0.4.4", NUMBA),
    size_MB=1520,
    extra=True,
    e3nn="==0.4.4",
)

_MACE_MP_0_SMALL = NamedModel(
    name="mace-mp-0-small",
    family="mace",
    training_data="MPtrj",
    level_of_theory=PBE_U,
    licence="MIT",
    citation="arXiv 2401.00096",
    cutoff_A=6.0,
    layers=2,
    parameters=3_847_696,
    n_elements=89,
    remark="128x0e",
    energy_scale="total energies of VASP without corrections",  # said in its calculators.mace_mp
    download="$XDG_CACHE_HOME/mace/20231210mace128L0_energy_epoch249model",
)

_ASL = "Academic Software License (ASL), no commercial use"
_FOUNDATION = replace(
    _MACE_MP_0_SMALL, cutoff_A=None, layers=None, parameters=None, remark="", energy_scale=None
)
"""What is common to later models, of which less is published."""

_MACE_OFF23_SMALL = NamedModel(
    name="mace-off23-small",
    family="mace",
    training_data="SPICE, QMugs, water clusters",
    level_of_theory="ωB97M-D3(BJ)/def2-TZVPPD",
    licence=_ASL,
    citation="arXiv 2312.15211",
    cutoff_A=4.5,
    layers=2,
    n_elements=10,
    remark="organic molecules",
    download="$XDG_CACHE_HOME/mace/MACEOFF23_smallmodel",
)

MODELS = (
    _MACE_MP_0_SMALL,
    replace(
        _MACE_MP_0_SMALL,
        name="mace-mp-0-medium",
        parameters=4_688_656,
        remark="128x0e+128x1o",
        download="$XDG_CACHE_HOME/mace/20231203mace128L1_epoch199model",
    ),
    replace(
        _MACE_MP_0_SMALL,
        name="mace-mp-0-large",
        parameters=None,
        remark="128x0e+128x1o+128x2e",
        download="$XDG_CACHE_HOME/mace/MACE_MPtrj_20229model",
    ),
    replace(
        _FOUNDATION,
        name="mace-mp-0b3-medium",
        download="$XDG_CACHE_HOME/mace/macemp0b3mediummodel",
    ),
    replace(
        _FOUNDATION,
        name="mace-mpa-0-medium",
        training_data="MPtrj, sAlex",
        cutoff_A=6.0,
        parameters=9_063_204,
        download="$XDG_CACHE_HOME/mace/macempa0mediummodel",
    ),
    replace(
        _MACE_MP_0_SMALL,
        name="mace-dac-1",
        training_data="MPtrj, then GoldDAC (MOFs with CO2 or H2O)",
        # The energies of GoldDAC are without dispersion: in the median, frameworks have those of
        # models of PBE within 0.003 eV an atom, and D3's would be -0.07 eV
        # (`studies/dispersion_in_golddac.py`). `dac-sim` adds D3 to this model by default, too.
        level_of_theory="PBE (+U as in the Materials Project for MPtrj)",
        citation="doi 10.1016/j.matt.2025.102203, arXiv 2401.00096",
        parameters=4_688_666,
        remark="128x0e+128x1o",
        wheel=Wheel(
            requirement="dac-sim==0.0.3",
            file="dac_sim/models/mace-dac-1.model",
            sha256="6c31634523ce89f843f8286ebcf841d9a18ab3f2cb505bd52ca1e3e189c34791",
        ),
        download=None,
    ),
    *(
        replace(
            _FOUNDATION,
            name=f"mace-omat-0-{size}",
            training_data="OMat24",
            level_of_theory="PBE (+U as in OMat24)",
            licence=_ASL,
            download=f"$XDG_CACHE_HOME/mace/maceomat0{size}model",
        )
        for size in ("small", "medium")
    ),
    *(
        replace(
            _FOUNDATION,
            name=f"mace-matpes-{functional}-0",
            training_data=f"OMat24, then MatPES {level}",
            level_of_theory=level,
            licence=_ASL,
            citation=f"{_FOUNDATION.citation}, arXiv 2503.04070",
            download=f"$XDG_CACHE_HOME/mace/MACEmatpes{functional}omatftmodel",
        )
        for functional, level in (("pbe", "PBE"), ("r2scan", "r2SCAN"))
    ),
    _MACE_OFF23_SMALL,
    *(
        replace(
            _MACE_OFF23_SMALL,
            name=f"mace-off23-{size}",
            cutoff_A=5.0,
            download=f"$XDG_CACHE_HOME/mace/MACEOFF23_{size}model",
        )
        for size in ("medium", "large")
    ),
)
