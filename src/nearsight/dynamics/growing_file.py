"""A file that grows by whole pieces, and goes back to where a checkpoint knew it to be."""

import os
from pathlib import Path

from nearsight.errors import StorageError
from nearsight.storage import require_writable, what_helps


class GrowingFile:
    """A file to which pieces are appended, each of them whole.

    The size that a checkpoint has noted is that of all pieces before it: whatever came later, or
    was cut in the middle by the end of a process, goes when the work goes on from there. So no
    piece is doubled, and none missing.

    Parameters
    ----------
    path
        The file.

    Raises
    ------
    StorageError
        No file can be written there.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.path = Path(path)
        require_writable(self.path)
        if self.path.exists() and not self.path.is_file():
            raise StorageError(f"{self.path} is no regular file; give another name.")
        self.size = 0
        """Bytes of all pieces."""

    def begin(self, size: int | None) -> None:
        """Begin anew, or go back to the size that a checkpoint has noted.

        Raises
        ------
        StorageError
            A new run would take the place of something, or the file is shorter than it was.
        """
        there = self.path.stat().st_size if self.path.exists() else 0
        if size is None:
            if there:
                raise StorageError(
                    f"{self.path} has content already, of another run or of this one, which is "
                    f"finished then; delete it to begin anew, or give another name."
                )
            size = 0
        if there < size:
            raise StorageError(
                f"{self.path} has {there} bytes, and had {size} when the run was interrupted; put "
                f"it back, or delete the checkpoint to begin anew."
            )
        if there > size:
            os.truncate(self.path, size)
        self.size = size

    def append(self, piece: bytes) -> None:
        """Append a piece.

        Raises
        ------
        StorageError
            It cannot be written; what came before is whole. Or another process writes there.
        """
        there = self.path.stat().st_size if self.path.exists() else 0
        if there != self.size:
            raise StorageError(
                f"{self.path} has {there} bytes in place of {self.size}: another process writes it "
                f"too. Give each run a file of its own."
            )
        try:
            with self.path.open("ab") as file:
                file.write(piece)
        except OSError as error:
            with_it = self.path.stat().st_size if self.path.exists() else 0
            if with_it > self.size:
                os.truncate(self.path, self.size)
            raise StorageError(
                f"cannot write {self.path}: {error.strerror or error}. What was written before is "
                f"in it; {what_helps(error)} or choose another place."
            ) from error
        self.size += len(piece)

    def secure(self) -> None:
        """Have all that was appended reach the disk, before a checkpoint counts on it."""
        if self.size:
            with self.path.open("rb") as file:
                os.fsync(file.fileno())
