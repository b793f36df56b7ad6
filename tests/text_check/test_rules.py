"""The rules of the reply check, each with matching and non-matching texts (O-6.2.3b, O-6.2.4, O-6.2.5)."""

import unicodedata

import pytest

from app.core.data_files import load_yaml
from app.messages import reference as messages
from app.reply_templates import reference as templates
from app.text_check import service
from app.text_check.rules.check import RULES, blocking
from app.text_check.rules.check_context import KnownClient, Phrases
from app.text_check.rules.findings import ERRORS, NAMES_RU, Finding, RuleCode, Severity
from app.text_check.rules.parsed_text import ParsedText
from app.text_check.rules.readability import compute_readability
from tests.text_check.factories import PLAIN, find_all, find_places

C = RuleCode
LONG = "Мы " + "очень " * 24 + "рады. "
HARD = (
    "Здравствуйте! Предоставление государственной поддержки предпринимателям осуществляется министерством "
    "экономического развития исключительно на конкурсной основе при соответствии заявителей установленным "
    "законодательством требованиям. "
    "Дополнительную информацию предоставляют консультационные организации."
)

ENGLAND = "🏴\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f"

MATCHING: dict[RuleCode, list[tuple[str, list[str]]]] = {
    C.PLACEHOLDER_MISSING: [("Привет, {имя}! {Ссылка} {x}", ["{имя}", "{Ссылка}", "{x}"]), ("{{имя}}", ["{имя}"])],
    C.TOO_LONG: [("а" * 4096 + "😊бв", ["😊бв"])],
    C.EMOJI_NOT_POSITIVE: [
        ("Нет 😡!", ["😡"]),
        ("👨‍👩‍👧 и 🇷🇺, 1️⃣ ☎️", ["👨‍👩‍👧", "🇷🇺", "1️⃣", "☎️"]),
        ("😊😀\u200d😡👍", ["😀\u200d😡"]),  # joined with a positive emoji it is another sequence
        ("😊🏽", ["😊🏽"]),  # this emoji has no skin tones, so a brown square follows it
        ("🇷 ☹ \U0001fadf", ["🇷", "☹", "\U0001fadf"]),
        ("Жаль :( и (это) так :-(((", [":(", ":-((("]),
        ("ну((", ["(("]),
        ("Жаль :( но да :)", [":("]),
        (ENGLAND, [ENGLAND]),
        ("Эх :-\\ и :o, >:( и o_O", [":-\\", ":o", ">:(", "o_O"]),
        ("Да </3 ¯\\_(ツ)_/¯", ["</3", "¯\\_(ツ)_/¯"]),
        ("👩🏽\u200d💻 е\u0301😡\u0301", ["👩🏽\u200d💻", "😡"]),
        ("https://nso.ru/a😡 и nso.ru/b👎", ["😡", "👎"]),  # an emoji is find_places directly after a link
    ],
    C.EMOJI_NOT_SOCIAL: [
        ("Рады помочь 😊 👍🏽 :)", ["😊", "👍🏽", ":)"]),
        ("https://nso.ru/a:)?b=:D😊", ["😊"]),
    ],
    C.PERSONAL_DATA: [
        ("СНИЛС 112-233-445 95", ["112-233-445 95"]),
        ("😀 паспорт 50 04 123456 ваш", ["50 04 123456"]),
        ("Карта 4276 3800 1234 5674", []),
        ("Карта 4111 1111 1111 1111 ваша", ["4111 1111 1111 1111"]),
        ("ИНН 500100732259", ["500100732259"]),
        ("Иван, ваш номер 8 (913) 123-45-67", ["8 (913) 123-45-67"]),
        ("Пишем на IVAN@Mail.ru", ["IVAN@Mail.ru"]),
        ("Ваша страница vk.com/id123456", ["id123456"]),
        ("Петров, добрый день! Ответили Петрову.", ["Петров", "Петрову"]),
    ],
    C.LINK_NOT_HTTPS: [("См. http://nso.ru/a, ftp://nso.ru.", ["http://nso.ru/a", "ftp://nso.ru"]), ("httрs://nso.ru", ["httрs://nso.ru"])],
    C.LINK_NOT_ALLOWED: [
        ("https://evil.com и https://notnso.ru", ["https://evil.com", "https://notnso.ru"]),
        ("https://nso.ru@evil.com/a", ["https://nso.ru@evil.com/a"]),
        ("https://evil.com\\@nso.ru", ["https://evil.com\\@nso.ru"]),
        ("evil.com/nso.ru //evil.com", ["evil.com/nso.ru", "evil.com"]),
        ("https://nso.ru.evil.com", ["https://nso.ru.evil.com"]),
        ("https://nsо.ru", ["https://nsо.ru"]),  # a Cyrillic о
    ],
    C.LINK_MISLEADING: [
        ("https://nso.ru@evil.com", ["https://nso.ru@evil.com"]),
        ("https://nsо.ru/a", ["https://nsо.ru/a"]),
        ("https://раура.com", ["https://раура.com"]),
        ("https://xn--80ak6aa92e.com", ["https://xn--80ak6aa92e.com"]),
        ("https://10.0.0.1/", ["https://10.0.0.1/"]),
    ],
    C.LINK_BARE: [("На сайте nso.ru, министерство.рф/a и www.nso.ru.", ["nso.ru", "министерство.рф/a", "www.nso.ru"])],
    C.PUBLIC_CONTACT: [("Звоните +7 913 765-43-21 или a@mail.ru", ["+7 913 765-43-21", "a@mail.ru"])],
    C.HARD_TO_READ: [(HARD, [HARD])],
    C.LONG_SENTENCE: [("Да. " + LONG + "Нет.", [LONG.strip()])],
    C.GENITIVE_CHAIN: [
        ("Изменён порядок рассмотрения заявки участника отбора.", ["рассмотрения заявки участника отбора"]),
        ("Срок оказания платной услуги центра", ["оказания платной услуги центра"]),
    ],
    C.VERBAL_NOUNS: [("Идёт проведение работ по созданию и улучшению.", ["проведение работ по созданию и улучшению"])],
    C.PASSIVE_VOICE: [
        ("Письмо было рассмотрено.", ["было рассмотрено"]),
        ("Принято решение.", ["Принято"]),
        ("Заявка рассматривается министерством.", ["рассматривается"]),
        ("Договор подписан министром.", ["подписан"]),
    ],
    C.BUREAUCRATIC_PHRASE: [
        ("😀 В целях роста", ["В целях"]),
        ("Мы осуществляли приём и осуществляем контроль", ["осуществляли приём", "осуществляем контроль"]),
        ("в настоящее время данной услуги нет", ["в настоящее время", "данной"]),
        ("В\u00a0СВЯЗИ  С тем, что", ["В\u00a0СВЯЗИ  С тем, что"]),
        ("оказано содействие", ["оказано содействие"]),
        ("оказать содеи\u0306ствие", ["оказать содеи\u0306ствие"]),  # NFD
    ],
    C.EMPTY_POLITENESS: [("Ваше обращение очень важно для нас!", ["Ваше обращение очень важно для нас"])],
    C.UNEXPLAINED_ABBREVIATION: [
        ("ТОСЭР и МСП, снова МСП", ["ТОСЭР", "МСП"]),
        ("Приходите в ЦОНК", ["ЦОНК"]),
        ("МСП-банк", ["МСП"]),
    ],
    C.CAPITALS: [("ВНИМАНИЕ ВСЕМ, это ВАЖНО", ["ВНИМАНИЕ ВСЕМ", "ВАЖНО"]), ("НЕ НАДО", ["НЕ НАДО"])],
    C.REPEATED_PUNCTUATION: [("Да!! Что?! 😀!!!", ["!!", "?!", "!!!"])],
    C.MISSING_GREETING: [("Условия есть. Чем помочь?", ["Условия есть."])],
    C.MISSING_INTEREST: [
        ("Здравствуйте! Условия есть.", ["Условия есть."]),
        ("Условия: https://nso.ru/a?id=5", ["Условия: https://nso.ru/a?id=5"]),  # a link is not a question
    ],
}  # fmt: skip

NON_MATCHING: dict[RuleCode, list[str]] = {
    C.PLACEHOLDER_MISSING: ["Без полей", "{}", "{ имя }", "{1}"],
    C.TOO_LONG: ["а" * 4096],
    C.EMOJI_NOT_POSITIVE: [
        "Рады 😊 👍🏿 ☺ ☺️ ❤ 🙋🏽‍♀️ :) :-))) ;) )))",
        "© ™ № 5 → 6 ☎ ✓",
        "1) да, а) (нет) (см. (3)) в 10:00 (https://a.ru:80/) и (список:)",
        "Нужны документы:(паспорт)",
        "C:\\docs, счёт 2:0, _o_ и 5 > 3",
    ],
    C.EMOJI_NOT_SOCIAL: ["Рады помочь! © 1) (да)"],
    C.PERSONAL_DATA: [
        "Иван, телефон министерства +7 (383) 238-66-00, почта econom@nso.ru",
        "Иван Петрович, здравствуйте!",
        "ИНН организации 7707083893, ОГРН 1027700132195",
        "Дом 1, 2024 год, 1 000 000 рублей",
        "На петровской площади, id1234567",
    ],
    C.LINK_NOT_HTTPS: ["https://nso.ru HTTPS://nso.ru nso.ru"],
    C.LINK_NOT_ALLOWED: [
        "125993, г.Москва, ул.Ленина",
        "https://nso.ru, https://econom.nso.ru:443/a?b#c (HTTPS://ECONOM.NSO.RU.) nso.ru",
        "https://nso。ru",
    ],
    C.LINK_MISLEADING: ["https://nso.ru https://минэк.рф https://xn--h1aeef4f.xn--p1ai https://t.me/@nso"],
    C.LINK_BARE: [
        "125993, г.Москва. Г.МОСКВА https://nso.ru/a.ru т.е. руб.за сайте.Подробности 1.5 a@nso.ru заявка.doc"
    ],
    C.PUBLIC_CONTACT: ["Звоните +7 (383) 238-66-00, пишите econom@nso.ru"],
    C.HARD_TO_READ: [PLAIN, "Предоставление государственной поддержки осуществляется."],
    C.LONG_SENTENCE: [
        "Мы " + "очень " * 22 + "рады. Да.",
        "слово\n" * 40,
        "Мы в г. Бердск. " * 20,
        "Рады помочь вам!😊 Да.:)" * 9,
    ],
    C.GENITIVE_CHAIN: [
        "Министерство экономического развития Новосибирской области",
        "Администрация города Бердска Новосибирской области",
        "условия получения займа, порядок подачи",
    ],
    C.VERBAL_NOUNS: ["Заявление в учреждение, решение и обращение. Проведение и улучшение."],
    C.PASSIVE_VOICE: [
        "Мы рассмотрели письмо.",
        "Он занимается бизнесом и является участником",
        "Меры собраны здесь",
        "Договор заключается с банком, центр открыт перед выходными",
    ],
    C.BUREAUCRATIC_PHRASE: [
        "Попали в цель",
        "Персональные данные защищены",
        "По данным сайта",
        "в настоящее, время"[:4],
    ],
    C.EMPTY_POLITENESS: ["Ваше обращение передали врачу"],
    C.UNEXPLAINED_ABBREVIATION: [
        "РФ, ИНН, МФЦ, ИП, XX век, QR-код",
        "ТОСЭР (территория опережающего развития) и ТОСЭР",
        "территория роста (далее — ТОР), ТОР",
        "Налог на профессиональный доход: НПД",
        "ЦОНК — это центр",
    ],
    C.CAPITALS: ["Я и МФЦ, В Бердске НДС ООО", "Не надо"],
    C.REPEATED_PUNCTUATION: ["Да! Что? Ну… Ага...", "https://nso.ru/a?b=??c"],
    C.MISSING_GREETING: [PLAIN, "Добрый день. Условия", "Уважаемая Анна, да", "Здра\u0301вствуйте!"],
    C.MISSING_INTEREST: ["Какой вопрос у вас?", "Поможем заполнить", "Звоните нам", "Видели https://nso.ru/a?"],
}

CLIENT = KnownClient(("Петров Иван Сергеевич",), ("id123456", "+79131234567", "ivan@mail.ru"))
PUBLIC = {C.PERSONAL_DATA, C.PUBLIC_CONTACT, C.TOO_LONG}


def find_by_rule(code: RuleCode, text: str) -> list[str]:
    channel = "email" if code is C.EMOJI_NOT_SOCIAL else "vk"
    more = {"values": {C.LINK_NOT_ALLOWED: ("nso.ru",)}} if code is C.LINK_NOT_ALLOWED else {}
    return find_places(text, code, channel, is_public=code in PUBLIC or None, client=CLIENT, **more)


def test_every_rule_has_a_name_and_both_kinds_of_texts() -> None:
    assert set(MATCHING) == set(NON_MATCHING) == set(RULES) == set(NAMES_RU) == set(C)


@pytest.mark.order("O-6.2.3b", "O-6.2.4", "O-6.2.5")
@pytest.mark.parametrize(("code", "text", "places"), [(c, *row) for c, rows in MATCHING.items() for row in rows])
def test_a_rule_finds_the_exact_places(code: RuleCode, text: str, places: list[str]) -> None:
    assert find_by_rule(code, text) == places


@pytest.mark.order("O-6.2.3b", "O-6.2.4", "O-6.2.5")
@pytest.mark.parametrize(("code", "text"), [(c, text) for c, texts in NON_MATCHING.items() for text in texts])
def test_a_rule_finds_nothing(code: RuleCode, text: str) -> None:
    assert find_by_rule(code, text) == []


def test_places_refer_to_the_original_text() -> None:
    """The findings follow astral characters, joined emoji and letters of two code points."""
    before = "👩‍👩‍👧‍👦🇷🇺 И\u0306о\u0301д 𝒜 "
    for after in ("в целях", "http://a.ru", "ТОСЭР", "{имя}", ":("):
        text = before + after
        assert (len(before), len(text)) in {(finding.start, finding.end) for finding in find_all(text)}, after
    composed = unicodedata.normalize("NFC", before)
    assert len(composed) < len(before), "normalization must change the positions in this text"


def test_a_plain_text_has_no_findings_in_any_channel() -> None:
    for channel in (None, "vk", "telegram", "email"):
        assert find_all(PLAIN, channel, is_public=True) == []


def test_findings_have_the_severity_of_their_rule() -> None:
    findings = find_all("{имя} данной 😡")
    assert {finding.code: finding.severity for finding in findings} == {
        C.PLACEHOLDER_MISSING: Severity.ERROR,
        C.EMOJI_NOT_POSITIVE: Severity.ERROR,
        C.BUREAUCRATIC_PHRASE: Severity.WARNING,
        C.MISSING_GREETING: Severity.WARNING,
        C.MISSING_INTEREST: Severity.WARNING,
    }
    assert {finding.code for finding in blocking(findings)} <= ERRORS


def test_a_suggestion_fits_the_place() -> None:
    suggestions = {
        finding.code: finding.suggestion for finding in find_all("В целях роста. ТОСЭР. http://a.ru ДА НЕТ!!")
    }
    assert suggestions[C.BUREAUCRATIC_PHRASE] == "Чтобы"
    assert suggestions[C.UNEXPLAINED_ABBREVIATION] == "территория опережающего социально-экономического развития"
    assert suggestions[C.LINK_NOT_HTTPS] == "https://a.ru"
    assert suggestions[C.CAPITALS] == "да нет" and suggestions[C.REPEATED_PUNCTUATION] == "!"


def test_a_client_contact_is_found_in_any_format_and_only_in_public_texts() -> None:
    for text in ("89131234567", "+7 913 123 45 67", "8-913-123-45-67", "(913) 123.45.67"):
        assert find_places(f"Ваш номер {text}", C.PERSONAL_DATA, is_public=True, client=CLIENT) == [text]
        assert find_places(f"Ваш номер {text}", C.PERSONAL_DATA, is_public=False, client=CLIENT) == []
    assert find_places("Ваш номер 8 913 123-45-68", C.PERSONAL_DATA, is_public=True, client=CLIENT) == []


@pytest.mark.parametrize(
    ("name", "text", "places"),
    [
        ("Иван П.", "Иван, здравствуйте! П. 5", []),
        ("Сидорова Анна", "Анна Сидорова, Сидоровой, сидоровой", ["Сидорова", "Сидоровой", "сидоровой"]),
        ("Мороз Иван", "Иван Мороз! На улице мороз.", ["Мороз"]),
        ("Иванов Иван", "Вам, Иван Иванович, Ивано\u0301в", ["Ивано\u0301в"]),
        ("Ivan Petrov", "Ivan, hello, Petrov", ["Petrov"]),
        ("Айбек Кабанбаев", "Айбек, письмо Кабанбаева", ["Кабанбаева"]),
        ("Йолкин Олег", "И\u0306олкину, Олег", ["И\u0306олкину"]),
    ],
)
def test_the_client_surname_is_found_in_any_case_and_the_first_name_is_allowed(
    name: str, text: str, places: list[str]
) -> None:
    assert find_places(text, C.PERSONAL_DATA, is_public=True, client=KnownClient((name,))) == places


@pytest.mark.parametrize(
    ("channel", "is_public", "limit"),
    [("telegram", False, 4096), ("vk", False, 9000), ("vk", True, 4096), ("vk", None, 9000), ("ok", True, 4000)],
)
def test_the_length_limit_depends_on_the_channel(channel: str, is_public: bool | None, limit: int) -> None:
    assert find_places("а" * limit, C.TOO_LONG, channel, is_public=is_public) == []
    assert find_places("а" * (limit + 1), C.TOO_LONG, channel, is_public=is_public) == ["а"]
    assert find_places("а" * 10_000, C.TOO_LONG, "email") == []


def test_there_are_enough_phrases_and_each_is_found() -> None:
    phrases = load_yaml(service.__file__, "phrases.yaml")
    assert len(phrases["bureaucratic_phrase"]) >= 150
    assert all(phrases["bureaucratic_phrase"].values())
    for kind, code in (("bureaucratic_phrase", C.BUREAUCRATIC_PHRASE), ("empty_politeness", C.EMPTY_POLITENESS)):
        for phrase in phrases[kind]:
            text = phrase.replace("=", "")
            assert find_places(text, code) == [text], phrase


@pytest.mark.order("O-6.2.6")
def test_the_demo_texts_pass_the_check() -> None:
    values = {"имя": "Иван", "ссылка": "https://mbnso.ru", "телефон": "8 (383) 000-00-00", "дата": "1 декабря"}
    values |= {"адрес": "Красный проспект, 18", "номер": "1"}
    texts = [template["text"] for template in load_yaml(templates.__file__, "demo_templates.yaml")["templates"]]
    bodies = load_yaml(messages.__file__, "demo_competent_bodies.yaml")["competent_bodies"]
    warnings: list[Finding] = []
    for text in [*texts, *(body["explanation"] for body in bodies)]:
        for name, value in values.items():
            text = text.replace(f"{{{name}}}", value)  # noqa: PLW2901
        findings = find_all(text, is_public=True)
        assert blocking(findings) == [], text
        warnings += findings
    assert len(warnings) <= len(texts) / 10, "the demo texts must follow the rules"


@pytest.mark.order("O-6.2.4")
def test_readability_of_the_worked_example() -> None:
    readability = compute_readability(
        "Министерство экономического развития готово ответить на ваш вопрос. "
        "Напишите нам номер телефона, и мы перезвоним сегодня."
    )
    assert readability is not None
    assert (readability.flesch, readability.fk_grade, readability.cli) == (27.40, 11.98, 10.70)
    assert (readability.smog, readability.ari, readability.dale_chall) == (6.30, 11.50, 5.63)
    assert (readability.sentences, readability.words) == (2, 16)


@pytest.mark.parametrize("text", ["", "123", "!!!", "hmm", "в с к", "😀"])
def test_a_text_without_words_has_no_readability(text: str) -> None:
    assert compute_readability(text) is None


def test_readability_ignores_case_and_counts_at_least_one_sentence() -> None:
    assert compute_readability("ДОБРЫЙ ДЕНЬ") == compute_readability("добрый день")
    readability = compute_readability("добрый день")
    assert readability is not None and readability.sentences == 1
    assert compute_readability("и\u0306 ещё") == compute_readability("й ещё"), (
        "readability must not depend on composition"
    )
    plain = compute_readability("Предприниматель платит кое-какие налоги")
    for text in ("Предпринима\u0301тель", "Пред\u00adприни\u00adматель", "Предприни\u200bматель"):
        assert compute_readability(f"{text} платит кое‑какие налоги") == plain, (
            "invisible characters must not split a word"
        )
    for pictograph in ("😊", "👍🏽", ":)"):
        assert compute_readability(f"Мы рады!{pictograph} Ждём вас.{pictograph}") == compute_readability(
            "Мы рады! Ждём вас."
        ), pictograph


def test_a_single_word_phrase_matches_only_its_most_likely_lemma() -> None:
    """«данные» is not a form of the dictionary word «данный»."""
    phrases = Phrases([("данный", "этот"), ("данный момент", "сейчас"), ("=путём", "с помощью")])
    for text, places in (
        ("Данную услугу, данного займа", ["Данную", "данного"]),
        ("Персональные данные. Данные дали.", []),
        ("в данный момент", ["данный момент"]),
        ("путём", ["путём"]),
        ("в пути", []),
    ):
        assert [text[match.start : match.end] for match in phrases.find(ParsedText(text))] == places
