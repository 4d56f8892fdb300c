"""Names of functionals become parameters, or errors that help."""

import pytest

from nearsight.errors import ModelError

pytest.importorskip("torch_dftd", reason="the parameters of D3 are in torch-dftd")

from torch_dftd.dftd3_xc_params import get_dftd3_default_params

from nearsight.models.d3.parameters import (
    FUNCTIONALS,
    functional_named,
    functional_of,
    read_damping,
    read_reference,
)


@pytest.mark.parametrize("name", FUNCTIONALS)
def test_every_name_that_is_offered_has_parameters(name: str) -> None:
    damping = read_damping(name)
    theirs = get_dftd3_default_params("bj", name)
    assert (damping.functional, damping.s6, damping.s8) == (name, theirs["s6"], theirs["s18"])
    assert (damping.a1, damping.a2_A) == (theirs["rs6"], theirs["rs18"] * 0.52917726)


@pytest.mark.parametrize(
    ("given", "meant"),
    [("PBE", "pbe"), ("B3LYP", "b3-lyp"), ("r2SCAN", "r2scan"), ("HF/sv", "hf/sv"), ("bp", "b-p")],
)
def test_case_and_hyphens_do_not_matter(given: str, meant: str) -> None:
    assert functional_named(given) == meant


def test_an_unknown_functional_comes_with_those_that_are_close() -> None:
    with pytest.raises(ModelError, match=r"no parameters for the functional 'pbee'.* mean pbe or"):
        functional_named("pbee")
    with pytest.raises(ModelError, match=r"functional 'xxxx'\. Known: b-lyp, b-p, .* tpssh\."):
        functional_named("xxxx")


@pytest.mark.parametrize(
    ("level", "functional"),
    [
        ("PBE (+U as in the Materials Project)", "pbe"),
        ("PBE+U", "pbe"),
        ("r2SCAN", "r2scan"),
        ("CAM-B3LYP/def2-TZVP", None),
        ("CAM-B3LYP, def2-TZVP", "cam-b3lyp"),
        ("ωB97X", None),
        ("", None),
    ],
)
def test_the_level_of_theory_decides_the_functional(level: str, functional: str | None) -> None:
    if functional is None:
        with pytest.raises(ModelError, match=r"no parameters for .* such as model\+d3:pbe\."):
            functional_of(level, "model")
    else:
        assert functional_of(level, "model") == functional


def test_a_model_without_a_level_of_theory_needs_a_functional() -> None:
    with pytest.raises(ModelError, match=r"does not say .* Name one .* such as model\+d3:pbe\."):
        functional_of(None, "model")


@pytest.mark.parametrize(
    "level", ["PBE-D3(BJ)", "PBE (D3BJ)", "ωB97M-D3", "PBE + D4", "optB86b-vdW", "SCAN+rVV10"]
)
def test_dispersion_is_not_counted_twice(level: str) -> None:
    with pytest.raises(ModelError, match=r"has dispersion already: .* count it twice"):
        functional_of(level, "model")


def test_the_reference_data_reach_plutonium() -> None:
    assert read_reference().elements == frozenset(range(1, 95))
