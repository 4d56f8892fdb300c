"""A file from which work goes on: its own, and no other."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from nearsight.errors import CheckpointError
from nearsight.hessian.checkpoint_file import Arrays, CheckpointFile, Header
from nearsight.result_archives import save_archive

ARRAYS = {"weights": np.linspace(0, 1, 5) / 3}


def file_at(path: Path | None) -> CheckpointFile:
    return CheckpointFile(
        path=path,
        kind="knitting",
        work="pullover",
        reasons={"wool": "it was of other wool", "size": "it had another size"},
        fingerprint={"wool": "red", "size": "M"},
        versions={"needles": "1.0"},
        place="basket",
    )


def state_of(header: Header, arrays: Arrays) -> tuple[int, np.ndarray]:
    return header["n_rows"], arrays["weights"]


@pytest.mark.parametrize("compress", [True, False])
def test_what_was_written_comes_back_to_the_bit(tmp_path: Path, compress: bool) -> None:
    file = file_at(tmp_path / "kept")
    assert file.resume(state_of) is None
    file.write({"n_rows": 3}, ARRAYS, compress=compress)
    state = file.resume(state_of)
    assert state is not None
    assert state[0] == 3
    np.testing.assert_array_equal(state[1], ARRAYS["weights"])


def test_without_a_path_nothing_is_kept() -> None:
    file = file_at(None)
    file.write({"n_rows": 3}, ARRAYS)
    assert file.resume(state_of) is None


@pytest.mark.parametrize(
    ("other", "reason"),
    [
        ({"fingerprint": {"wool": "blue", "size": "M"}}, "another pullover: it was of other wool"),
        ({"fingerprint": {"wool": "blue", "size": "L"}}, "other wool and it had another size"),
        ({"versions": {"needles": "2.0"}}, r"needles 1\.0, now 2\.0"),
        ({"kind": "baking"}, "kept"),
    ],
)
def test_other_work_is_refused_with_a_way_out(
    tmp_path: Path, other: dict[str, object], reason: str
) -> None:
    file_at(tmp_path / "kept").write({"n_rows": 3}, ARRAYS)
    with pytest.raises(CheckpointError, match=reason) as raised:
        replace(file_at(tmp_path / "kept"), **other).resume(state_of)
    assert "or give another basket to start from the beginning" in str(raised.value)


def test_settings_that_differ_are_named_with_both_values(tmp_path: Path) -> None:
    """Only those that do, and only where their part of the fingerprint says that they decide."""
    file = replace(
        file_at(tmp_path / "kept"),
        reasons={"settings": "it was knitted in another way"},
        fingerprint={"settings": "a"},
        settings={"rows": 80, "stitches": ["purl", "knit"], "sleeves": None},
    )
    file.write({"n_rows": 3}, ARRAYS)
    other = {"rows": 80, "stitches": ["purl"], "sleeves": {"left": 2}}
    assert replace(file, settings=other).resume(state_of) is not None
    with pytest.raises(CheckpointError) as raised:
        replace(file, settings=other, fingerprint={"settings": "b"}).resume(state_of)
    assert "in another way (`sleeves` none, now left=2; `stitches` purl knit, now purl)." in str(
        raised.value
    )


def test_what_lacks_something_is_refused(tmp_path: Path) -> None:
    file = file_at(tmp_path / "kept")
    file.write({}, ARRAYS)
    with pytest.raises(CheckpointError, match="lacks 'n_rows'; delete"):
        file.resume(state_of)
    save_archive(tmp_path / "kept", "knitting", {"n_rows": 3}, ARRAYS)
    with pytest.raises(CheckpointError, match="lacks 'fingerprint'; delete"):
        file.resume(state_of)
