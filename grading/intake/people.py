"""People of a class, and what a submission says about its submitters."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType


@dataclass(frozen=True)
class Hint:
    """A piece of evidence about a submitter.

    kind: "id", "login", "email", "name", "canvas" (user number), "participant" (of Moodle), "text" (a name to search in) or
    "user" (a login as far as it is known, shown where there is no roster).
    member: which of a group's submitters it is about.
    """

    kind: str
    value: str
    member: int = 0


@dataclass(frozen=True)
class Person:
    """A row of the roster, or somebody known from a file's name. received: {homework or "" (all): time as text}.

    numbers: what a platform calls the person: {"canvas": "12345"} or {"participant": "1234567"}.
    """

    id: str
    name: str = ""
    login: str = ""
    email: str = ""
    group: str = ""
    lang: str = ""
    received: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}), hash=False)
    numbers: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}), hash=False)
    names: tuple[str, ...] = ()  # other forms of the name: "Zhang, San" is San Zhang
    line: int = 0  # of the roster

    def __reduce__(self):
        fields = (self.id, self.name, self.login, self.email, self.group, self.lang)
        return Person, (*fields, dict(self.received), dict(self.numbers), self.names, self.line)

    def __str__(self) -> str:
        return " ".join(filter(None, (self.id, self.name))) or self.login or self.email


def guess(hints: tuple[Hint, ...]) -> tuple[Person, ...]:
    """Submitters according to the hints alone, for a class without a roster."""
    people = []
    for member in sorted({hint.member for hint in hints}):
        values: dict[str, list[str]] = {}
        for hint in hints:
            if hint.member == member:
                values.setdefault(hint.kind, []).append(hint.value)
        ids = list(dict.fromkeys(values.get("id", [])))
        names = list(dict.fromkeys(values.get("name", [])))
        login = next(iter([*values.get("login", []), *values.get("user", [])]), "")
        email = next(iter(values.get("email", [])), "")
        if len(ids) > 1:
            people += [
                Person(id, names[index] if len(names) == len(ids) else "")
                for index, id in enumerate(ids)
            ]
        elif ids or names or login or email:
            people.append(Person(ids[0] if ids else "", names[0] if names else "", login, email))
    return tuple(people)
