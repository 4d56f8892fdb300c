"""Damaged copies of a file: what transfers, disks and careless editors make of it."""

import random
import re
from collections.abc import Iterator

_FIELD = re.compile(rb"\S+")


def mutations(content: bytes, seed: int, count: int = 200) -> Iterator[bytes]:
    """Yield `count` damaged copies of a file, the same ones for the same seed.

    One after the other it is truncated, has one to four bytes replaced, has two of its fields
    (whatever blanks separate) swapped, has a line left out, or has a line twice.
    """
    damages = (_truncated, _flipped, _with_swapped_fields, _without_a_line, _with_a_line_twice)
    chance = random.Random(seed)
    for number in range(count):
        yield damages[number % len(damages)](content, chance)


def _truncated(content: bytes, chance: random.Random) -> bytes:
    return content[: chance.randrange(len(content))]


def _flipped(content: bytes, chance: random.Random) -> bytes:
    damaged = bytearray(content)
    for _ in range(chance.randint(1, 4)):
        damaged[chance.randrange(len(damaged))] = chance.randrange(256)
    return bytes(damaged)


def _with_swapped_fields(content: bytes, chance: random.Random) -> bytes:
    fields = list(_FIELD.finditer(content))
    if len(fields) < 2:
        return content
    first, second = sorted(chance.sample(fields, 2), key=re.Match.start)
    return b"".join(
        [
            content[: first.start()],
            second.group(),
            content[first.end() : second.start()],
            first.group(),
            content[second.end() :],
        ]
    )


def _without_a_line(content: bytes, chance: random.Random) -> bytes:
    lines = content.splitlines(keepends=True)
    del lines[chance.randrange(len(lines))]
    return b"".join(lines)


def _with_a_line_twice(content: bytes, chance: random.Random) -> bytes:
    lines = content.splitlines(keepends=True)
    chosen = chance.randrange(len(lines))
    return b"".join([*lines[: chosen + 1], *lines[chosen:]])
