"""Force fields of RASPA2."""

from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch", reason="force fields need PyTorch")

from nearsight.errors import ModelError
from nearsight.models.families.forcefield.parameters import (
    NO_INTERACTION,
    Buckingham,
    Ending,
    LennardJones,
    SiteType,
)
from nearsight.models.families.forcefield.raspa_def import read_raspa_def
from nearsight.models.families.forcefield.reading import ReadFile
from nearsight.units import BOLTZMANN_EV_PER_K

FILES = {
    "force_field_mixing_rules.def": """\
# general rule for shifted vs truncated
shifted
# general rule tailcorrections
no
# number of defined interactions
4
# type interaction
C_      lennard-jones   47.8562  3.47299   // generic
Mg      lennard-jones   55.8574  2.69141
O_co2   lennard-jones   79.0     3.05
N_com   none
# general mixing rule for Lennard-Jones
Lorentz-Berthelot
""",
    "pseudo_atoms.def": """\
#number of pseudo atoms
4
#type      print   as    chem  oxidation   mass        charge   polarization B-factor radii
Mg         yes     Mg    Mg    0           24.305      1.56     0.0          1.0      1.0
C1         yes     C     C     0           12.0        0.0      0.0          1.0      1.0
O_co2      yes     O     O     0           15.9994     -0.35    0.0          1.0      1.0
N_com      no      N     -     0           0.0         0.964    0.0          1.0      1.0
""",
    "force_field.def": """\
# rules to overwrite
1
Mg  O_co2  truncated  yes
# number of defined interactions
1
O_co2  Mg  buckingham  2.4732e7 3.965 4.08795e5
# mixing rules to overwrite
0
""",
    "O2.def": """\
# critical constants: Temperature [T], Pressure [Pa], and Acentric factor [-]
154.581
5043000.0
0.0222
#Number Of Atoms
2
# Number of groups
1
# group
2
rigid
0 O_co2     0.0           0.0           0.6
1 O_co2     0.0           0.0          -0.6
# Chiral centers Bond
0 1
""",
    "butane.def": "425\n3796000\n0.2\n2\n1\n2\nflexible\n0 CH3\n1 CH3\n0 1\n",
}


def read(folder: Path, **changes: tuple[str, str]) -> ReadFile:
    for name, text in FILES.items():
        old, new = changes.get(name.removesuffix(".def"), ("", ""))
        assert old in text
        (folder / name).write_text(text.replace(old, new, 1) if old else text)
    return read_raspa_def(folder)


def test_everything_is_read(tmp_path: Path) -> None:
    found = read(tmp_path)
    field = found.force_field
    assert found.stated == {"truncation": "shifted", "tail": False, "mixing": "lorentz-berthelot"}
    metal = LennardJones(55.8574 * BOLTZMANN_EV_PER_K, 2.69141)
    assert field.types["Mg"] == SiteType(metal, 1.56, 24.305, element="Mg")
    assert field.types["N_com"] == SiteType(NO_INTERACTION, 0.964, 0.0, element="X")
    # A pseudo atom without interactions of its own has none that could be used.
    assert field.types["C1"].pair is None
    assert field.by_element == {"C": "C_"}
    assert field.endings == {("Mg", "O_co2"): Ending("cut", tail=True)}
    pair = field.pairs["Mg", "O_co2"]
    assert isinstance(pair, Buckingham)
    assert (pair.a_eV, pair.b_per_A, pair.c_eV_A6) == pytest.approx(
        (2.4732e7 * BOLTZMANN_EV_PER_K, 3.965, 4.08795e5 * BOLTZMANN_EV_PER_K)
    )
    assert list(field.molecules) == ["O2"]
    assert field.molecules["O2"].types == ("O_co2", "O_co2")
    assert np.array_equal(field.molecules["O2"].positions_A[:, 2], [0.6, -0.6])


def test_pairs_of_their_own_may_be_absent(tmp_path: Path) -> None:
    read(tmp_path)
    (tmp_path / "force_field.def").unlink()
    assert not read_raspa_def(tmp_path).force_field.pairs


def test_older_columns_are_read_by_their_names(tmp_path: Path) -> None:
    read(tmp_path)
    (tmp_path / "pseudo_atoms.def").write_text(
        "#number of pseudo atoms\n3\n#type print as scat mass charge B-factor radii connectivity\n"
        "Mg yes Mg Mg 24.305 1.5 1.0 1.0 0\nO_co2 yes O O 15.9994 -0.3 1.0 1.0 0\n"
        "N_com no N N 0.0 0.9 1.0 0.7 0\n"
    )
    types = read_raspa_def(tmp_path).force_field.types
    assert [types[name].charge_e for name in ("Mg", "O_co2", "N_com")] == [1.5, -0.3, 0.9]
    assert types["Mg"].mass_amu == 24.305


@pytest.mark.parametrize(
    ("file", "old", "new", "said"),
    [
        ("force_field_mixing_rules", "shifted\n", "smooth\n", "line 2: 'smooth' is not known"),
        ("force_field_mixing_rules", "no\n", "perhaps\n", "line 4: 'perhaps' is not known"),
        ("force_field_mixing_rules", "\n4\n", "\n5\n", "line 13: an interaction|lorentz"),
        ("force_field_mixing_rules", "\n4\n", "\n3\n", "line 11: 'n_com' is not known; choose lor"),
        ("force_field_mixing_rules", "47.8562", "big", "line 8: a number is expected, not big"),
        (
            "force_field_mixing_rules",
            " 3.05",
            "",
            r"line 10: lennard-jones has 2 numbers, not \[79",
        ),
        (
            "force_field_mixing_rules",
            "none",
            "hydrogen",
            "line 11: the interaction hydrogen is not",
        ),
        (
            "force_field_mixing_rules",
            "none",
            "feynman-hibbs-lennard-jones 36.7 2.958 2.0",
            "line 11: feynman-hibbs-lennard-jones is of quantum nuclei",
        ),
        (
            "force_field_mixing_rules",
            "Lorentz-Berthelot\n",
            "",
            "ends where the mixing rule is exp",
        ),
        (
            "force_field_mixing_rules",
            "Lorentz-Berthelot\n",
            "Jorgensen\n1\n",
            "line 14: nothing is",
        ),
        (
            "force_field_mixing_rules",
            "Mg  ",
            "Zn  ",
            "interactions of Zn, which pseudo_atoms.def d",
        ),
        ("pseudo_atoms", "#type ", "#name ", "no line that names its columns"),
        (
            "pseudo_atoms",
            "24.305      1.56     0.0          1.0      1.0",
            "24.3",
            "line 4: 6 words",
        ),
        ("force_field", "truncated", "smooth", "line 3: 'smooth' is not known"),
        ("force_field", "\n0\n", "\n1\n", "line 8: mixing rules of single pairs are not possible"),
        ("force_field", "O_co2  Mg", "O_co2  Al", "needs the type Al"),
        ("O2", "-0.6", "low", "the sites of the molecule in .*O2.def cannot be read"),
    ],
)
def test_what_cannot_be_is_refused(
    tmp_path: Path, file: str, old: str, new: str, said: str
) -> None:
    with pytest.raises(ModelError, match=said):
        read(tmp_path, **{file: (old, new)})


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    read(tmp_path)
    (tmp_path / "pseudo_atoms.def").unlink()
    with pytest.raises(ModelError, match=r"pseudo_atoms\.def cannot be read"):
        read_raspa_def(tmp_path)
