"""What can be told before the first insertion is told then: nothing has been computed by that time.

Models that count what they are asked for stand in for expensive ones.
"""

from pathlib import Path

import numpy as np
import pytest
from ase import Atoms
from ase.io import write

from frameworks import sodalite
from host_and_guest import HostAndGuest, Spheres
from nearsight.adsorption.settings import InsertionSettings
from nearsight.announcing import quietly
from nearsight.errors import MethodError, ModelError, NearsightError, StructureError
from nearsight.models import registry
from nearsight.models.engines.ase_model import AseModel
from nearsight.records.widom_record import WidomRecord
from nearsight.workflows import WidomSettings, widom

FRAMEWORK = Atoms("Ar", cell=[9.0] * 3, pbc=True)


class Counting(HostAndGuest):
    """An ideal gas that counts its calls."""

    def __init__(self) -> None:
        super().__init__()
        self.n_calls = 0

    def calculate(self, *arguments, **others) -> None:
        self.n_calls += 1
        super().calculate(*arguments, **others)


def asked(atoms: Atoms | Path, model, snapshots: int | None = None, **of: object) -> WidomRecord:
    settings = InsertionSettings(
        **{"gas": "Ar", "temperatures_K": (300.0,), "insertions": 300, **of}
    )
    with quietly():
        return widom(
            atoms, model, WidomSettings(insertion=settings, snapshots=snapshots), progress=False
        )


def molecule(folder: Path, name: str, atoms: Atoms) -> str:
    write(folder / name, atoms)
    return str(folder / name)


@pytest.mark.parametrize(
    ("of", "kind", "said"),
    [
        ({"gas": "C02"}, StructureError, "did you mean CO2"),
        ({"gas": "no.xyz"}, NearsightError, "no.xyz does not exist"),
        ({"propose_by": "forcefield:nosuch"}, ModelError, "no force field 'nosuch'"),
        ({"propose_by": "ase:emt"}, ModelError, "proposes nothing cheaply"),
    ],
)
def test_what_needs_no_model_is_told_before_one_is_loaded(
    of: dict[str, object],
    kind: type[NearsightError],
    said: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    loaded = []

    def load(name: str, **how: object) -> object:
        loaded.append(name)
        return real(name, **how)

    real = registry._loaded
    monkeypatch.setattr(registry, "_loaded", load)
    with pytest.raises(kind, match=said):
        asked(FRAMEWORK, "ase:host_and_guest:Spheres", **of)
    assert "ase:host_and_guest:Spheres" not in loaded


def test_an_unknown_element_of_uff_is_told_before_anything_is_computed() -> None:
    pytest.importorskip("torch", reason="pockets are found by a force field")
    calculator = Counting()
    einsteinium = Atoms("Es", cell=[9.0] * 3, pbc=True)
    with pytest.raises(MethodError, match=r"pockets cannot be blocked: .* Es"):
        asked(einsteinium, AseModel(calculator, "counting"), block_pockets=True)
    assert calculator.n_calls == 0
    record = asked(einsteinium, AseModel(calculator, "counting"))
    assert record.pockets is None
    assert calculator.n_calls > 256
    # Nothing to compare with: the zero was not examined.
    levels = {check.code: check.level for check in record.verdict.checks}
    assert levels["zero-suspect"] == levels["pockets"] == "unknown"


def test_charges_that_a_proposing_field_lacks_are_told_before_anything_is_computed() -> None:
    pytest.importorskip("torch", reason="a force field proposes")
    calculator = Counting()
    silica = Atoms("SiO2", [[0, 0, 0], [1.6, 0, 0], [-1.6, 0, 0]], cell=[9.0] * 3, pbc=True)
    with pytest.raises(ModelError, match=r"forcefield:trappe\+uff: .* has no charges"):
        asked(
            silica,
            AseModel(calculator, "counting"),
            gas="CO2",
            propose_by="forcefield:trappe+uff",
        )
    assert calculator.n_calls == 0


def test_a_gas_without_sites_names_the_force_field_that_has_them() -> None:
    pytest.importorskip("torch", reason="a force field is the model")
    with pytest.raises(ModelError, match=r"forcefield:trappe\+uff: .* H2O; .* add \+spce"):
        asked(FRAMEWORK, "forcefield:trappe+uff?coulomb=no", gas="H2O")


@pytest.mark.parametrize(
    ("atoms", "said"),
    [
        (Atoms("CO2", [[0, 0, 0], [0, 0, 0.05], [0, 0, 1.2]]), "0.050 Å apart"),
        (Atoms("CO2", [[0, 0, 0], [0, 0, 0.6], [0, 0, -1.2]]), "shorter than any bond"),
        (Atoms("N2O2", [[0, 0, z] for z in (0.0, 1.1, 8.0, 9.2)]), "2 pieces"),
    ],
)
def test_a_file_that_is_no_molecule_is_told_before_anything_is_computed(
    atoms: Atoms, said: str, tmp_path: Path
) -> None:
    calculator = Counting()
    named = molecule(tmp_path, "odd.xyz", atoms)
    with pytest.raises(StructureError, match=said) as error:
        asked(FRAMEWORK, AseModel(calculator, "counting"), gas=named)
    assert str(error.value).startswith(named)
    assert calculator.n_calls == 0


def test_a_molecule_comes_out_of_its_box(tmp_path: Path) -> None:
    boxed = Atoms("N2", [[0, 0, 0.2], [0, 0, 9.1]], cell=[10.0] * 3, pbc=True)
    for name, atoms in (("boxed", boxed), ("one", Atoms("Ne", [[3.0, 3, 3]]))):
        named = molecule(tmp_path, f"{name}.extxyz", atoms)
        record = asked(FRAMEWORK, AseModel(HostAndGuest(), "ideal"), gas=named, overlap_share=0.0)
        assert record.henry[0].log_mean_weight == pytest.approx(0, abs=1e-12)
        sites_A = np.array(record.gas.positions_A)
        length_A = np.linalg.norm(sites_A[-1] - sites_A[0])
        assert length_A == pytest.approx(1.1 if name == "boxed" else 0.0, abs=1e-6)


def test_a_gas_that_fits_into_closed_cages_only_has_no_way_in() -> None:
    pytest.importorskip("torch", reason="pockets are found by a force field")
    model = "forcefield:uff?coulomb=no"
    record = asked(sodalite(), model)
    checks = {check.code: check for check in record.verdict.checks}
    assert checks["pockets"].level == "caution"
    assert checks["pockets"].finding == "no way in"
    assert record.pockets is not None
    assert record.pockets.n_channels == 0
    # It is no fault of the model.
    assert checks["false-wells"].level == "unknown"
    blocked = asked(sodalite(), model, block_pockets=True)
    before, after = (each.henry[0].log_mean_weight for each in (record, blocked))
    assert before is not None
    left = 0.0 if after is None else np.exp(after - before)
    assert left == pytest.approx(1 - record.pockets.share_blocked, abs=1e-12)


def test_solvent_in_a_framework_is_told() -> None:
    wet = sodalite() + Atoms("OH2", [[0, 0, 0], [0, 0.76, 0.59], [0, -0.76, 0.59]])
    model = AseModel(Spheres(), "spheres")
    said = [each for each in asked(wet, model).warnings if each.code == "framework-not-empty"]
    assert "H2O" in str(said[0])
    codes = {each.code for each in asked(sodalite(), model).warnings}
    assert "framework-not-empty" not in codes


def test_a_disordered_framework_is_told() -> None:
    calculator = Counting()
    twice = sodalite() + Atoms("O", sodalite().positions[-1:] + 0.35)
    with pytest.raises(StructureError, match="shorter than any bond"):
        asked(twice, AseModel(calculator, "counting"))
    assert calculator.n_calls == 0
