"""What was probably meant by a word of the command line that is none."""

import pytest

from nearsight.cli.main import main


@pytest.mark.parametrize(
    ("line", "meant"),
    [
        ("heat-capcity copper.cif", "heat-capacity"),
        ("phonon copper.cif", "phonons"),
        ("models instal mace", "install"),
        ("heat-capacity copper.cif --temprature 300", "--temperature"),
        ("heat-capacity copper.cif --jsn=r.json", "--json"),
        ("heat-capacity copper.cif --spectrum mash", "mesh"),
        ("models list --jsno r.json", "--json"),
        ("--versoin", "--version"),
        ("heat-capacity --modle ase:emt copper.cif", "--model"),
    ],
)
def test_the_closest_is_named(line: str, meant: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(line.split())
    assert ended.value.code == 2
    assert f"Did you mean {meant}?" in capsys.readouterr().err


@pytest.mark.parametrize("line", ["xyzzy", "heat-capacity copper.cif --xyzzy", "models xyzzy"])
def test_nothing_is_made_up(line: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(line.split())
    said = capsys.readouterr().err
    assert "Did you mean" not in said
    assert "xyzzy" in said


def test_unknown_options_come_with_the_usage_of_their_command(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with pytest.raises(SystemExit):
        main(["models", "list", "--bogus"])
    assert "usage: nearsight models list" in capsys.readouterr().err
