"""Rules about grammar: chains of genitives, clusters of verbal nouns, and the passive voice (O-6.2.4)."""

from collections.abc import Iterator, Sequence

from app.text_check.rules.check_context import CheckContext
from app.text_check.rules.findings import Place, RuleCode
from app.text_check.rules.parsed_text import ParsedText, Sentence, Word

_NAMES = ("Geox", "Name", "Surn", "Patr", "Abbr", "Orgn")
_HIGH_SCORE = 0.3
_VERBAL = ("ание", "ение", "яние", "тие")
_WORDS_BETWEEN = 3
_MAX_DISTANCE = 2


def find_genitive_chains(parsed: ParsedText, context: CheckContext) -> Iterator[Place]:
    """Find chains of genitive nouns as long as the threshold; adjectives may intervene, names do not count."""
    threshold = context.setting(RuleCode.GENITIVE_CHAIN).threshold
    if threshold is None:
        return
    for sentence in parsed.sentences:
        chain: list[Word] = []
        before: Word | None = None
        for word in sentence.words:
            if before is not None and parsed.raw[before.end : word.start].strip():
                yield from _build_chain(chain, threshold)
                chain = []
            before = word
            is_noun = word.may_be("NOUN", "gent", least=_HIGH_SCORE if not chain else 0.05)
            if is_noun or any(word.may_be(kind, "gent") for kind in ("ADJF", "PRTF")):
                chain.append(word)
            else:
                yield from _build_chain(chain, threshold)
                chain = []
        yield from _build_chain(chain, threshold)


def _build_chain(chain: Sequence[Word], threshold: int) -> Iterator[Place]:
    nouns = [word for word in chain if word.may_be("NOUN", "gent")]
    counted = [word for word in nouns if not any(word.may_be(name, least=_HIGH_SCORE) for name in _NAMES)]
    if len(counted) >= threshold:
        message = f"Подряд существительных в родительном падеже: {len(counted)}. Перестройте фразу, добавьте глагол."
        yield Place(chain[0].start, nouns[-1].end, message)


def find_verbal_nouns(parsed: ParsedText, context: CheckContext) -> Iterator[Place]:
    """Find clusters of verbal nouns as large as the threshold; `values` are nouns that are not actions."""
    setting = context.setting(RuleCode.VERBAL_NOUNS)
    if setting.threshold is None:
        return
    for sentence in parsed.sentences:
        cluster: list[Word] = []
        last = 0
        for place, word in enumerate(sentence.words):
            if not _is_verbal(word, setting.values):
                continue
            if cluster and place - last > _WORDS_BETWEEN:
                yield from _build_cluster(cluster, setting.threshold)
                cluster = []
            cluster.append(word)
            last = place
        yield from _build_cluster(cluster, setting.threshold)


def _is_verbal(word: Word, exceptions: Sequence[str]) -> bool:
    best = word.readings[0]
    return "NOUN" in best.tags and best.lemma.endswith(_VERBAL) and best.lemma not in exceptions


def _build_cluster(cluster: Sequence[Word], threshold: int) -> Iterator[Place]:
    if len(cluster) >= threshold:
        message = f"Скопление отглагольных существительных ({len(cluster)}). Замените их глаголами."
        yield Place(cluster[0].start, cluster[-1].end, message)


def find_passive_voice(parsed: ParsedText, context: CheckContext) -> Iterator[Place]:
    """Find short passive participles (with «быть», in the neuter or with an agent) and passive verbs with an agent.

    `values` are verbs in -ся that are not passive.
    """
    values = context.setting(RuleCode.PASSIVE_VOICE).values
    for sentence in parsed.sentences:
        for place, word in enumerate(sentence.words):
            best = word.readings[0]
            if "PRTS" in best.tags and "pssv" in best.tags:
                auxiliary = _find_auxiliary(sentence, place)
                if auxiliary is not None or "neut" in best.tags or _has_agent(sentence, place):
                    first = min(word.start, auxiliary.start if auxiliary else word.start)
                    last = max(word.end, auxiliary.end if auxiliary else word.end)
                    yield Place(first, last, _PASSIVE)
            elif _is_reflexive(word) and best.lemma not in values and _has_agent(sentence, place):
                yield Place(word.start, word.end, _PASSIVE)


_PASSIVE = "Страдательный залог. Укажите, кто выполняет действие: «мы рассмотрели», а не «было рассмотрено»."


def _find_auxiliary(sentence: Sentence, place: int) -> Word | None:
    before = sentence.words[max(0, place - _MAX_DISTANCE) : place]
    after = sentence.words[place + 1 : place + 1 + _MAX_DISTANCE]
    return next((word for word in (*reversed(before), *after) if word.readings[0].lemma == "быть"), None)


def _has_agent(sentence: Sentence, place: int) -> bool:
    """Return whether an instrumental noun without a preposition nearby names the agent; «с банком» does not."""
    indexes = [*range(place + 1, min(place + 1 + _MAX_DISTANCE, len(sentence.words))), *range(max(0, place - 1), place)]
    return any(
        sentence.words[index].may_be("NOUN", "ablt", least=_HIGH_SCORE)
        and not (index and "PREP" in sentence.words[index - 1].readings[0].tags)
        for index in indexes
    )


def _is_reflexive(word: Word) -> bool:
    best = word.readings[0]
    return "VERB" in best.tags and "3per" in best.tags and word.form.endswith("ся")
