"""Henry coefficients beside those of other programs."""

from pathlib import Path

import pytest

from nearsight.adsorption.settings import InsertionSettings
from nearsight.announcing import quietly
from nearsight.records.widom_record import WidomRecord
from nearsight.workflows import WidomSettings, widom

pytest.importorskip("torch", reason="force fields need PyTorch")

MG_MOF_74 = Path(__file__).parents[1] / "data" / "frameworks" / "mg_mof_74_charged.cif"


def record_of(model: str, n_insertions: int) -> WidomRecord:
    asked = InsertionSettings(
        gas="CO2", temperatures_K=(313.0, 273.0), insertions=n_insertions, propose_by=model
    )
    with quietly():
        return widom(MG_MOF_74, model, WidomSettings(insertion=asked), progress=False)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("charges", "references"),
    [
        # RASPA2 and its error, mol/(kg Pa): doubled for what differs in cells and in Ewald sums.
        (False, ((1.482e-5, 0.016e-5), (4.160e-5, 0.027e-5))),
        (True, ((8.433e-5, 0.027e-5), (4.133e-4, 0.096e-4))),
    ],
)
def test_carbon_dioxide_in_mg_mof_74(
    charges: bool, references: tuple[tuple[float, float], ...]
) -> None:
    """Half a minute for both: each insertion is one of up to 100 candidates, with all charges."""
    model = "forcefield:trappe+uff?cutoff_A=14" + ("" if charges else "&coulomb=no")
    record = record_of(model, 384 if charges else 1000)
    systematic = 0.04 if charges else 0.02
    for row, (reference, error) in zip(record.henry, references, strict=True):
        value, own = row.coefficient_mol_per_kg_Pa, row.coefficient_error_mol_per_kg_Pa
        assert value is not None
        assert own is not None
        assert abs(value - reference) < 3 * (own**2 + error**2) ** 0.5 + systematic * reference
        assert own < 0.25 * value
    heat = record.henry[0].heat_kJ_per_mol
    assert heat is not None
    assert abs(heat - (26.8 if charges else 17.9)) < 4 * (
        record.henry[0].heat_error_kJ_per_mol or 0
    )
