"""Emoji as whole sequences (UTS 51) and smileys made of punctuation: where they stand and what they are."""

import re
from dataclasses import dataclass

import emoji

_SELECTORS = "\ufe0e\ufe0f"
_TONES = "\U0001f3fb-\U0001f3ff"
_FLAGS = "\U0001f1e6-\U0001f1ff"
_TAGS = "\U000e0020-\U000e007f"
_KEYCAP = "\u20e3"


def _without_selectors(sequence: str) -> str:
    return sequence.replace("\ufe0e", "").replace("\ufe0f", "")


_KNOWN = frozenset(_without_selectors(sequence) for sequence in emoji.EMOJI_DATA)
_TONE = re.compile(f"[{_TONES}]")
# Pictographs of the blocks that Unicode keeps for emoji count even before the library learns them.
_BLOCKS = "\U0001f000-\U0001faff"
_FIRST = _BLOCKS + "".join(sorted({re.escape(known[0]) for known in emoji.EMOJI_DATA if not known[0].isascii()}))
_ELEMENT = (
    f"(?:[{_FLAGS}]{{1,2}}|[0-9#*][{_SELECTORS}]?{_KEYCAP}|[{_FIRST}][{_SELECTORS}{_TONES}]{{0,3}}[{_TAGS}]{{0,8}})"
)
_SEQUENCE = re.compile(f"{_ELEMENT}(?:\u200d{_ELEMENT}){{0,9}}[{_KEYCAP}{_SELECTORS}]{{0,2}}")
_CANDIDATE = re.compile(f"[{_FLAGS}{_FIRST}{_KEYCAP}]")
# Of the signs that are text unless VS16 says otherwise («©», «№ ↔»), these show a mood all the same.
_MOODS = frozenset("\u263a\u2639\u2764\u2763\u2765\u261d\u270c\u270d\u2620")

_SMILEY = re.compile(
    r">?(?P<eyes>[:;=])['’]?[-–^oо]?(?P<brackets>\)++|\(++)"
    r"|(?<!\w)(?P<eyes_2>[:;=])['’]?-?(?P<mouth>D|[PpРр]|[OoОо]|\*|\||\]|\[|\\|/(?!/))(?![\w/\\])"
    r"|(?<!\w)[xXхХ]D(?!\w)|(?<![<\w])<3(?!\w)|(?P<other></3(?!\w)|(?<!\w)[OoОо]_{1,3}[OoОо](?!\w)|¯\\_\(ツ\)_/¯)"
    r"|\^_{0,2}\^|(?P<bare>\){2,}+|\({2,}+)"
)
_MOUTHS = {"p": "P", "Р": "P", "р": "P", "o": "O", "О": "O", "о": "O", "\\": "/", "]": ")", "[": "("}


@dataclass(frozen=True, slots=True)
class Pictograph:
    """An emoji sequence or a text smiley with its place."""

    start: int
    end: int
    key: str
    """What it is compared by: a known sequence without variation selectors and skin tones, a smiley's plain form,
    or, for what Unicode does not know as one sequence, the sequence as it stands."""
    is_smiley: bool


def find_pictographs(text: str) -> list[Pictograph]:
    """Emoji and text smileys, in order."""
    found: list[Pictograph] = []
    if _CANDIDATE.search(text):  # most texts have none, and this search is the fastest
        matches = (match for match in _SEQUENCE.finditer(text) if not _is_text(match[0]))
        found = [Pictograph(*match.span(), emoji_key(match[0]), is_smiley=False) for match in matches]
    smileys = list(_SMILEY.finditer(text))
    lonely = _unmatched(text, [match.span("brackets") for match in smileys if _is_sure(match)])
    for match in smileys:
        brackets = "brackets" if match["brackets"] else "bare" if match["bare"] else None
        # A bracket that closes another is punctuation: «(список:)», «(см. (1))».
        lone = 1 if brackets is None else lonely.count(1, *match.span(brackets))
        if lone and not (brackets == "bare" and lone < 2):  # noqa: PLR2004  «1)» is an item of a list
            found.append(Pictograph(*match.span(), _smiley_key(match), is_smiley=True))
    return sorted(found, key=lambda one: one.start)


def _is_sure(match: re.Match[str]) -> bool:
    """Whether brackets are a smiley whatever else the text opens: no colon stands after a blank, none has a nose."""
    if not match["brackets"]:
        return False
    before = match.string[match.start() - 1 : match.start()]
    return not before or before.isspace() or match.start("brackets") - match.start() > 1


def emoji_key(sequence: str) -> str:
    """What an emoji is compared by."""
    plain = _without_selectors(sequence)
    return (_TONE.sub("", plain) or plain) if plain in _KNOWN else sequence


def pictograph_of(text: str) -> str | None:
    """The key of a text that is one emoji or one smiley and nothing else."""
    found = find_pictographs(text)
    return found[0].key if len(found) == 1 and (found[0].start, found[0].end) == (0, len(text)) else None


def name_of(key: str) -> str:
    """The Unicode name of an emoji; a smiley is its own name."""
    for known in (key, f"{key}\ufe0f"):
        if known in emoji.EMOJI_DATA:
            return str(emoji.EMOJI_DATA[known]["en"]).strip(":").replace("_", " ")
    return key


def _is_text(sequence: str) -> bool:
    """Whether a sign is shown as text: by VS15, or since nothing asks for an emoji."""
    first, rest = sequence[0], sequence[1:]
    if first in _MOODS or (rest and rest != "\ufe0e"):
        return False
    status = emoji.EMOJI_DATA.get(first, {}).get("status")
    return bool(rest) or status == emoji.STATUS["unqualified"]


def _smiley_key(match: re.Match[str]) -> str:
    eyes = (match["eyes"] or match["eyes_2"] or "").replace("=", ":")
    if match["brackets"]:
        return eyes + match["brackets"][0]
    if match["mouth"]:
        return eyes + _MOUTHS.get(match["mouth"], match["mouth"])
    if match["other"]:
        return match["other"]
    if match["bare"]:
        return ":" + match["bare"][0]
    return {"^": "^_^", "<": "<3"}.get(match[0][0], ":D")


def _unmatched(text: str, smileys: list[tuple[int, int]]) -> bytearray:
    """Marks the round brackets of a text that have no counterpart in their paragraph, those of sure smileys too.

    Of the brackets of a smiley that stands inside others, the last closes those: «(спасибо :))».
    """
    lonely = bytearray(len(text))
    for start, end in smileys:
        lonely[start] = 1
        if text[start] == "(":
            lonely[start:end] = b"\1" * (end - start)
    opened: list[int] = []
    for place, character in enumerate(text):
        if lonely[place]:
            continue
        if character == "(":
            opened.append(place)
            lonely[place] = 1
        elif character == ")":
            if opened:
                lonely[opened.pop()] = 0
            else:
                lonely[place] = 1
        elif character == "\n":
            opened.clear()
    return lonely
