"""What makes an official's Russian heavy: genitives in a chain, verbal nouns in a heap, the passive voice (O-6.2.4)."""

from collections.abc import Iterator, Sequence

from app.text_check.rules.check_context import CheckContext
from app.text_check.rules.findings import Place, RuleCode
from app.text_check.rules.parsed_text import ParsedText, Sentence, Word

_NAMES = ("Geox", "Name", "Surn", "Patr", "Abbr", "Orgn")
_SURE = 0.3
_VERBAL = ("ание", "ение", "яние", "тие")
_WORDS_BETWEEN = 3
_NEAR = 2


def genitive_chains(parsed: ParsedText, case: CheckContext) -> Iterator[Place]:
    """Nouns in the genitive one after another, as many as the threshold; adjectives between them, names uncounted."""
    most = case.of(RuleCode.GENITIVE_CHAIN).threshold
    if most is None:
        return
    for sentence in parsed.sentences:
        chain: list[Word] = []
        before: Word | None = None
        for word in sentence.words:
            if before is not None and parsed.raw[before.end : word.start].strip():
                yield from _chain(chain, most)
                chain = []
            before = word
            is_noun = word.may_be("NOUN", "gent", least=_SURE if not chain else 0.05)
            if is_noun or any(word.may_be(kind, "gent") for kind in ("ADJF", "PRTF")):
                chain.append(word)
            else:
                yield from _chain(chain, most)
                chain = []
        yield from _chain(chain, most)


def _chain(chain: Sequence[Word], most: int) -> Iterator[Place]:
    nouns = [word for word in chain if word.may_be("NOUN", "gent")]
    counted = [word for word in nouns if not any(word.may_be(name, least=_SURE) for name in _NAMES)]
    if len(counted) >= most:
        message = f"Подряд существительных в родительном падеже: {len(counted)}. Перестройте фразу, добавьте глагол."
        yield Place(chain[0].start, nouns[-1].end, message)


def verbal_nouns(parsed: ParsedText, case: CheckContext) -> Iterator[Place]:
    """Verbal nouns close to each other, as many as the threshold; `values` holds nouns that name no action."""
    setting = case.of(RuleCode.VERBAL_NOUNS)
    if setting.threshold is None:
        return
    for sentence in parsed.sentences:
        heap: list[Word] = []
        last = 0
        for place, word in enumerate(sentence.words):
            if not _is_verbal(word, setting.values):
                continue
            if heap and place - last > _WORDS_BETWEEN:
                yield from _heap(heap, setting.threshold)
                heap = []
            heap.append(word)
            last = place
        yield from _heap(heap, setting.threshold)


def _is_verbal(word: Word, others: Sequence[str]) -> bool:
    best = word.readings[0]
    return "NOUN" in best.tags and best.lemma.endswith(_VERBAL) and best.lemma not in others


def _heap(heap: Sequence[Word], most: int) -> Iterator[Place]:
    if len(heap) >= most:
        message = f"Скопление отглагольных существительных ({len(heap)}). Замените их глаголами."
        yield Place(heap[0].start, heap[-1].end, message)


def passive_voice(parsed: ParsedText, case: CheckContext) -> Iterator[Place]:
    """A short passive participle with «быть» or in the neuter, or a passive verb, each with its doer nearby.

    `values` holds verbs in -ся that are not passive.
    """
    values = case.of(RuleCode.PASSIVE_VOICE).values
    for sentence in parsed.sentences:
        for place, word in enumerate(sentence.words):
            best = word.readings[0]
            if "PRTS" in best.tags and "pssv" in best.tags:
                helper = _helper(sentence, place)
                if helper is not None or "neut" in best.tags or _has_doer(sentence, place):
                    first = min(word.start, helper.start if helper else word.start)
                    last = max(word.end, helper.end if helper else word.end)
                    yield Place(first, last, _PASSIVE)
            elif _is_reflexive(word) and best.lemma not in values and _has_doer(sentence, place):
                yield Place(word.start, word.end, _PASSIVE)


_PASSIVE = "Страдательный залог. Скажите, кто это делает: «мы рассмотрели», а не «было рассмотрено»."


def _helper(sentence: Sentence, place: int) -> Word | None:
    before = sentence.words[max(0, place - _NEAR) : place]
    after = sentence.words[place + 1 : place + 1 + _NEAR]
    return next((word for word in (*reversed(before), *after) if word.readings[0].lemma == "быть"), None)


def _has_doer(sentence: Sentence, place: int) -> bool:
    """Whether a noun in the instrumental says who does it; behind a preposition it says something else: «с банком»."""
    places = [*range(place + 1, min(place + 1 + _NEAR, len(sentence.words))), *range(max(0, place - 1), place)]
    return any(
        sentence.words[one].may_be("NOUN", "ablt", least=_SURE)
        and not (one and "PREP" in sentence.words[one - 1].readings[0].tags)
        for one in places
    )


def _is_reflexive(word: Word) -> bool:
    best = word.readings[0]
    return "VERB" in best.tags and "3per" in best.tags and word.form.endswith("ся")
