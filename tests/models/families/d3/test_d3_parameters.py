"""Names of functionals become the parameters of torch-dftd."""

import pytest

pytest.importorskip("torch_dftd", reason="the parameters of D3 are in torch-dftd")

from torch_dftd.dftd3_xc_params import get_dftd3_default_params

from nearsight.models.families.d3.functionals import FUNCTIONALS
from nearsight.models.families.d3.parameters import (
    read_damping,
    read_reference,
)


@pytest.mark.parametrize("name", FUNCTIONALS)
def test_every_name_that_is_offered_has_parameters(name: str) -> None:
    damping = read_damping(name)
    theirs = get_dftd3_default_params("bj", name)
    assert (damping.functional, damping.s6, damping.s8) == (name, theirs["s6"], theirs["s18"])
    assert (damping.a1, damping.a2_A) == (theirs["rs6"], theirs["rs18"] * 0.52917726)


def test_the_reference_data_reach_plutonium() -> None:
    assert read_reference().elements == frozenset(range(1, 95))
