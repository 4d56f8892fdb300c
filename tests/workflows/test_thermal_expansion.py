"""From a crystal to its thermal expansion: the path of volumes, what is refused, interruptions."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk, molecule
from ase.calculators.emt import EMT

from nearsight.errors import MethodError, SettingError
from nearsight.models import AseModel
from nearsight.relaxation import RelaxationSettings
from nearsight.vibrations import PhononSettings, VolumeSettings
from nearsight.workflows import (
    ThermalExpansionSettings,
    keep_unfinished,
    thermal_expansion,
)

COARSE = PhononSettings(mesh=(2, 2, 2), length_A=3.0)
FEW = VolumeSettings(volumes=5, volume_from=0.98, volume_to=1.04)


@pytest.fixture(scope="module")
def of_cell() -> dict[str, Any]:
    """Records of a tetragonal alloy, with its shape relaxed at each volume and with one shape."""
    metal = Atoms("CuAu", cell=[2.75, 2.75, 3.6], scaled_positions=[[0] * 3, [0.5] * 3], pbc=True)
    settings = {
        cell: ThermalExpansionSettings(
            relaxation=RelaxationSettings(fmax_eV_per_A=1e-4, cell=cell, symmetrize_A=1e-3),
            phonons=COARSE,
            path=FEW,
        )
        for cell in ("free", "isotropic")
    }
    return {
        cell: thermal_expansion(metal, AseModel(EMT()), each, progress=False)
        for cell, each in settings.items()
    }


def ratios(record: Any) -> np.ndarray:
    cells = [np.array(each.cell_A) for each in record.quasi_harmonic.volumes]
    lengths = [np.linalg.norm(each, axis=1) for each in cells]
    return np.array([c / a for a, _, c in lengths])


def test_a_shape_is_relaxed_at_each_volume(of_cell: dict[str, Any]) -> None:
    free, one_shape = of_cell["free"], of_cell["isotropic"]
    for record in (free, one_shape):
        volumes_A3 = [each.volume_A3 for each in record.quasi_harmonic.volumes]
        shares = np.array(volumes_A3) / record.relaxation.volume_after_A3
        np.testing.assert_allclose(shares, np.linspace(0.98, 1.04, 5), rtol=1e-9)
    assert np.ptp(ratios(one_shape)) < 1e-9
    assert np.ptp(ratios(free)) > 1e-4
    assert all(each.relaxation.converged for each in free.results.at_volumes)
    for each in free.results.at_volumes:
        # the shape is at rest: what is left of the stress is a pressure
        assert each.relaxation.max_stress_GPa == pytest.approx(0.0, abs=1e-2)


def test_supercell_and_mesh_are_the_same_at_all_volumes(of_cell: dict[str, Any]) -> None:
    expansion = of_cell["free"].results.expansion
    assert {each.phonons.mesh for each in expansion.used} == {(2, 2, 2)}
    assert len({each.phonons.supercell for each in expansion.used}) == 1


def test_interrupted_work_goes_on_with_the_volumes_that_were_done(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    atoms, model = bulk("Cu", a=3.62), AseModel(EMT())
    settings = ThermalExpansionSettings(phonons=COARSE, path=FEW)
    calls = [0, 10**9]
    evaluate = AseModel.evaluate

    def counted(self: AseModel, structures: Any, **options: Any) -> Any:
        calls[0] += len(structures)
        if calls[0] > calls[1]:
            raise KeyboardInterrupt
        return evaluate(self, structures, **options)

    monkeypatch.setattr(AseModel, "evaluate", counted)
    whole = thermal_expansion(atoms, model, settings, progress=False)
    n_calls = calls[0]
    calls[:] = [0, n_calls * 3 // 4]
    folder = tmp_path / "unfinished"
    with pytest.raises(KeyboardInterrupt), keep_unfinished(folder) as unfinished:
        thermal_expansion(atoms, model, settings, unfinished=unfinished, progress=False)
    assert len(list(folder.glob("*.rows"))) >= 3
    calls[:] = [0, 10**9]
    with keep_unfinished(folder) as unfinished:
        again = thermal_expansion(atoms, model, settings, unfinished=unfinished, progress=False)
    assert calls[0] < n_calls * 3 // 4
    assert not folder.exists()
    [first], [second] = whole.thermal_expansion, again.thermal_expansion
    assert second.volumetric_expansion_per_K == pytest.approx(
        first.volumetric_expansion_per_K, rel=1e-6
    )


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"relaxation": RelaxationSettings(relax=False)}, "`relax` is false"),
        ({"relaxation": RelaxationSettings(cell="fixed")}, "`cell` is fixed, but the volume"),
        ({"relaxation": RelaxationSettings(cell="lengths")}, "`cell` is lengths"),
        ({"phonons": PhononSettings(force_constants="FC")}, "those of one volume"),
        (
            {"phonons": PhononSettings(length_A=9.0), "supercell": (2, 2, 2)},
            "either `supercell` or `length_A`",
        ),
    ],
)
def test_settings_that_contradict_the_path_are_refused(settings: Any, said: str) -> None:
    with pytest.raises(SettingError, match=said):
        ThermalExpansionSettings(**settings)


def test_close_volumes_are_refused() -> None:
    with pytest.raises(SettingError, match=r"less than 0.01 apart"):
        VolumeSettings(volume_from=1.0, volume_to=1.005)


def test_a_molecule_is_refused_before_anything_is_computed() -> None:
    with pytest.raises(MethodError, match="thermal expansion can be had of a crystal only"):
        thermal_expansion(molecule("N2"), AseModel(EMT()), progress=False)


def test_finished_derivatives_are_of_one_volume(tmp_path: Path) -> None:
    with pytest.raises(MethodError, match="at one volume, and thermal expansion needs several"):
        thermal_expansion(tmp_path / "saved.npz", AseModel(EMT()))
