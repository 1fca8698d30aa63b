"""Builds client/python and runs its tests against real ledgers.

    /usr/bin/python3 python_test.py BUILD_FOLDER SCALEGRAPHD [SCALEGRAPHCTL]

With scalegraphctl a cluster is asked, too.
"""

import pathlib
import sys

from ledgers import copy_package, environment, run


def main():
    package = copy_package("python", pathlib.Path(sys.argv[1]))
    run(sys.executable, "setup.py", "-q", "build", "--build-lib", "lib", cwd=package)
    with environment(*sys.argv[2:]) as variables:
        run(sys.executable, "-B", "-m", "unittest", "discover", "-v", "-s", "tests", "-p",
            "*_test.py", cwd=package, env={**variables, "PYTHONPATH": str(package / "lib")})


if __name__ == "__main__":
    main()
