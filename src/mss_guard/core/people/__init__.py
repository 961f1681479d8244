"""People lists: who lives here and who works here, known by keyed digests alone."""

from mss_guard.core.people.compiling import born, compile_people, in_room, pair
from mss_guard.core.people.csv_files import parse
from mss_guard.core.people.digests import Hasher, ListRefused, People, Role, decode, encode
from mss_guard.core.people.persons import Person, dates

__all__ = [
    "Hasher",
    "ListRefused",
    "People",
    "Person",
    "Role",
    "born",
    "compile_people",
    "dates",
    "decode",
    "encode",
    "in_room",
    "pair",
    "parse",
]
