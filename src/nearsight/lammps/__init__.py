"""Stock LAMMPS as an engine: any model behind its ``fix external``, without a patch."""

from typing import TYPE_CHECKING

from nearsight.public_names import import_at_first_use

if TYPE_CHECKING:
    from nearsight.lammps.attached import AttachedModel, attach
    from nearsight.lammps.library import LammpsError, start_lammps
    from nearsight.lammps.script import Script, read_script
    from nearsight.lammps.script_run import ScriptRun, run_script
    from nearsight.lammps.settings import LammpsSettings

__all__ = [
    "AttachedModel",
    "LammpsError",
    "LammpsSettings",
    "Script",
    "ScriptRun",
    "attach",
    "read_script",
    "run_script",
    "start_lammps",
]

import_at_first_use(__name__)
