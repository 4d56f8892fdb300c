"""What cannot be computed is said before anything is computed."""

from collections.abc import Callable
from pathlib import Path

import pytest

from nearsight.cli.main import main
from nearsight.errors import MethodError

Run = Callable[..., int]


@pytest.fixture
def computes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let relaxations and rows fail."""

    def computed(*positional: object, **settings: object) -> None:
        raise AssertionError("the mistake was to be found first")

    monkeypatch.setattr("nearsight.workflows.prepare.relax", computed)
    monkeypatch.setattr("nearsight.workflows.second_derivatives.hessian", computed)
    monkeypatch.setattr("nearsight.workflows.second_derivatives.force_constants", computed)


@pytest.mark.usefixtures("computes_nothing", "phonon_folder")
@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ("phonons nitrogen.xyz", "phonons can be had of a crystal only"),
        ("phonons layer.xyz", "Cu3 is not periodic in three directions"),
        ("heat-capacity nitrogen.xyz --mesh 4 4 4", "--mesh can be had of a crystal only"),
        ("heat-capacity layer.xyz --mesh 4 4 4", "--spectrum dense"),
        ("heat-capacity nitrogen.xyz --spectrum mesh", "--spectrum mesh can be had"),
        ("heat-capacity nitrogen.xyz --length 8", "--length can be had"),
        ("heat-capacity layer.xyz --converge-supercell 0.1", "--converge-supercell can be had"),
        ("heat-capacity primitive.xyz --spectrum dense --mesh 4 4 4", "leave --mesh out"),
        ("heat-capacity primitive.xyz --spectrum dense --length 8 --nac BORN", "--length, --nac"),
        ("heat-capacity primitive.xyz --supercell 2 2 2 --length 8", "not both"),
        ("phonons primitive.xyz --supercell 2 2 2 --length 8", "not both"),
        (
            "heat-capacity primitive.xyz --converge-supercell 0.1 --supercell 2 2 2",
            "--converge-supercell chooses the supercells",
        ),
        (
            "heat-capacity primitive.xyz --converge-supercell 0.1 --length 8",
            "--converge-supercell chooses the supercells",
        ),
        ("phonons primitive.xyz --bands G-Q", "point Q of the path 'G-Q' is not known"),
        ("phonons primitive.xyz --bands path.txt", "no file path.txt with a path"),
        ("phonons primitive.xyz --nac missing", "missing does not exist"),
        ("phonons primitive.xyz --nac .", ". does not exist"),
        ("heat-capacity primitive.xyz --nac garbage", "garbage is no BORN file"),
        ("phonons primitive.xyz ordered.cif --output p.yaml", "--output names one file"),
        ("phonons primitive.xyz --output nowhere/p.yaml", "nowhere"),
        ("phonons primitive.xyz --output primitive.xyz", "is one of the structures"),
        ("phonons primitive.xyz --plot p.txt", ".png"),
        ("phonons primitive.xyz --report p.pdf", ".html"),
        ("phonons primitive.xyz --json nowhere/p.json", "nowhere"),
        ("phonons primitive.xyz --temperature -1", "-1"),
        ("phonons primitive.xyz --method magic", "magic"),
    ],
)
def test_mistakes_are_found_before_anything_is_computed(
    nearsight: Run, arguments: str, message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    _born(Path("BORN"), n_atoms=1)
    Path("garbage").write_text("Born charges, nine words but none a number at all\n" * 3)
    assert nearsight(*arguments.split()) == 1
    errors = capsys.readouterr().err
    assert message in errors
    assert "Traceback" not in errors


@pytest.mark.parametrize("command", ["phonons", "heat-capacity"])
@pytest.mark.parametrize(
    ("option", "message"),
    [
        ("--mesh 4 4", "three whole numbers of q-points, or one length"),
        ("--mesh 4 4 4 4", "three whole numbers of q-points, or one length"),
        ("--mesh 4 4 4.5", "three whole numbers of q-points, or one length"),
        ("--mesh 0 4 4", "0 is not a positive number"),
        ("--mesh 0", "0 is not a positive number"),
        ("--mesh -20", "--mesh"),
        ("--mesh fine", "fine is not a positive number"),
        ("--length 0", "--length"),
        ("--symmetry-tolerance 0", "--symmetry-tolerance"),
        ("--supercell 2 2", "--supercell"),
    ],
)
def test_numbers_that_make_no_sense_show_the_usage(
    command: str, option: str, message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as stopped:
        main([command, "any.cif", *option.split()])
    assert stopped.value.code == 2
    errors = capsys.readouterr().err
    assert message in errors
    assert "usage" in errors


@pytest.mark.parametrize("tolerance", ["0", "-1", "inf", "loose"])
def test_tolerance_of_the_convergence_must_be_positive(
    tolerance: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        main(["heat-capacity", "any.cif", "--converge-supercell", tolerance])
    assert "--converge-supercell" in capsys.readouterr().err


def test_born_charges_of_another_cell_are_found_before_rows_are_computed(
    nearsight: Run,
    phonon_folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    def computed(*positional: object, **settings: object) -> None:
        raise AssertionError("the Born charges were to be checked first")

    monkeypatch.setattr("nearsight.workflows.second_derivatives.force_constants", computed)
    _born(phonon_folder / "BORN", n_atoms=3)
    for command in (["phonons"], ["heat-capacity"], ["heat-capacity", "--converge-supercell", "1"]):
        arguments = (*command[1:], "--no-relax", "--nac", "BORN")
        assert nearsight(command[0], "primitive.xyz", *arguments) == 1
        errors = capsys.readouterr().err
        assert "Born charges of 3 atoms" in errors
        assert "the file is for another cell" in errors
        assert "Traceback" not in errors


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ("phonons nitrogen.hessian.npz", "is not periodic in three directions"),
        ("heat-capacity nitrogen.hessian.npz --mesh 4 4 4", "--mesh can be had of a crystal only"),
        ("heat-capacity primitive.hessian.npz --converge-supercell 0.1", "no supercell can grow"),
        ("phonons primitive.hessian.npz --supercell 2 2 2", "--supercell comes too late"),
        ("phonons primitive.hessian.npz --length 9", "--length comes too late"),
        ("heat-capacity primitive.hessian.npz --length 9", "--length comes too late"),
        (
            "phonons primitive.hessian.npz --supercell 2 2 2 --symmetrize 0.1",
            "--supercell and --symmetrize come too late",
        ),
        ("phonons missing.npz", "does not exist"),
        ("phonons damaged.npz", "damaged.npz"),
    ],
)
def test_mistakes_about_saved_hessians_are_explained(
    nearsight: Run,
    phonon_folder: Path,
    arguments: str,
    message: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    for structure in ("nitrogen.xyz", "primitive.xyz"):
        assert nearsight("hessian", structure, "--no-relax") == 0
    (phonon_folder / "damaged.npz").write_bytes(b"PK\x03\x04 not an archive")
    capsys.readouterr()
    assert nearsight(*arguments.split()) == 1
    errors = capsys.readouterr().err
    assert message in errors
    assert "Traceback" not in errors


def test_output_that_cannot_be_written_costs_no_older_file(
    nearsight: Run, phonon_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*positional: object) -> None:
        raise MethodError("no room for it")

    target = phonon_folder / "p.yaml"
    target.write_text("older")
    monkeypatch.setattr("nearsight.hessian.files.phonopy_results.write_text", full)
    options = ("--no-relax", "--mesh", "2", "2", "2", "--supercell", "2", "2", "2")
    assert nearsight("phonons", "primitive.xyz", *options, "--output", "p.yaml") == 1
    assert target.read_text() == "older"


def _born(path: Path, n_atoms: int) -> None:
    tensors = ["4 0 0 0 4 0 0 0 4", *["0 0 0 0 0 0 0 0 0"] * n_atoms]
    path.write_text("\n".join(["14.400", *tensors]) + "\n")


@pytest.mark.parametrize("command", ["vibrations", "hessian"])
def test_phonopys_force_constants_are_no_hessian(
    nearsight: Run, phonon_folder: Path, capsys: pytest.CaptureFixture[str], command: str
) -> None:
    few = ("--no-relax", "--mesh", "2", "2", "2", "--supercell", "2", "2", "2")
    assert nearsight("phonons", "primitive.xyz", *few, "--output", "p.yaml") == 0
    assert nearsight(command, "p.yaml") == 1
    assert "p.yaml holds phonopy's force constants" in capsys.readouterr().err
