"""The form of the container file, without a program that builds images: every instruction is known,
what it copies is what the build makes, and it does not run as root.

    python3 container_file_test.py CONTAINERFILE
"""

import fnmatch
import json
import pathlib
import re
import shlex
import sys
import unittest

FILE = pathlib.Path(sys.argv.pop(1))
PACKAGES = FILE.parent / "packages.cmake"
KNOWN = {"ADD", "ARG", "CMD", "COPY", "ENTRYPOINT", "ENV", "EXPOSE", "FROM", "HEALTHCHECK", "LABEL",
         "RUN", "SHELL", "STOPSIGNAL", "USER", "VOLUME", "WORKDIR"}
BASE = "debian:12-slim"
STATE = "/var/lib/scalegraph"


def instructions(text):
    """(name, arguments) of each, with continued lines joined."""
    lines = [line for line in text.splitlines() if not line.lstrip().startswith("#")]
    joined = re.sub(r"\\\n\s*", " ", "\n".join(lines))
    for line in joined.splitlines():
        if line.strip():
            name, _, rest = line.strip().partition(" ")
            yield name, rest.strip()


def names_of_packages():
    """What cpack calls its files, by the names that packages.cmake sets."""
    found = re.findall(r"CPACK_DEBIAN_\w+_PACKAGE_NAME (\S+)\)", PACKAGES.read_text(encoding="utf-8"))
    return [f"{name}_0.1.0_amd64.deb" for name in found]


class ContainerFile(unittest.TestCase):
    def setUp(self):
        self.all = list(instructions(FILE.read_text(encoding="utf-8")))

    def of(self, name):
        return [arguments for found, arguments in self.all if found == name]

    def test_every_instruction_is_known(self):
        self.assertEqual({name for name, _ in self.all} - KNOWN, set())
        self.assertEqual(self.all[0], ("FROM", BASE))

    def test_what_is_copied_is_what_the_build_makes(self):
        made = names_of_packages()
        self.assertEqual(len(made), 2)
        sources = [word for copy in self.of("COPY") for word in shlex.split(copy)[:-1]]
        for source in sources:
            self.assertTrue(fnmatch.filter(made, source), f"{source}: the build makes {made}")
        for name in made:
            self.assertTrue(any(fnmatch.fnmatch(name, source) for source in sources), name)
        installed = " ".join(self.of("RUN"))
        target = shlex.split(self.of("COPY")[0])[-1]
        self.assertIn(f"{target}*.deb", installed)

    def test_it_runs_as_the_user_of_the_package(self):
        self.assertEqual(self.of("USER"), ["scalegraph"])
        order = [name for name, _ in self.all]
        self.assertLess(max(i for i, name in enumerate(order) if name == "RUN"),
                        order.index("USER"))

    def test_the_store_is_a_volume_and_the_health_is_checked(self):
        self.assertEqual([json.loads(one) for one in self.of("VOLUME")], [[STATE]])
        check = self.of("HEALTHCHECK")
        self.assertEqual(len(check), 1)
        command = json.loads(check[0].partition("CMD ")[2])
        self.assertEqual(command[:2], ["scalegraphctl", "health"])
        # In the form that passes signals on: no shell stands between.
        for name in ("ENTRYPOINT", "CMD"):
            self.assertIsInstance(json.loads(self.of(name)[0]), list)


if __name__ == "__main__":
    unittest.main()
