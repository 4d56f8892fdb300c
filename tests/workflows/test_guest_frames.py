"""Kept configurations as a trajectory."""

import gzip
import logging
from pathlib import Path

import numpy as np
import pytest
from ase.io import read

from guests_in_a_cell import FRAMEWORK, N_SAMPLES, isotherm_of_centres
from nearsight.adsorption.gases import gas_named
from nearsight.adsorption.gcmc.settings import ExchangeSettings
from nearsight.errors import SettingError
from nearsight.workflows.adsorption_settings import IsothermSettings
from nearsight.workflows.guest_frames import (
    prepare_guest_frames,
    require_kept,
    write_guest_frames,
)

CO2 = gas_named("CO2")


@pytest.mark.parametrize("name", ["t.extxyz", "t.xyz.gz"])
def test_frames_have_the_framework_and_whole_molecules(tmp_path: Path, name: str) -> None:
    rng = np.random.default_rng(1)
    numbers = {(19, 0): 3, (19, 1): 0, (29, 0): 1, (29, 1): 40}
    isotherm = isotherm_of_centres(
        {key: rng.uniform(-40, 40, (n, 3)) for key, n in numbers.items()}
    )
    path = tmp_path / name
    write_guest_frames(path, (isotherm,), CO2)
    frames = read(path, index=":")
    n_host = 2 * len(FRAMEWORK)
    asked = [(frame.info["sample"], frame.info["chain"]) for frame in frames]
    assert asked == [(19, 0), (29, 0), (19, 1), (29, 1)]
    cell_A = isotherm.framework.atoms.cell.array
    for frame, key in zip(frames, asked, strict=True):
        assert frame.info["n_molecules"] == numbers[key]
        assert frame.info["pressure_Pa"] == (1e4, 1e5)[key[1]]
        assert frame.info["temperature_K"] == 300
        energy = isotherm.sampled.production.energies_eV[key]
        assert frame.info["interaction_energy_eV"] == pytest.approx(energy, abs=1e-7)
        molecules = frame.arrays["molecule"]
        assert (molecules[:n_host] == -1).all()
        np.testing.assert_allclose(frame.cell.array, cell_A, atol=1e-7)
        np.testing.assert_allclose(
            frame.positions[:n_host], isotherm.framework.atoms.positions, atol=1e-7
        )
        assert molecules[n_host:].tolist() == np.repeat(range(1, numbers[key] + 1), 3).tolist()
        for each in range(1, numbers[key] + 1):
            carbon, *oxygens = frame.positions[molecules == each]
            assert frame.symbols[molecules == each].get_chemical_formula() == "CO2"
            # No minimum image: a molecule that is torn has long bonds.
            np.testing.assert_allclose(np.linalg.norm(oxygens - carbon, axis=1), 1.16, atol=1e-6)
            fractions = carbon @ np.linalg.inv(cell_A)
            assert ((fractions > -1e-7) & (fractions < 1 + 1e-7)).all()
    # Centres of mass are those that were kept, but for vectors of the supercell.
    centres = [each.configuration.centres_A for each in isotherm.sampled.kept if each.chain == 1]
    shift = (frames[3].positions[n_host::3] - centres[1]) @ np.linalg.inv(cell_A)
    np.testing.assert_allclose(shift, np.rint(shift), atol=1e-6)


def test_equal_frames_are_equal_bytes(tmp_path: Path) -> None:
    isotherm = isotherm_of_centres({(N_SAMPLES - 1, 0): [[1, 2, 3]], (N_SAMPLES - 1, 1): []})
    for name in ("one.extxyz", "one.extxyz.gz", "two.extxyz.gz"):
        write_guest_frames(tmp_path / name, (isotherm,), CO2)
    one, two = ((tmp_path / f"{name}.extxyz.gz").read_bytes() for name in ("one", "two"))
    assert one == two
    assert gzip.decompress(one) == (tmp_path / "one.extxyz").read_bytes()


def test_how_large_it_will_be_is_said_before(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    isotherm = isotherm_of_centres({(19, 0): [], (19, 1): []})
    exchange = ExchangeSettings(pressures_bar=(0.1, 1.0), chains=1, production_blocks=1, samples=10)
    settings = IsothermSettings(exchange=exchange)
    path = tmp_path / "t.extxyz"
    with caplog.at_level(logging.INFO, "nearsight.workflows"):
        prepare_guest_frames(path, settings, isotherm.framework)
    assert not path.exists()
    [said] = caplog.messages
    assert "will have 2 frames of 4 atoms and molecules" in said
    write_guest_frames(path, (isotherm,), CO2)
    mebibytes = float(said.split(", ")[1].split()[0])
    # What is in `info` is not counted.
    assert 0.5 < mebibytes * 2**20 / path.stat().st_size <= 1
    with pytest.raises(SettingError, match=r"is a file that ends in \.extxyz"):
        prepare_guest_frames(tmp_path / "t.traj", settings, isotherm.framework)


def test_too_short_a_run_is_refused() -> None:
    exchange = ExchangeSettings(pressures_bar=(1.0,), production_blocks=3, samples=3)
    with pytest.raises(SettingError, match="no configuration is kept"):
        require_kept(IsothermSettings(exchange=exchange))
