"""``nearsight trajectory``: physics through the whole command, its files, and what is refused."""

import csv
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk
from ase.io import write

from langevin_gas import (
    DIFFUSION_M2_PER_S,
    EDGE_A,
    FRICTION_PER_FS,
    TEMPERATURE_K,
    Gas,
    langevin_gas,
)
from nearsight.cli.main import main
from nearsight.dynamics.samples import Sample
from nearsight.hessian import hessian
from nearsight.models.engines.ase_model import AseModel

N_ATOMS = 64


@pytest.fixture(scope="module")
def gas() -> Gas:
    return langevin_gas(n_atoms=N_ATOMS)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def told(folder: Path, *arguments: str) -> dict[str, Any]:
    """Run the command and return its record."""
    assert main(["trajectory", *arguments, "-q", "--json", "record.json"]) == 0
    record: dict[str, Any] = json.loads((folder / "record.json").read_text(encoding="utf-8"))
    return record


def column(path: Path, name: str) -> np.ndarray:
    with path.open(encoding="utf-8") as stream:
        return np.array([float(row[name]) for row in csv.DictReader(stream)])


def test_a_langevin_gas_has_the_numbers_that_it_must_have(folder: Path, gas: Gas) -> None:
    gas.write_xyz(folder / "gas.extxyz")
    atoms = ("--particles", "atoms", "--estimator", "least-squares")
    options = (
        *atoms,
        "--r-max",
        "9",
        "--bin-width",
        "0.25",
        "--fit-start",
        "600fs",
        "--spectrum-width",
        "3",
    )
    record = told(folder, "gas.extxyz", *options, "--csv", "t.csv")
    assert record["question"] == "trajectory"
    assert record["not_computed"] == {}

    [diffusion] = record["diffusion"]
    assert diffusion["diffusive"]
    assert diffusion["estimator"] == "generalised least squares"
    error = diffusion["error_m2_per_s"]
    assert abs(diffusion["value_m2_per_s"] - DIFFUSION_M2_PER_S) < 4 * error
    assert error < 0.1 * DIFFUSION_M2_PER_S

    [of_all, of_argon] = record["temperatures"]
    assert abs(of_all["mean_K"] - TEMPERATURE_K) < 4 * of_all["error_K"]
    assert of_argon["mean_K"] == pytest.approx(of_all["mean_K"], rel=1e-12)

    times = column(folder / "t.velocity-correlation.csv", "time_fs")
    memory = column(folder / "t.velocity-correlation.csv", "correlation")
    n_memories = 3 * N_ATOMS * len(gas.positions_A) * gas.interval_fs * FRICTION_PER_FS
    assert np.abs(memory - np.exp(-FRICTION_PER_FS * times)).max() < 5 / np.sqrt(n_memories)

    states = column(folder / "t.velocity-spectrum.csv", "states_cm")
    wavenumbers = column(folder / "t.velocity-spectrum.csv", "wavenumber_per_cm")
    # A gas has no place that it stays at: three degrees for each atom, all near zero.
    integral = np.trapezoid(states, wavenumbers)
    assert integral == pytest.approx(3 * N_ATOMS, rel=1e-3)
    assert record["velocity_spectrum"]["n_degrees"] == 3 * N_ATOMS


def test_an_ideal_gas_has_no_structure(folder: Path) -> None:
    """Atoms anywhere in each frame: 1 - 1/N at all distances, as many as it has pairs."""
    n_frames = 300
    anywhere = EDGE_A * np.random.default_rng(8).random((n_frames, N_ATOMS, 3))
    Gas(anywhere, np.zeros_like(anywhere), 20.0).write_xyz(folder / "ideal.extxyz")
    shells = ("--r-max", "10", "--bin-width", "0.5", "--within", "10")
    record = told(folder, "ideal.extxyz", "--analyses", "rdf", *shells, "--csv", "t.csv")
    g = column(folder / "t.radial-distribution.csv", "g")
    r = column(folder / "t.radial-distribution.csv", "distance_A")
    n_pairs = N_ATOMS * (N_ATOMS - 1) / 2
    counts = n_frames * n_pairs * 4 * np.pi * r**2 * 0.5 / EDGE_A**3
    deviations = (g / (1 - 1 / N_ATOMS) - 1) * np.sqrt(counts)
    assert np.abs(deviations).max() < 4.5
    assert 0.4 < deviations.std() < 1.8
    [around] = record["radial_distribution"]["coordination"]
    expected = (N_ATOMS - 1) * 4 / 3 * np.pi * 10**3 / EDGE_A**3
    assert around["number"] == pytest.approx(expected, rel=5 / np.sqrt(counts.sum()))
    # Its errors are those of counting, too: of five blocks, good to a third each.
    told_error = np.array(record["radial_distribution"]["total_error"])
    assert np.sqrt(np.mean((told_error * np.sqrt(counts)) ** 2)) == pytest.approx(1.0, rel=0.4)


def test_a_dump_of_lammps_has_the_numbers_of_extended_xyz(folder: Path, gas: Gas) -> None:
    gas.write_xyz(folder / "gas.extxyz")
    gas.write_dump(folder / "gas.dump")
    # By least squares: kinisi samples, and its last digits follow those of the file.
    plain = ("--estimator", "least-squares", "--leave-out", "rdf")
    of_xyz = told(folder, "gas.extxyz", "--particles", "atoms", *plain)
    of_lammps = (
        "--particles",
        "atoms",
        "--timestep",
        "2fs",
        "--elements",
        "Ar",
        "--units",
        "metal",
    )
    of_dump = told(folder, "gas.dump", *plain, *of_lammps)
    assert not of_dump["frames"]["unwrapped"]
    assert of_xyz["frames"]["unwrapped"]
    for name in ("displacements", "diffusion", "temperatures"):
        for one, other in zip(of_xyz[name], of_dump[name], strict=True):
            for key, value in one.items():
                if value is None or isinstance(value, str):
                    assert other[key] == value, (name, key)
                else:
                    assert other[key] == pytest.approx(value, rel=1e-5, abs=1e-15), (name, key)
    np.testing.assert_allclose(
        of_xyz["velocity_spectrum"]["total_cm"],
        of_dump["velocity_spectrum"]["total_cm"],
        rtol=1e-5,
        atol=1e-5,
    )


def test_frames_and_atoms_can_be_chosen(folder: Path, gas: Gas) -> None:
    gas.write_xyz(folder / "gas.extxyz")
    record = told(
        folder,
        "gas.extxyz",
        "--skip",
        "4ps",
        "--every",
        "2",
        "--select",
        "0-9",
        "20",
        "--particles",
        "atoms",
    )
    frames = record["frames"]
    assert (frames["n_frames"], frames["n_skipped"]) == (500, 100)
    assert (frames["start_fs"], frames["end_fs"]) == (4000.0, 23960.0)
    assert frames["n_selected"] == record["displacements"][0]["n_particles"] == 11
    assert record["provenance"]["asked"]["frames"]["select"] == ["0-9", "20"]
    # Those of the whole: the momentum of a part of the atoms is never zero.
    assert record["temperatures"][0]["mean_K"] == pytest.approx(TEMPERATURE_K, rel=0.05)


def test_files_of_settings_are_those_of_options(folder: Path, gas: Gas) -> None:
    gas.write_xyz(folder / "gas.extxyz")
    (folder / "s.toml").write_text(
        'leave_out = ["rdf", "vacf", "spectrum"]\n[frames]\nskip_ps = 4.0\n[diffusion]\n'
        'axes = "xy"\nestimator = "least-squares"\nparticles = "atoms"\n',
        encoding="utf-8",
    )
    by_file = told(folder, "gas.extxyz", "--config", "s.toml")
    by_options = told(
        folder,
        *("gas.extxyz", "--leave-out", "rdf", "vacf", "spectrum", "--skip", "4ps"),
        *("--axes", "xy", "--estimator", "least-squares"),
        *("--particles", "atoms"),
    )
    assert by_file["provenance"] == by_options["provenance"]
    assert by_file["diffusion"] == by_options["diffusion"]
    assert by_file["diffusion"][0]["axes"] == "xy"
    assert by_file["radial_distribution"] is None


def test_what_is_printed_and_drawn(
    folder: Path, gas: Gas, capsys: pytest.CaptureFixture[str]
) -> None:
    Gas(gas.positions_A[:300], gas.velocities_A_per_fs[:300], 20.0).write_xyz(folder / "gas.extxyz")
    of_atoms = ("--particles", "atoms", "--r-max", "8")
    record = told(
        folder, "gas.extxyz", *of_atoms, "--within", "5", "--plot", "g.svg", "--report", "g.html"
    )
    printed = capsys.readouterr().out
    assert max(map(len, printed.splitlines())) <= 80
    [diffusion] = record["diffusion"]
    value, error = diffusion["value_m2_per_s"], diffusion["error_m2_per_s"]
    assert f"D = {value:.3g} ± {error:.1g} m²/s of 64 Ar" in " ".join(printed.split())
    [around] = record["radial_distribution"]["coordination"]
    density = (N_ATOMS - 1) / EDGE_A**3
    assert around["number"] == pytest.approx(density * 4 / 3 * np.pi * 5**3, rel=0.05)
    assert f"{around['number']:.2f} Ar around Ar in 5 Å" in printed
    assert "needs the viscosity (--viscosity)" in " ".join(printed.split())
    drawn = (folder / "g.svg").read_text(encoding="utf-8")
    assert drawn.count('id="axes_') == 6
    page = (folder / "g.html").read_text(encoding="utf-8")
    for heading in ("Radial distribution function", "Diffusion of Ar", "Temperature"):
        assert f"<h2>{heading}</h2>" in page
    assert main(["report", "record.json", "--output", "again.html", "-q"]) == 0
    assert "mean squared displacement of Ar" in (folder / "again.html").read_text(encoding="utf-8")


def test_molecules_diffuse_as_a_whole(folder: Path) -> None:
    """Dumbbells that turn around their centres, which go as those of the gas do."""
    centres = langevin_gas(n_frames=800, n_atoms=8, seed=3).positions_A / 2
    rng = np.random.default_rng(4)
    ends = rng.normal(0.0, 1.0, (*centres.shape[:2], 3))
    ends *= 0.55 / np.linalg.norm(ends, axis=2, keepdims=True)
    frames = []
    for middle, end in zip(centres, ends, strict=True):
        grid = 10.0 * np.array(list(np.ndindex(2, 2, 2)))
        start = grid + middle - centres[0]
        frames.append(Atoms("N16", np.vstack([start + end, start - end]), cell=[20] * 3, pbc=True))
    write(folder / "n2.extxyz", frames)
    options = ("--interval", "20fs", "--positions", "unwrapped", "--fit-start", "600fs")
    record = told(folder, "n2.extxyz", *options)
    kinds = [(each["kind"], each["of"]) for each in record["displacements"]]
    assert kinds == [("N", "atoms"), ("N2", "molecules")]
    [of_atoms, of_molecules] = (np.array(each["total_A2"]) for each in record["displacements"])
    # Of an atom, twice the square of its distance from the centre is on top of that.
    np.testing.assert_allclose((of_atoms - of_molecules)[1:].mean(), 2 * 0.55**2, rtol=0.05)
    [diffusion] = record["diffusion"]
    assert diffusion["kind"] == "N2"
    deviation = abs(diffusion["value_m2_per_s"] - DIFFUSION_M2_PER_S / 4)
    assert deviation < 4 * diffusion["error_m2_per_s"]


def einstein_crystal(springs_eV_per_A2: float, n_frames: int) -> list[Atoms]:
    """Return frames of copper whose atoms swing with one frequency around their places."""
    rng = np.random.default_rng(5)
    copper = bulk("Cu", a=3.61, cubic=True)
    mass = copper.get_masses()[0]
    angular = np.sqrt(springs_eV_per_A2 / mass)  # in units of ASE
    step = 0.05 / angular
    phases = 2 * np.pi * rng.random((4, 3))
    frames = []
    for index in range(n_frames):
        frame = copper.copy()
        frame.positions += 0.05 * np.cos(phases + angular * step * index)
        frame.set_velocities(-0.05 * angular * np.sin(phases + angular * step * index))
        frame.info["time_fs"] = index * step / 0.09822694788464063
        frames.append(frame)
    return frames


def test_the_spectrum_of_an_einstein_crystal_lies_on_its_harmonic_one(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Each atom on its own spring: twelve modes of one frequency, none of them of the whole."""
    frames = einstein_crystal(2.0, 4000)
    write(folder / "cu.traj", frames)
    wavenumber = np.sqrt(2.0 / frames[0].get_masses()[0]) * 521.4708983725064
    # The modes of the springs by differences, but for the three of the whole, which are taken off.
    _springs_hessian(2.0).save(folder / "h.npz")
    record = told(folder, "cu.traj", "--harmonic", "h.npz", "--plot", "s.pdf")
    assert (folder / "s.pdf").stat().st_size > 0
    motion, harmonic = record["velocity_spectrum"], record["harmonic"]
    grid = np.array(motion["wavenumbers_per_cm"])
    peak = grid[int(np.argmax(motion["total_cm"]))]
    assert peak == pytest.approx(wavenumber, abs=1.5)
    at = np.array(harmonic["wavenumbers_per_cm"])
    assert at[int(np.argmax(harmonic["total_cm"]))] == pytest.approx(peak, abs=2.5)
    # Nine of the twelve are left, and as high as that.
    share = max(harmonic["total_cm"]) / max(motion["total_cm"])
    assert share == pytest.approx(9 / 12, rel=0.02)
    assert [each["diffusive"] for each in record["diffusion"]] == [False]
    assert "none that can be told of 4 Cu" in capsys.readouterr().out


def _springs_hessian(springs_eV_per_A2: float) -> Any:
    from ase.calculators.calculator import Calculator, all_changes

    places = bulk("Cu", a=3.61, cubic=True).positions

    class Springs(Calculator):  # type: ignore[misc]  # ASE has no types
        implemented_properties = ("energy", "forces")

        def calculate(
            self, atoms: Any = None, properties: Any = (), system_changes: Any = all_changes
        ) -> None:
            super().calculate(atoms, properties, system_changes)
            moved = self.atoms.positions - places
            self.results["energy"] = 0.5 * springs_eV_per_A2 * float(np.sum(moved**2))
            self.results["forces"] = -springs_eV_per_A2 * moved

    return hessian(bulk("Cu", a=3.61, cubic=True), AseModel(Springs()), row_symmetry_A=None)


def write_samples(path: Path, **series: np.ndarray) -> None:
    """Write samples as a run does, of what is not given always the same."""
    n = len(next(iter(series.values())))
    names = list(Sample.__dataclass_fields__)
    columns = {"step": np.arange(n), "time_fs": 10.0 * np.arange(n)}
    columns |= {name: np.full(n, 1.0) for name in names if name not in columns} | series
    rows = [",".join(f"{columns[name][index]:.12g}" for name in names) for index in range(n)]
    lines = [",".join(names), *rows]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def test_samples_have_the_heat_capacity_or_the_bulk_modulus(folder: Path) -> None:
    rng = np.random.default_rng(6)
    write(folder / "cu.traj", einstein_crystal(2.0, 10))
    kT = 8.617333262e-5 * 300
    # 12 oscillators: kinetic and potential energy are sums of squares of 12 normal numbers.
    energies = 0.5 * kT * rng.chisquare(12, (2, 4000))
    parts = {"kinetic_energy_eV": energies[0], "potential_energy_eV": energies[1]}
    write_samples(folder / "nvt.csv", **parts, temperature_K=np.full(4000, 300.0))
    found = told(folder, "cu.traj", "--samples", "nvt.csv")["fluctuations"]
    assert found["compressibility"] is None
    heat = found["heat_capacity"]
    assert found["temperature_K"] == pytest.approx(300.0)
    assert abs(heat["value_boltzmann"] - 12.0) < 4 * heat["error_boltzmann"] < 4.0
    # 3 k_B an atom: Dulong and Petit.
    per_gram = 3 * 8.314462618 / 63.546
    assert abs(heat["value_J_per_g_K"] - per_gram) < 4 * heat["error_J_per_g_K"]

    modulus_GPa, volume_A3 = 140.0, 47.0
    variance = volume_A3 * kT / (modulus_GPa / 160.21766208)
    volumes = volume_A3 + rng.normal(0.0, np.sqrt(variance), 4000)
    write_samples(folder / "npt.csv", volume_A3=volumes, temperature_K=np.full(4000, 300.0))
    found = told(folder, "cu.traj", "--samples", "npt.csv", "--skip", "20fs")["fluctuations"]
    change = found["compressibility"]
    assert found["heat_capacity"] is None
    assert abs(change["bulk_modulus_GPa"] - modulus_GPa) < 4 * change["bulk_modulus_error_GPa"]
    assert change["bulk_modulus_error_GPa"] < 0.05 * modulus_GPa


def test_a_run_is_analysed_from_what_it_wrote(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write(folder / "copper.cif", bulk("Cu", cubic=True))
    of_run = ("--model", "ase:emt", "--timestep", "4fs", "--time", "0.8ps", "--every", "8fs")
    files = ("--velocities", "--trajectory", "md.extxyz.gz", "--samples", "s.csv")
    assert main(["md", "copper.cif", "-q", *of_run, *files]) == 0
    record = told(folder, "md.extxyz.gz", "--samples", "s.csv")
    assert record["frames"]["n_frames"] == 101
    sampled = np.genfromtxt(folder / "s.csv", delimiter=",", names=True)["temperature_K"]
    # The momentum of the whole is zero: both count three degrees less.
    assert record["temperatures"][0]["mean_K"] == pytest.approx(sampled.mean(), rel=1e-6)
    assert record["fluctuations"]["n_samples"] == 101
    assert set(record["not_computed"]) == {"spectrum"}
    assert "No spectrum: a width of 10 cm⁻¹ needs" in capsys.readouterr().out


FRAME = '2\nLattice="9 0 0 0 9 0 0 0 9" time_fs={time}\nN 0 0 {z}\nN 0 0 1.1\n'


@pytest.mark.parametrize(
    ("content", "options", "said"),
    [
        ("", (), "md.xyz: It is empty"),
        ("2\n\nN 0 0 0\n", (), "cut within its first frame"),
        ("2\n\nN 0 0 0\nN 0 0 1\n" * 9, (), "does not tell its times; give --interval"),
        ("2\n\nN 0 0 0\nN 0 0 1\n", (), "nothing can be computed"),
        ("2\n\nN 0 0 0\nN 0 0 1\n2\n\nN 0 0 0\nO 0 0 1\n", (), "atom 1 of frame 2 is another"),
        ("2\n\nN 0 0 0\nN 0 0 1\n1\n\nN 0 0 0\n", (), "frame 2 has 1 atoms"),
        ("2\n\nN 0 0 0\nN 0 0 1\n" * 9, ("--interval", "1fs", "--r-max", "3"), "has no volume"),
        ("8", ("--analyses", "vacf"), "md.xyz has no velocities; write them with the frames"),
        ("8", ("--spectrum-width", "30"), "md.xyz has no velocities"),
        ("8", ("--analyses", "rfd"), "--analyses are some of rdf, msd"),
        ("8", ("--select", "O"), "--select 'O' has no atoms: elements are N"),
        ("8", ("--skip", "1ps"), "no frame is at 1000 fs or later"),
        ("8", ("--skip", "1"), "1 has no unit"),
        ("8", ("--timestep", "1fs"), "leave --timestep and --interval out"),
        ("8", ("--fit-end", "40fs"), "give --fit-start and --fit-end"),
        (
            "8",
            ("--viscosity", "1e-3", "--fit-start", "1fs", "--fit-end", "6fs"),
            "needs both --viscosity and --temperature",
        ),
        ("8", ("--remove-drift", "--select", "N"), "--remove-drift takes the motion of all atoms"),
        ("8", ("--r-max", "3", "--bin-width", "4"), "give --bin-width above 0 and below --r-max"),
        ("8", ("--harmonic", "none.npz"), "there is no spectrum to compare --harmonic modes with"),
        ("8", ("--samples", "none.csv"), "none.csv: There is no such file"),
        ("8", ("--samples", "md.xyz"), "md.xyz: It is no log of a run"),
        ("8", ("--json", "md.xyz"), "would take its place"),
    ],
)
def test_mistakes_are_told(
    folder: Path,
    content: str,
    options: tuple[str, ...],
    said: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    if content.isdigit():
        content = "".join(FRAME.format(time=i, z=0.01 * i) for i in range(int(content)))
    (folder / "md.xyz").write_text(content, encoding="utf-8")
    try:
        status = main(["trajectory", "md.xyz", *options])
    except SystemExit as end:
        status = int(str(end.code))
    error = " ".join(capsys.readouterr().err.split())
    assert status in {1, 2}
    assert said in error
    assert "Traceback" not in error


def test_dumps_say_what_they_lack(
    folder: Path, gas: Gas, capsys: pytest.CaptureFixture[str]
) -> None:
    anywhere = EDGE_A * np.random.default_rng(7).random((10, N_ATOMS, 3))
    Gas(anywhere, gas.velocities_A_per_fs[:10], 2400.0).write_dump(folder / "gas.dump")
    for options, said in (
        (("--timestep", "2fs"), "say which element each type is (--elements)"),
        (("--elements", "Ar"), "give --timestep, the length of a step, or --interval"),
        (("--elements", "Ar", "--timestep", "2fs"), "Write frames more often, or unwrapped"),
    ):
        assert main(["trajectory", "gas.dump", "-q", *options]) == 1
        assert said in " ".join(capsys.readouterr().err.split())
    Gas(gas.positions_A[:20], gas.velocities_A_per_fs[:20], 20.0).write_dump(folder / "gas.dump")
    told(folder, "gas.dump", "--elements", "Ar", "--timestep", "2fs")
    assert "not used is velocities, since the style of units is not known" in " ".join(
        capsys.readouterr().out.split()
    )


def test_what_does_not_fit_into_the_memory_is_refused(
    folder: Path, gas: Gas, capsys: pytest.CaptureFixture[str]
) -> None:
    gas.write_xyz(folder / "gas.extxyz")
    assert main(["trajectory", "gas.extxyz", "-q", "--memory", "0.005"]) == 1
    error = capsys.readouterr().err
    assert "gas.extxyz: reading 600 frames of 64 atoms and more would take" in error
    assert "(--every), or let it have more (--memory)" in error
    assert main(["trajectory", "gas.extxyz", "-q", "--memory", "0.012"]) == 1
    assert "the analysis of 1200 frames of 64 atoms would take" in capsys.readouterr().err
    told(folder, "gas.extxyz", "--memory", "0.012", "--every", "4", "--leave-out", "rdf")


def test_several_trajectories_end_with_a_table(
    folder: Path, gas: Gas, capsys: pytest.CaptureFixture[str]
) -> None:
    gas.write_xyz(folder / "a.extxyz")
    (folder / "b.xyz").write_text("", encoding="utf-8")
    assert main(["trajectory", "a.extxyz", "b.xyz", "-q", "--leave-out", "rdf"]) == 1
    table = capsys.readouterr().out.split("structure ")[-1]
    assert "D(Ar) " in table
    assert "failed: It is empty" in table
