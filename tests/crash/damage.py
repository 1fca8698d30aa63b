"""Ways to damage the files of a store that is not running.

    for damage in damages(store, chance):
        copy the store; damage.apply(copy)

Every file of the kinds that a store cannot do without is met by every way.
"""

import dataclasses
import os
import pathlib
import random
from collections.abc import Callable, Iterator

KINDS = {"WAL": "db/*.log", "SST": "db/*.sst", "MANIFEST": "db/MANIFEST-*", "CURRENT": "db/CURRENT",
         "head": "head"}


@dataclasses.dataclass
class Damage:
    kind: str
    way: str
    file: str  # relative to the store
    change: Callable[[pathlib.Path], None]

    def apply(self, store: pathlib.Path) -> None:
        self.change(store / self.file)

    def __str__(self) -> str:
        return f"{self.way} of {self.kind} {self.file}"


def damages(store: pathlib.Path, chance: random.Random) -> Iterator[Damage]:
    for kind, pattern in KINDS.items():
        for path in sorted(store.glob(pattern)):
            size = path.stat().st_size
            if size > 0:
                for way, change in _ways(size, chance):
                    yield Damage(kind, way, str(path.relative_to(store)), change)


def _ways(size: int, chance: random.Random) -> Iterator[tuple[str, Callable]]:
    for place in ("first", "middle", "last"):
        at = {"first": 0, "middle": chance.randrange(size), "last": size - 1}[place]
        bit = 1 << chance.randrange(8)
        yield f"bit {bit} flipped at {at} of {size}", lambda path, at=at, bit=bit: _flip(path, at, bit)
    for left in sorted({0, chance.randrange(size), size - 1}):
        yield f"cut to {left} of {size}", lambda path, left=left: os.truncate(path, left)
    yield "deletion", lambda path: path.unlink()


def _flip(path: pathlib.Path, at: int, bit: int) -> None:
    with open(path, "r+b") as file:
        file.seek(at)
        byte = file.read(1)[0]
        file.seek(at)
        file.write(bytes([byte ^ bit]))
