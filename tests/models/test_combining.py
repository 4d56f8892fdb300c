"""What holds for several models follows field by field, and no field can be forgotten."""

from dataclasses import dataclass, fields
from typing import Annotated

import pytest

from nearsight.models.combining import ALL, ANY, LARGEST, combinable, combined
from nearsight.models.contract import Capabilities
from nearsight.models.facts import Facts

FACTS = Facts("PBE", "MPtrj", "MIT", "doi 1", 100, 20, "PBE of VASP")
CAPABILITIES = Capabilities(
    cutoff_A=5.0,
    receptive_field_A=25.0,
    elements=frozenset({1, 8}),
    conservative=True,
    equivariant=True,
    atomic_energies=True,
    size_consistent=True,
    differentiable=True,
    curvature_smooth=False,
    mirror_equivariant=False,
    difference_step_A=0.02,
    rows_share_work=True,
    periodic=False,
    gamma_only=True,
    of_electrons=True,
    takes_charge=True,
    takes_spin=None,
    counts_extrapolations=True,
    pairwise=True,
    temperature_K=77.0,
    row_over_force_memory=2.5,
)


@pytest.mark.parametrize("one", [FACTS, CAPABILITIES])
def test_one_model_alone_is_its_own_combination(one: Facts | Capabilities) -> None:
    for field in fields(one):  # a value that a rule leaves out would come back as the default
        assert getattr(one, field.name) != field.default, field.name
    assert combined([one]) == one


def test_graphs_of_all_parts_are_there_at_once() -> None:
    assert combined([CAPABILITIES, CAPABILITIES]).row_over_force_memory == 5.0


@pytest.mark.parametrize("of", [Facts(), CAPABILITIES])
def test_the_order_of_the_parts_makes_no_difference_but_in_texts(of: Facts | Capabilities) -> None:
    other = FACTS if isinstance(of, Facts) else Capabilities(*[None] * 9)
    forwards, backwards = combined([of, other]), combined([other, of])
    assert forwards == backwards
    assert combined([forwards, of]) == combined([of, backwards])


@pytest.mark.parametrize("rules", [(), (ALL, ANY)])
def test_a_field_without_its_one_rule_is_refused_where_it_is_defined(rules: tuple) -> None:
    with pytest.raises(TypeError, match=r"Forgetful\.new needs one rule"):

        @combinable
        @dataclass(frozen=True)
        class Forgetful:
            old: Annotated[float | None, LARGEST]
            new: Annotated[bool, "whether", *rules]
