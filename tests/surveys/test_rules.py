"""Parsing answers by key and by code, with a pointer for every error (A-1, A-1.23x)."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.surveys.rules.answers import parse_answers, to_answers_by_key
from app.surveys.rules.form import normalize_code, parse_form, to_codes
from app.surveys.statutory_wording import load_order_form

FORM = parse_form({"form": load_order_form()})
SOURCES = ["official_site", "telegram", "vk", "ok"]
BY_KEY: dict[str, Any] = {
    "satisfaction": 1,
    "source_usage": dict.fromkeys(SOURCES, 1),
    "ease_of_finding": dict.fromkeys(SOURCES, 5),
}
BY_CODE: dict[str, Any] = {
    "21": 2,
    **{f"22.{n}": 3 for n in range(1, 5)},
    **{f"23.{n}": 4 for n in range(1, 5)},
}


def find_errors(raw: dict[str, Any]) -> list[tuple[str, str]]:
    return [(error.pointer, error.code) for error in parse_answers(FORM, raw).errors]


@pytest.mark.order("A-1", "A-1.23x")
@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        (BY_KEY, []),
        (BY_CODE, []),
        (BY_CODE | {"12": "50701000", "13": "2026-11-24", "11": "x"}, []),  # not validated by the rules
        # Codes are normalised: the form has «23.3.».
        ({("23.3." if code == "23.3" else code): value for code, value in BY_CODE.items()}, []),
        ({}, [("/answers/21", "missing")] + [(f"/answers/{q}.{n}", "missing") for q in (22, 23) for n in range(1, 5)]),
        ({k: v for k, v in BY_CODE.items() if k != "22.3"}, [("/answers/22.3", "missing")]),
        (
            BY_KEY | {"source_usage": {"vk": 1, "ok": 1, "telegram": 1}},
            [("/answers/source_usage/official_site", "missing")],
        ),
        (BY_CODE | {"21": 3}, [("/answers/21", "out_of_range")]),
        (BY_CODE | {"21": 0}, [("/answers/21", "out_of_range")]),
        (BY_CODE | {"22.1": 4}, [("/answers/22.1", "out_of_range")]),
        (BY_CODE | {"23.1": 6}, [("/answers/23.1", "out_of_range")]),
        (BY_CODE | {"23.1": 2**63}, [("/answers/23.1", "out_of_range")]),
        (BY_CODE | {"21": "1"}, [("/answers/21", "int_type")]),
        (BY_CODE | {"21": True}, [("/answers/21", "int_type")]),
        (BY_CODE | {"21": 1.0}, [("/answers/21", "int_type")]),
        (BY_CODE | {"21": None}, [("/answers/21", "int_type")]),
        (BY_CODE | {"24": 1}, [("/answers/24", "unknown_code")]),
        (BY_CODE | {"22.5": 1}, [("/answers/22.5", "unknown_code")]),
        (BY_CODE | {"22.1.comment": "x"}, [("/answers/22.1.comment", "unknown_code")]),
        (BY_CODE | {"satisfaction": 1}, [("/answers/satisfaction", "given_twice")]),
        (BY_CODE | {"23.1.": 4}, [("/answers/23.1.", "given_twice")]),
        (BY_KEY | {"source_usage": [1]}, [("/answers/source_usage", "dict_type")]),
        (BY_KEY | {"comments": "x"}, [("/answers/comments", "dict_type")]),
        (BY_KEY | {"comments": {"radio": "x"}}, [("/answers/comments/radio", "unknown_source")]),
        (BY_KEY | {"a/b~c": 1}, [("/answers/a~1b~0c", "unknown_code")]),
        # A comment is allowed for 1, 2 and 3 only.
        (BY_CODE | {"23.1": 3, "23.1.comment": "нет телефона"}, []),
        (BY_CODE | {"23.1": 1, "23.1.comment": "нет телефона"}, []),
        (BY_CODE | {"23.1": 4, "23.1.comment": "x"}, [("/answers/23.1.comment", "comment_not_asked")]),
        (BY_CODE | {"23.1": 5, "23.1.comment.": "x"}, [("/answers/23.1.comment.", "comment_not_asked")]),
        (BY_KEY | {"comments": {"vk": "x"}}, [("/answers/comments/vk", "comment_not_asked")]),
        (BY_CODE | {"23.1": 1, "23.1.comment": " "}, [("/answers/23.1.comment", "blank")]),
        (BY_CODE | {"23.1": 1, "23.1.comment": 5}, [("/answers/23.1.comment", "string_type")]),
        (BY_CODE | {"23.1": 1, "23.1.comment": "a\x00"}, [("/answers/23.1.comment", "control_characters")]),
        (BY_CODE | {"23.1": 1, "23.1.comment": "\ud800"}, [("/answers/23.1.comment", "control_characters")]),
        (BY_CODE | {"23.1": 1, "23.1.comment": "я" * 4001}, [("/answers/23.1.comment", "string_too_long")]),
        (BY_CODE | {"21": 9, "22.1": 9}, [("/answers/21", "out_of_range"), ("/answers/22.1", "out_of_range")]),
    ],
)
def test_errors_have_the_pointer_of_their_answer(raw: dict[str, Any], expected: list[tuple[str, str]]) -> None:
    assert find_errors(raw) == expected


@given(
    st.integers(1, 2),
    st.lists(st.integers(1, 3), min_size=4, max_size=4),
    st.lists(st.integers(1, 5), min_size=4, max_size=4),
    st.lists(st.none() | st.text(st.characters(exclude_categories=["Cc", "Cs"]), min_size=1), min_size=4, max_size=4),
)
def test_by_key_and_by_code_are_the_same_answers(
    satisfaction: int, usage: list[int], ease: list[int], texts: list[str | None]
) -> None:
    comments = {
        source: text
        for source, text, score in zip(SOURCES, texts, ease, strict=True)
        if text is not None and text.strip() and score <= 3
    }
    by_key = {
        "satisfaction": satisfaction,
        "source_usage": dict(zip(SOURCES, usage, strict=True)),
        "ease_of_finding": dict(zip(SOURCES, ease, strict=True)),
        "comments": comments,
    }
    read = parse_answers(FORM, by_key)
    assert read.errors == []
    assert to_answers_by_key(FORM, read) == by_key
    codes = to_codes(FORM, by_key)
    assert set(codes) >= {"21", "22.1", "22.4", "23.1", "23.4"}
    again = parse_answers(FORM, codes)
    assert again.errors == []
    assert to_answers_by_key(FORM, again) == by_key


def test_codes_are_normalised() -> None:
    assert [normalize_code(code) for code in ("23.3.", " 21 ", "22.1")] == ["23.3", "21", "22.1"]
