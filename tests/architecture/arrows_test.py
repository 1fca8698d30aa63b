"""Refuses an include that goes against the arrows of the architecture.

    /usr/bin/python3 arrows_test.py ROOT

Each folder may include itself and what stands beside it below; some packages have a home of their own.
"""

import pathlib
import re
import sys

MAY_INCLUDE = {
    "command_line": set(),
    "ledger": set(),
    "supervisor": set(),
    "persistence": {"ledger"},
    "config": set(),
    "proto": {"ledger"},
    "actors": {"ledger", "supervisor", "persistence", "config", "proto"},
    "cli": {"command_line", "proto"},
    "bench": {"command_line", "proto", "ledger"},
}
# The micro-benchmarks measure the parts themselves.
MAY_INCLUDE_BELOW = {"bench/micro/": {"bench", "proto", "ledger", "persistence"}}

# The one file of the server that reads arguments.
MAY_INCLUDE_BELOW["server/main.cpp"] = MAY_INCLUDE["actors"] | {"command_line"}

# Headers of a package -> where they may stand (a path's beginning, and its ending).
HOMES = [
    (r"CLI/", ["command_line/", "cli/", "bench/", "server/main.cpp"], ""),
    (r"caf/", ["supervisor/", "actors/"], ""),
    (r"rocksdb/", ["persistence/rocks_"], ""),
    (r"grpcpp/(server|generic|ext)", ["actors/gateway/", "server/main.cpp", "bench/"], ""),
    (r"grpcpp/", ["actors/gateway/", "proto/", "cli/", "bench/"], ""),
    (r"toml\+\+/|toml.hpp", ["config/"], ".cpp"),
    (r"openssl/", ["persistence/"], ".cpp"),
    (r"yaml-cpp/|utf8proc.h", ["cli/"], ""),
    (r"spdlog/", ["actors/"], ""),
]

INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^">]+)[">]')


def wrong_includes(root, path):
    name = path.relative_to(root).as_posix()
    folder = name.split("/")[0]
    allowed = MAY_INCLUDE[folder]
    for below, more in MAY_INCLUDE_BELOW.items():
        if name.startswith(below):
            allowed = more
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        found = INCLUDE.match(line)
        if not found:
            continue
        quote, header = found.groups()
        where = f"{name}:{number}: "
        if quote == '"':
            target = header.split("/")[0]
            if "/" not in header:
                yield where + f'"{header}" has no folder: includes start at the root'
            elif target != folder and target not in allowed:
                yield where + f"{folder} may not use {target}"
            continue
        for pattern, homes, ending in HOMES:
            if not re.match(pattern, header):
                continue
            if not any(name.startswith(home) for home in homes) or not name.endswith(ending):
                yield where + f"<{header}> belongs in {', '.join(homes)}" + (
                    f" ({ending} only)" if ending else "")
            break


def main():
    root = pathlib.Path(sys.argv[1]).resolve()
    files = [p for folder in MAY_INCLUDE for p in sorted((root / folder).rglob("*"))
             if p.suffix in (".hpp", ".cpp")]
    wrong = [sentence for path in files for sentence in wrong_includes(root, path)]
    print("\n".join(wrong) or f"{len(files)} files keep to the arrows")
    return 1 if wrong or len(files) < 50 else 0


if __name__ == "__main__":
    sys.exit(main())
