"""Links in a text as social networks detect them: their positions and actual hosts."""

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

# Top-level domains that networks link without a scheme; «т.е» and «сайте.Подробности» have none of them.
_TOP_LEVEL_DOMAIN_LIST = (
    "ru рф su com org net info biz pro gov edu online site website tech app dev io me tv cc co eu by kz uk de cn "
    "xyz top shop club link page ly gl gg to дети рус москва онлайн сайт орг moscow xn--p1ai xn--d1acj3b xn--p1acf "
    "xn--80adxhks xn--80asehdb xn--80aswg xn--c1avg"
)
_TOP_LEVEL_DOMAINS = frozenset(_TOP_LEVEL_DOMAIN_LIST.split())
_CITY = "г.москва"
"""Part of a postal address without a space; the only city that is also a top-level domain."""
# Cyrillic letters that look like Latin ones.
_LATIN_LOOKALIKES = frozenset("аеорсухіѕјһԁԛԝӏ")


@dataclass(frozen=True, slots=True)
class Link:
    """A link: its position, the scheme as written (empty for a bare domain), and its host in ASCII."""

    start: int
    end: int
    scheme: str
    host: str
    """Lower case, punycode, without port and trailing dot; empty if the host cannot be parsed."""
    is_misleading: bool
    """Whether the link has a user name, a label in two alphabets, a numeric host or invisible characters."""


def find_links(text: str) -> list[Link]:
    """Return the links of a text, in order."""
    links = [_parse_link(match) for match in _WITH_SCHEME.finditer(text)]
    starts, ends = [link.start for link in links], [link.end for link in links]
    for match in _BARE.finditer(text):
        index = bisect_right(starts, match.start())
        if match[0].casefold() == _CITY:
            continue
        if match[2].casefold() in _TOP_LEVEL_DOMAINS and not (index and match.start() < ends[index - 1]):
            next_start = starts[index] if index < len(starts) else len(text)
            end = _trim(text, match.start(), min(match.end(), next_start))
            host, is_misleading = _parse_host(match[1])
            links.append(Link(match.start(), max(end, match.end(1)), "", host, is_misleading))
    return sorted(links, key=lambda link: link.start)


def find_emails(text: str) -> Iterator[tuple[int, int]]:
    """Return the positions of e-mail addresses."""
    return (match.span() for match in _EMAIL.finditer(text))


def is_within_site(host: str, site: str) -> bool:
    """Return whether a host is a site or its subdomain."""
    domain, _ = _parse_host(site)
    return bool(host) and bool(domain) and (host == domain or host.endswith(f".{domain}"))


def _parse_link(match: re.Match[str]) -> Link:
    end = _trim(match.string, match.start(), match.end())
    rest = match.string[match.start(2) : max(end, match.start(2))]
    authority = _AUTHORITY_END.split(rest, maxsplit=1)[0]
    _, at, host_and_port = authority.rpartition("@")
    host, is_misleading = _parse_host(host_and_port)
    return Link(match.start(), max(end, match.start(2)), match[1], host, is_misleading or bool(at))


def _trim(text: str, start: int, end: int) -> int:
    """Return the end of a link without trailing punctuation and unmatched closing brackets."""
    opened = text.count("(", start, end) - text.count(")", start, end)
    while end > start:
        last = text[end - 1]
        if last == ")" and opened < 0:
            opened += 1
        elif last not in _TAIL:
            break
        end -= 1
    return end


def _parse_host(host_and_port: str) -> tuple[str, bool]:
    host = re.sub(r":\d{0,5}$", "", host_and_port).translate(_DOTS).rstrip(".")
    if not host or not host.isprintable():
        return "", True
    try:
        ascii_host = host.encode("idna").decode().lower()
        labels = [_decode_label(label) for label in ascii_host.split(".")]
    except UnicodeError:
        return "", True
    is_ascii_zone = labels[-1].isascii()
    return ascii_host, labels[-1].isdigit() or any(_is_mixed(label, is_ascii_zone=is_ascii_zone) for label in labels)


def _decode_label(label: str) -> str:
    return label.encode().decode("idna") if label.startswith("xn--") else label


def _is_mixed(label: str, *, is_ascii_zone: bool) -> bool:
    letters = [letter for letter in label if letter.isalpha()]
    ascii_letters = sum(letter.isascii() for letter in letters)
    if 0 < ascii_letters < len(letters):
        return True
    return is_ascii_zone and bool(letters) and _LATIN_LOOKALIKES.issuperset(letters)
