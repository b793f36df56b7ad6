"""Links in a text, as social networks would make them clickable: where they stand and where they really lead."""

import re
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass

_WITH_SCHEME = re.compile(r"(?<!\w)([^\W_][\w+.-]{1,20})://([^\s<>«»\"]++)")
_BARE = re.compile(
    r"(?<![\w@.+-])((?:[^\W_](?:[\w-]{0,62})\.){1,8}([^\W_][\w-]{0,23}))(?![\w@-])"
    r"([/?#:][^\s<>«»\"]*+)?"
)
_EMAIL = re.compile(r"(?<![\w.+-])[\w.+-]{1,64}@(?:[\w-]{1,63}\.){1,8}[^\W\d_]{2,24}(?![\w-])")
_TAIL = ".,;:!?…»\"'*"
_AUTHORITY_END = re.compile(r"[/?#\\]")
_DOTS = str.maketrans({"\u3002": ".", "\uff0e": ".", "\uff61": "."})

# Endings that networks turn into links without a scheme; «т.е» and «сайте.Подробности» have none of them.
_ENDINGS_TOLD = (
    "ru рф su com org net info biz pro gov edu online site website tech app dev io me tv cc co eu by kz uk de cn "
    "xyz top shop club link page ly gl gg to дети рус москва онлайн сайт орг moscow xn--p1ai xn--d1acj3b xn--p1acf "
    "xn--80adxhks xn--80asehdb xn--80aswg xn--c1avg"
)
_ENDINGS = frozenset(_ENDINGS_TOLD.split())
_CITY = "г.москва"
"""A postal address without its blank; the one city that is an ending too."""
# Cyrillic letters that cannot be told from Latin ones.
_ALIKE = frozenset("аеорсухіѕјһԁԛԝӏ")


@dataclass(frozen=True, slots=True)
class Link:
    """A link: its place, the scheme as written (empty for a bare domain), and the host it leads to, in ASCII."""

    start: int
    end: int
    scheme: str
    host: str
    """Small letters, punycode, without port and final dot; empty when no host can be read."""
    is_misleading: bool
    """A user name before the host, letters of two alphabets in one label, a bare number, or invisible characters."""


def find_links(text: str) -> list[Link]:
    """The links of a text, in order."""
    found = [_with_scheme(match) for match in _WITH_SCHEME.finditer(text)]
    starts, ends = [link.start for link in found], [link.end for link in found]
    for match in _BARE.finditer(text):
        place = bisect_right(starts, match.start())
        if match[0].casefold() == _CITY:
            continue
        if match[2].casefold() in _ENDINGS and not (place and match.start() < ends[place - 1]):
            next_one = starts[place] if place < len(starts) else len(text)
            end = _trimmed(text, match.start(), min(match.end(), next_one))
            host, is_misleading = _host(match[1])
            found.append(Link(match.start(), max(end, match.end(1)), "", host, is_misleading))
    return sorted(found, key=lambda link: link.start)


def find_emails(text: str) -> Iterator[tuple[int, int]]:
    """The places of e-mail addresses."""
    return (match.span() for match in _EMAIL.finditer(text))


def is_on(host: str, site: str) -> bool:
    """Whether a host is the site or a subdomain of it."""
    wanted, _ = _host(site)
    return bool(host) and bool(wanted) and (host == wanted or host.endswith(f".{wanted}"))


def _with_scheme(match: re.Match[str]) -> Link:
    end = _trimmed(match.string, match.start(), match.end())
    rest = match.string[match.start(2) : max(end, match.start(2))]
    authority = _AUTHORITY_END.split(rest, maxsplit=1)[0]
    user, at, place = authority.rpartition("@")
    del user
    host, is_misleading = _host(place)
    return Link(match.start(), max(end, match.start(2)), match[1], host, is_misleading or bool(at))


def _trimmed(text: str, start: int, end: int) -> int:
    """Where a link ends: punctuation after it and a bracket that it did not open are the sentence's."""
    opened = text.count("(", start, end) - text.count(")", start, end)
    while end > start:
        last = text[end - 1]
        if last == ")" and opened < 0:
            opened += 1
        elif last not in _TAIL:
            break
        end -= 1
    return end


def _host(place: str) -> tuple[str, bool]:
    host = re.sub(r":\d{0,5}$", "", place).translate(_DOTS).rstrip(".")
    if not host or not host.isprintable():
        return "", True
    try:
        ascii_host = host.encode("idna").decode().lower()
        labels = [_unicode(label) for label in ascii_host.split(".")]
    except UnicodeError:
        return "", True
    is_ascii_zone = labels[-1].isascii()
    return ascii_host, labels[-1].isdigit() or any(_is_mixed(label, is_ascii_zone=is_ascii_zone) for label in labels)


def _unicode(label: str) -> str:
    return label.encode().decode("idna") if label.startswith("xn--") else label


def _is_mixed(label: str, *, is_ascii_zone: bool) -> bool:
    letters = [letter for letter in label if letter.isalpha()]
    ascii_letters = sum(letter.isascii() for letter in letters)
    if 0 < ascii_letters < len(letters):
        return True
    return is_ascii_zone and bool(letters) and _ALIKE.issuperset(letters)
