"""Placeholders and transitions of a template (O-6.2.6)."""

import pytest

from app.reply_templates.rules.placeholders import Span, fill_placeholders, find_placeholders
from app.reply_templates.rules.placeholders import find_unknown_placeholders as unknown
from app.reply_templates.rules.states import TEMPLATE_TRANSITIONS, TemplateMove, TemplateState


@pytest.mark.order("O-6.2.6")
@pytest.mark.parametrize(
    ("text", "values", "expected"),
    [
        ("Здравствуйте, {имя}!", {"имя": "Иван"}, "Здравствуйте, Иван!"),
        ("{имя} {имя}", {"имя": "Я"}, "Я Я"),
        ("{имя} {дата}", {"имя": "{дата}", "дата": "1 мая"}, "{дата} 1 мая"),  # a value is not parsed again
        ("{имя} {ссылка}", {"имя": "Иван"}, "Иван {ссылка}"),
        ("{имя.__class__}", {"имя": "Иван"}, "{имя.__class__}"),
        ("{имя!r} {0} {}", {"имя": "Иван"}, "{имя!r} {0} {}"),
        ("Без полей", {}, "Без полей"),
    ],
)
def test_placeholders_are_filled(text: str, values: dict[str, str], expected: str) -> None:
    assert fill_placeholders(text, values) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("{имя} {ссылка} {дата} {телефон} {адрес} {номер}", []),
        ("Привет, {кличка}!", [Span(8, 16)]),
        ("{0.__class__}", [Span(0, 13)]),
        ("{ имя }", [Span(0, 7)]),
        ("{", [Span(0, 1)]),
        ("а } б", [Span(2, 3)]),
        ("{{имя}}", [Span(0, 1), Span(6, 7)]),
        ("👩‍👩‍👧 {x}", [Span(6, 9)]),  # code points
    ],
)
def test_unknown_placeholders_are_found_with_their_ranges(text: str, expected: list[Span]) -> None:
    assert unknown(text) == expected


def test_the_placeholders_of_a_text_are_found() -> None:
    assert find_placeholders("{дата} {имя} {дата} {x}") == ["дата", "имя"]


def test_the_transitions_of_a_template() -> None:
    assert TEMPLATE_TRANSITIONS.moves_from(TemplateState.ARCHIVED) == []
    assert TEMPLATE_TRANSITIONS.find(TemplateState.PUBLISHED, TemplateMove.EDIT) is TemplateState.DRAFT
    assert TEMPLATE_TRANSITIONS.find(TemplateState.PUBLISHED, TemplateMove.PUBLISH) is None
    assert set(TEMPLATE_TRANSITIONS.states) == set(TemplateState)
