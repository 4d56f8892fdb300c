"""Names of functionals and levels of theory become functionals, or errors that help."""

import pytest

from nearsight.errors import ModelError
from nearsight.models.families.d3.functionals import functional_named, functional_of


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
