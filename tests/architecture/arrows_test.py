"""Refuses an include that goes against the arrows of the architecture.

    /usr/bin/python3 arrows_test.py ROOT

A source that is compiled nowhere is refused as well.

A room is a folder. MAY_INCLUDE lists for each room the others that it may use; the arrows make no
circle. Some packages have homes: rooms that alone may include their headers.
"""

import graphlib
import pathlib
import re
import sys

LARGEST_FILE = 450

# A room may always include itself.
MAY_INCLUDE = {
    "command_line": set(),
    "config": {"security"},
    "security": set(),
    "telemetry": set(),
    "telemetry/page": {"telemetry"},
    "containers": set(),
    "faults": set(),
    "supervisor": set(),
    "ledger": {"containers", "faults"},
    "ledger/books": {"ledger", "containers", "faults"},
    "ledger/locks": {"ledger", "ledger/books", "containers", "faults"},
    "ledger/flow": {"ledger", "ledger/locks", "containers", "faults"},
    "persistence/medium": {"ledger", "faults"},
    "persistence/encoding": {"ledger"},
    "persistence/chain": {"ledger", "ledger/flow", "faults", "persistence/medium",
                          "persistence/encoding"},
    "persistence/rows": {"ledger", "faults", "persistence/medium", "persistence/encoding",
                         "persistence/chain"},
    "persistence/log": {"faults", "persistence/medium", "persistence/encoding",
                        "persistence/chain", "persistence/rows"},
    "persistence/index": {"ledger", "ledger/flow", "containers", "faults", "persistence/medium",
                          "persistence/encoding", "persistence/chain", "persistence/rows"},
    "persistence/rocks": {"faults", "persistence/medium", "persistence/encoding"},
    "persistence": {"ledger", "faults", "persistence/medium", "persistence/encoding",
                    "persistence/chain", "persistence/log", "persistence/rows",
                    "persistence/index", "persistence/rocks"},
    "persistence/backup": {"ledger", "persistence", "persistence/chain", "persistence/encoding",
                           "persistence/medium", "persistence/rocks"},
    # The store's double, and the one that opens it.
    "persistence/memory": {"faults", "persistence", "persistence/medium"},
    "replication/engine": set(),
    "replication/engine/src": set(),
    "replication": {"ledger", "persistence", "persistence/chain", "persistence/encoding",
                    "replication/engine"},
    "proto": {"ledger"},
    "actors": {"config", "faults", "supervisor", "ledger", "ledger/flow", "ledger/locks",
               "persistence", "persistence/backup", "persistence/chain", "security", "telemetry"},
    # The messages of a member are read by others; its actors know none of those.
    "actors/member": {"actors", "faults", "ledger", "persistence", "persistence/log", "replication",
                      "supervisor", "telemetry"},
    "actors/links": {"actors", "actors/member", "config", "replication", "replication/links",
                     "security", "supervisor", "ledger", "persistence", "telemetry"},
    "actors/forwarding": {"actors", "actors/coordinator", "actors/links", "actors/member", "ledger",
                          "replication/links", "telemetry"},
    "replication/links": {"ledger", "persistence/chain", "persistence/encoding", "persistence/log",
                          "replication"},
    "actors/account_shard": {"actors", "actors/journal", "faults", "ledger", "ledger/locks", "telemetry"},
    "actors/coordinator": {"actors", "actors/account_shard", "actors/journal", "actors/member",
                           "faults", "ledger", "ledger/flow", "telemetry"},
    "actors/indexer": {"actors", "actors/journal", "faults", "persistence", "telemetry"},
    "actors/journal": {"actors", "actors/member", "faults", "ledger", "ledger/books", "ledger/flow",
                       "ledger/locks", "persistence", "persistence/chain", "telemetry"},
    "actors/queries": {"actors", "actors/account_shard", "actors/journal", "actors/member",
                       "faults", "ledger", "persistence", "proto", "security", "telemetry"},
    # Who comes in; it knows nothing of calls.
    "actors/gateway/door": {"config", "faults", "ledger", "security", "telemetry"},
    "actors/gateway/transport": {"actors", "actors/coordinator", "actors/gateway/door",
                                 "actors/queries", "config", "faults", "ledger", "proto", "security",
                                 "telemetry"},
    "actors/gateway/methods": {"actors", "actors/forwarding", "actors/queries", "actors/gateway/door",
                               "actors/gateway/transport", "ledger",
                               "persistence", "persistence/chain", "proto", "security", "supervisor"},
    "actors/gateway": {"actors", "actors/forwarding", "actors/gateway/door", "actors/gateway/transport",
                       "actors/gateway/methods",
                       "actors/journal", "config", "security", "supervisor", "telemetry"},
    "actors/status": {"actors", "actors/forwarding", "actors/gateway/door", "actors/queries", "ledger",
                      "persistence", "security", "supervisor", "telemetry"},
    "actors/tree": {"actors", "actors/account_shard", "actors/coordinator", "actors/gateway",
                    "actors/gateway/methods", "actors/gateway/transport", "telemetry",
                    "actors/indexer", "actors/journal", "actors/queries", "supervisor"},
    "server": {"actors", "actors/forwarding", "actors/gateway", "actors/gateway/door", "actors/links", "actors/member", "actors/tree",
               "persistence/medium", "persistence/rocks", "replication", "command_line", "config", "persistence", "persistence/backup", "security",
               "supervisor", "actors/status", "telemetry"},
    "cli/output": {"command_line", "proto"},
    "client": set(),
    "cli/session": {"cli/output", "client", "command_line", "proto"},
    "cli/import": {"cli/output", "cli/session", "command_line", "proto"},
    "cli/records": {"cli/import", "cli/output", "cli/session", "command_line", "proto"},
    "cli/commands": {"cli/output", "cli/session", "cli/import", "cli/records", "command_line",
                     "proto", "security"},
    "cli": {"cli/commands", "cli/output", "cli/session", "client", "command_line", "proto"},
    "bench": {"client", "command_line", "proto"},
    "bench/engine": {"command_line", "persistence/encoding", "persistence/medium",
                     "persistence/rocks", "replication"},
    # The micro-benchmarks measure the parts themselves.
    "bench/micro": {"bench", "proto", "ledger", "ledger/flow", "ledger/locks", "persistence",
                    "persistence/chain", "persistence/index"},
}

# Headers of a package, or of a part in another language -> where they may stand (a path's beginning, and its ending).
HOMES = [
    (r"replication/engine/", ["replication/raft_core.cpp"], ""),
    (r"CLI/", ["command_line/", "cli/", "client/", "bench/", "server/main.cpp"], ""),
    (r"caf/", ["supervisor/", "actors/", "server/"], ""),
    (r"rocksdb/", ["persistence/rocks/"], ""),
    (r"grpcpp/(server|generic|ext)", ["actors/gateway/", "server/main.cpp", "bench/"], ""),
    (r"grpcpp/", ["actors/gateway/", "proto/", "cli/", "client/", "bench/"], ""),
    (r"toml\+\+/|toml.hpp", ["config/"], ".cpp"),
    (r"openssl/", ["persistence/encoding/", "persistence/chain/", "security/"], ".cpp"),
    (r"yaml-cpp/", ["cli/import/"], ""),
    (r"utf8proc.h", ["cli/output/"], ""),
    (r"spdlog/(?!fmt)", ["telemetry/", "tests/"], ""),
    (r"prometheus/", ["telemetry/"], ".cpp"),
    (r"boost/", ["telemetry/http_server.cpp"], ""),
    (r"systemd/", ["server/service_manager.cpp"], ""),
]

INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^">]+)[">]')


def wrong_includes(root, path):
    name = path.relative_to(root).as_posix()
    room = name.rsplit("/", 1)[0]
    if room not in MAY_INCLUDE:
        yield f"{name}: {room}/ is no room: give it a line in MAY_INCLUDE"
        return
    lines = path.read_text(encoding="utf-8").splitlines()
    if len(lines) > LARGEST_FILE:
        yield f"{name}: {len(lines)} lines, {LARGEST_FILE} are allowed"
    for number, line in enumerate(lines, 1):
        found = INCLUDE.match(line)
        if not found:
            continue
        quote, header = found.groups()
        where = f"{name}:{number}: "
        if quote == '"':
            target = header.rsplit("/", 1)[0]
            if "/" not in header:
                yield where + f'"{header}" has no folder: includes start at the root'
            elif target != room and target not in MAY_INCLUDE[room]:
                yield where + f"{room} may not use {target}"
        for pattern, homes, ending in HOMES:
            if not re.match(pattern, header):
                continue
            if not any(name.startswith(home) for home in homes) or not name.endswith(ending):
                yield where + f"{header} belongs in {', '.join(homes)}" + (
                    f" ({ending} only)" if ending else "")
            break


def circles():
    try:
        graphlib.TopologicalSorter(MAY_INCLUDE).prepare()
    except graphlib.CycleError as error:
        yield "a circle of rooms: " + " -> ".join(error.args[1])


def forgotten(root):
    """A source that no CMakeLists.txt names is not compiled, and a test in it does not run. Those of
    tests/fuzz are named by their targets."""
    lists = " ".join(path.read_text(encoding="utf-8")
                     for pattern in ("CMakeLists.txt", "*.cmake") for path in root.rglob(pattern)
                     if "build" not in path.relative_to(root).parts)
    for top in sorted({room.split("/")[0] for room in MAY_INCLUDE} | {"tests"}):
        for path in sorted((root / top).rglob("*.cpp")):
            name = path.relative_to(root)
            if path.name not in lists and name.parts[:2] != ("tests", "fuzz"):
                yield f"{name}: no CMakeLists.txt names it"


def main():
    root = pathlib.Path(sys.argv[1]).resolve()
    tops = sorted({room.split("/")[0] for room in MAY_INCLUDE})
    files = [p for top in tops for p in sorted((root / top).rglob("*"))
             if p.suffix in (".hpp", ".cpp", ".rs")]
    wrong = list(circles()) + list(forgotten(root)) + [sentence for path in files for sentence in wrong_includes(root, path)]
    print("\n".join(wrong) or f"{len(files)} files in {len(MAY_INCLUDE)} rooms keep to the arrows")
    return 1 if wrong or len(files) < 50 else 0


if __name__ == "__main__":
    sys.exit(main())
