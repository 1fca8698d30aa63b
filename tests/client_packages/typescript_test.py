"""Builds client/typescript and runs its tests against real ledgers.

    /usr/bin/python3 typescript_test.py BUILD_FOLDER SCALEGRAPHD [SCALEGRAPHCTL]

With scalegraphctl a cluster is asked, too. The dependencies are installed into the build folder,
and again when the lock file has changed.
"""

import pathlib
import sys

from ledgers import copy_package, environment, run

LOCK = "package-lock.json"


def main():
    package = copy_package("typescript", pathlib.Path(sys.argv[1]))
    installed = package / "node_modules" / ".installed"
    lock = (package / LOCK).read_text(encoding="utf-8")
    if not installed.exists() or installed.read_text(encoding="utf-8") != lock:
        run("npm", "ci", "--no-audit", "--no-fund", "--ignore-scripts", cwd=package)
        installed.write_text(lock, encoding="utf-8")
    run("npm", "run", "--silent", "build", cwd=package)
    with environment(*sys.argv[2:]) as variables:
        run("npm", "--silent", "test", cwd=package, env=variables)


if __name__ == "__main__":
    main()
