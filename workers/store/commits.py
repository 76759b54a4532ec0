"""Many writes as one script: see commit.lua."""

from dataclasses import dataclass, field


@dataclass(slots=True)
class Commit:
    """Writes to be made in one step, if the fence still has our number."""

    fence_key: str
    number: int
    keys: dict[str, int] = field(default_factory=dict)
    args: list[object] = field(default_factory=list)
    _gathered: dict[tuple[str, ...], list[object]] = field(default_factory=dict)
    _counted: dict[tuple[str, str], int] = field(default_factory=dict)
    _lives: dict[str, int] = field(default_factory=dict)

    def gather(self, command: str, key: str, *before: str, member: object) -> None:
        """Add a member to the one command that will carry all of the same kind."""
        self._gathered.setdefault((command, key, *before), []).append(member)

    def count(self, key: str, name: str, by: int) -> None:
        """Add to a counter of the hash `key`, once for all."""
        self._counted[key, name] = self._counted.get((key, name), 0) + by

    def live(self, key: str, seconds: int) -> None:
        """Let a key expire after the longest time that is asked for."""
        self._lives[key] = max(seconds, self._lives.get(key, 0))

    def closed(self) -> tuple[list[str], list[object]]:
        """Return keys and arguments of the script, what was gathered and counted among them."""
        for (command, key, *before), members in self._gathered.items():
            self.add(command, key, *before, *members)
        for (key, name), by in self._counted.items():
            self.add("HINCRBY", key, name, by)
        for key, seconds in self._lives.items():
            self.add("EXPIRE", key, seconds, "NX")
            self.add("EXPIRE", key, seconds, "GT")  # no shorter than another event asked for
        return [self.fence_key, *self.keys], [self.number, *self.args]

    def add(self, command: str, key: str, *args: object) -> None:
        """Add a command on a key."""
        place = self.keys.setdefault(key, len(self.keys) + 2)
        self.args += (command, place, len(args), *args)
