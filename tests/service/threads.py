"""Stops single threads of another process, as if they hung, and lets them go on: ptrace(2)."""

import ctypes
import os
import pathlib

_SEIZE, _INTERRUPT, _DETACH = 0x4206, 0x4207, 17
_WALL = 0x40000000
_libc = ctypes.CDLL(None, use_errno=True)


def _ptrace(request, thread):
    _libc.ptrace.argtypes = [ctypes.c_long, ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p]
    if _libc.ptrace(request, thread, None, None) != 0:
        raise OSError(ctypes.get_errno(), f"ptrace {request:#x} of thread {thread}")


class StoppedThreads:
    """with StoppedThreads(pid): all threads but the main one stand still."""

    def __init__(self, pid):
        self._pid = pid
        self._stopped = []

    def __enter__(self):
        for entry in pathlib.Path(f"/proc/{self._pid}/task").iterdir():
            thread = int(entry.name)
            if thread == self._pid:
                continue
            _ptrace(_SEIZE, thread)
            _ptrace(_INTERRUPT, thread)
            os.waitpid(thread, _WALL)
            self._stopped.append(thread)
        return self

    def __exit__(self, *_):
        for thread in self._stopped:
            _ptrace(_DETACH, thread)
