"""One installer's command after the other: what it says goes to a log file.

None of them runs in the current folder: Python would import its ``pip.py``, and uv would install
from where its ``uv.toml`` says.
"""

import os
import signal
import subprocess
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from nearsight.errors import InstallationError
from nearsight.models.environments.locking import note_holders

_QUOTED_LINES = 6
_PATIENCE_S = 10
# They would let packages of this environment be found in the other one.
_NOT_INHERITED = ("PYTHONPATH", "PYTHONHOME", "VIRTUAL_ENV", "CONDA_PREFIX")


@dataclass(frozen=True)
class Runner:
    """Runs commands for the environment of one family."""

    family: str
    log: Path
    lock: int
    """Descriptor of the lock, which every command inherits."""

    @property
    def folder(self) -> Path:
        """Where commands run: the folder of all environments, which is the user's own."""
        return self.log.parent

    def run(self, command: Sequence[str], note: Callable[[str], None]) -> str:
        """Run a command to its end and return what it said; each line goes to `note` as well.

        Raises
        ------
        InstallationError
            It failed, quoting its last lines.
        """
        lines: list[str] = []
        with self.log.open("a", encoding="utf-8") as log:
            log.write(f"$ {' '.join(command)}\n")
            with self._started(command) as process:
                for line in process.stdout or ():
                    log.write(line)
                    log.flush()
                    lines.append(line)
                    note(line.strip())
        said = "".join(lines)
        if process.returncode != 0:
            raise InstallationError(self._failure(said, process.returncode))
        return said

    @contextmanager
    def _started(self, command: Sequence[str]) -> Iterator[subprocess.Popen[str]]:
        kept = {key: value for key, value in os.environ.items() if key not in _NOT_INHERITED}
        try:
            process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                errors="replace",
                cwd=self.folder,
                env=kept,
                pass_fds=[self.lock],
                start_new_session=True,  # so that it can be stopped with all that it has started
            )
        except OSError as error:
            raise InstallationError(
                f"{self.family} cannot be installed: {command[0]} does not start "
                f"({error.strerror})."
            ) from error
        note_holders(self.lock, os.getpid(), process.pid)
        try:
            yield process
            process.wait()
        except BaseException:  # also of an interruption: what it does is of no use to anyone
            _stop(process)
            raise
        finally:
            if process.stdout is not None:
                process.stdout.close()
            note_holders(self.lock, os.getpid())

    def _failure(self, said: str, status: int) -> str:
        last = [line.strip() for line in said.splitlines() if line.strip()][-_QUOTED_LINES:]
        quoted = "\n".join(f"  {line}" for line in last)
        if "No space left on device" in said:
            return (
                f"{self.family} cannot be installed: the disk is full. Free some space, or put the "
                f"environments elsewhere with NEARSIGHT_ENVIRONMENTS.\n{quoted}"
            )
        return (
            f"{self.family} cannot be installed: the installer ended with {status}; all that it "
            f"said is in {self.log}, and last\n{quoted}"
        )


def _stop(process: subprocess.Popen[str]) -> None:
    """End a process with all that it has started."""
    for sign in (signal.SIGTERM, signal.SIGKILL):
        try:
            os.killpg(process.pid, sign)
            process.wait(_PATIENCE_S)
        except ProcessLookupError:
            return
        except subprocess.TimeoutExpired:
            continue
