"""Search for emoji sequences (UTS 51) and text smileys."""

import re
from dataclasses import dataclass

import emoji

_SELECTORS = "\ufe0e\ufe0f"
_TONES = "\U0001f3fb-\U0001f3ff"
_FLAGS = "\U0001f1e6-\U0001f1ff"
_TAGS = "\U000e0020-\U000e007f"
_KEYCAP = "\u20e3"


def _remove_selectors(sequence: str) -> str:
    return sequence.replace("\ufe0e", "").replace("\ufe0f", "")


_KNOWN = frozenset(_remove_selectors(sequence) for sequence in emoji.EMOJI_DATA)
_TONE = re.compile(f"[{_TONES}]")
# Any character of the Unicode emoji blocks counts, even if the library does not know it yet.
_BLOCKS = "\U0001f000-\U0001faff"
_FIRST = _BLOCKS + "".join(
    sorted({re.escape(sequence[0]) for sequence in emoji.EMOJI_DATA if not sequence[0].isascii()})
)
_ELEMENT = (
    f"(?:[{_FLAGS}]{{1,2}}|[0-9#*][{_SELECTORS}]?{_KEYCAP}|[{_FIRST}][{_SELECTORS}{_TONES}]{{0,3}}[{_TAGS}]{{0,8}})"
)
_SEQUENCE = re.compile(f"{_ELEMENT}(?:\u200d{_ELEMENT}){{0,9}}[{_KEYCAP}{_SELECTORS}]{{0,2}}")
_CANDIDATE = re.compile(f"[{_FLAGS}{_FIRST}{_KEYCAP}]")
# Characters with text presentation by default, such as «©», are not emoji; these are, because they show a mood.
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
    """An emoji sequence or a text smiley with its position."""

    start: int
    end: int
    key: str
    """The key for comparison: a known sequence without variation selectors and skin tones, a normalized smiley,
    or an unknown sequence unchanged."""
    is_smiley: bool


def find_pictographs(text: str) -> list[Pictograph]:
    """Return the emoji and text smileys of a text, in order."""
    pictographs: list[Pictograph] = []
    if _CANDIDATE.search(text):  # most texts have none, and this search is faster
        matches = (match for match in _SEQUENCE.finditer(text) if not _is_text(match[0]))
        pictographs = [Pictograph(*match.span(), get_emoji_key(match[0]), is_smiley=False) for match in matches]
    smileys = list(_SMILEY.finditer(text))
    unmatched = _mask_unmatched(text, [match.span("brackets") for match in smileys if _is_certain(match)])
    for match in smileys:
        brackets = "brackets" if match["brackets"] else "bare" if match["bare"] else None
        # A bracket with a pair is punctuation: «(список:)», «(см. (1))».
        unmatched_count = 1 if brackets is None else unmatched.count(1, *match.span(brackets))
        if unmatched_count and not (brackets == "bare" and unmatched_count < 2):  # noqa: PLR2004  «1)» is a list item
            pictographs.append(Pictograph(*match.span(), _get_smiley_key(match), is_smiley=True))
    return sorted(pictographs, key=lambda pictograph: pictograph.start)


def _is_certain(match: re.Match[str]) -> bool:
    """Return whether brackets are certainly a smiley: with a nose, or with eyes after whitespace."""
    if not match["brackets"]:
        return False
    before = match.string[match.start() - 1 : match.start()]
    return not before or before.isspace() or match.start("brackets") - match.start() > 1


def get_emoji_key(sequence: str) -> str:
    """Return the key for comparison of an emoji."""
    plain = _remove_selectors(sequence)
    return (_TONE.sub("", plain) or plain) if plain in _KNOWN else sequence


def parse_pictograph(text: str) -> str | None:
    """Return the key of a text that is exactly one emoji or smiley, else None."""
    pictographs = find_pictographs(text)
    is_whole = len(pictographs) == 1 and (pictographs[0].start, pictographs[0].end) == (0, len(text))
    return pictographs[0].key if is_whole else None


def get_name(key: str) -> str:
    """Return the Unicode name of an emoji; a smiley is returned unchanged."""
    for sequence in (key, f"{key}\ufe0f"):
        if sequence in emoji.EMOJI_DATA:
            return str(emoji.EMOJI_DATA[sequence]["en"]).strip(":").replace("_", " ")
    return key


def _is_text(sequence: str) -> bool:
    """Return whether a character has text presentation: with VS15, or by default."""
    first, rest = sequence[0], sequence[1:]
    if first in _MOODS or (rest and rest != "\ufe0e"):
        return False
    status = emoji.EMOJI_DATA.get(first, {}).get("status")
    return bool(rest) or status == emoji.STATUS["unqualified"]


def _get_smiley_key(match: re.Match[str]) -> str:
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


def _mask_unmatched(text: str, smileys: list[tuple[int, int]]) -> bytearray:
    """Return a mask of the round brackets without a pair in their paragraph, including those of certain smileys.

    The last bracket of a smiley inside brackets closes them: «(спасибо :))».
    """
    unmatched = bytearray(len(text))
    for start, end in smileys:
        unmatched[start] = 1
        if text[start] == "(":
            unmatched[start:end] = b"\1" * (end - start)
    opened: list[int] = []
    for place, character in enumerate(text):
        if unmatched[place]:
            continue
        if character == "(":
            opened.append(place)
            unmatched[place] = 1
        elif character == ")":
            if opened:
                unmatched[opened.pop()] = 0
            else:
                unmatched[place] = 1
        elif character == "\n":
            opened.clear()
    return unmatched
