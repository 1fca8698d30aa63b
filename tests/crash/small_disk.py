"""A small file system of a test's own, that can be filled up and freed again.

    run_with_own_mounts()              # first thing in main(): begins anew where mounts are private
    disk = SmallDisk(folder, 128)
    disk.fill(leave=0) ... disk.free()

Mounts and processes end with the test, however it ends: they are in namespaces of its own.
"""

import os
import subprocess
import sys

MIB = 1 << 20
_INSIDE = "SCALEGRAPH_TEST_OWN_MOUNTS"


def run_with_own_mounts(*more: str) -> None:
    """Returns in a process whose mounts nobody else sees; exits if that is not permitted.

    `more` are further namespaces, as unshare calls them: "--net".
    """
    if os.environ.get(_INSIDE) == "1":
        return
    own = ["unshare", "--mount", "--propagation", "private", "--pid", "--fork", "--kill-child",
           "--mount-proc", *more]
    if os.geteuid() != 0:
        own.append("--map-root-user")
    tried = subprocess.run([*own, "mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", "/mnt"],
                           text=True, capture_output=True, check=False)
    if tried.returncode != 0:
        sys.exit("This test mounts a small file system in a namespace of its own, and may not here: "
                 f"{tried.stderr.strip()}\nRun it as root, or where user namespaces are permitted.")
    os.execvpe(own[0], [*own, sys.executable, "-B", *sys.argv], {**os.environ, _INSIDE: "1"})


class SmallDisk:
    """A file system in `folder`, which it makes; `filler` takes its space."""

    def __init__(self, folder: str, mib: int) -> None:
        os.mkdir(folder)
        subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={mib}m", "tmpfs", folder], check=True)
        self._folder = folder
        self._filler = f"{folder}/filler"

    def free_bytes(self) -> int:
        info = os.statvfs(self._folder)
        return info.f_bavail * info.f_frsize

    def fill(self, leave: int) -> None:
        """Others take what is free but for so many bytes; they take again what was freed since."""
        with open(self._filler, "ab") as filler:
            while (wanted := self.free_bytes() - leave) > 0:
                try:
                    os.posix_fallocate(filler.fileno(), filler.seek(0, os.SEEK_END), wanted)
                except OSError:
                    # The daemon took some of it meanwhile.
                    continue

    def free(self) -> None:
        if os.path.exists(self._filler):
            os.unlink(self._filler)

    def unmount(self) -> None:
        """So that the folder can be removed; nobody uses it any more."""
        subprocess.run(["umount", self._folder], check=True)
