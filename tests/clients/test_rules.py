"""Comparison of contacts and identification of cards."""

import pytest

from app.clients.rules import (
    MAX_LENGTH,
    ClientCard,
    ClientKind,
    Contact,
    Representative,
    compute_content_hash,
    mask_client,
    normalize_contact,
)


@pytest.mark.order("O-2.2")
@pytest.mark.parametrize(
    ("kind", "value", "expected"),
    [
        ("phone", "8 913 123-45-67", "+79131234567"),
        ("phone", "+7 (913) 123 45 67", "+79131234567"),
        ("phone", "9131234567", "+79131234567"),
        ("phone", "８ ９１３ １２３ ４５ ６７", "+79131234567"),
        ("phone", "8 383 238-66-00 доб. 12", "+73832386600;ext=12"),
        ("phone", "+49 30 901820", "+4930901820"),
        ("phone", "112", "112"),
        ("phone", "нет  Телефона", "нет телефона"),
        ("vk", "89131234567", "89131234567"),
        ("email", " Ivan@X.Example ", "ivan@x.example"),
        ("email", "ｉｖａｎ@x.example", "ivan@x.example"),
        ("vk", "ID123", "id123"),
        ("telegram", "@Alёna", "@alеna"),
        ("other", "Улица  Ёлочная", "улица елочная"),
        ("other", "Е\u0308лка", "елка"),
    ],
)
def test_contacts_are_compared_in_one_form(kind: str, value: str, expected: str) -> None:
    assert normalize_contact(kind, value) == expected
    assert normalize_contact(kind, expected) == expected, "normalized once more nothing changes"


def test_a_value_that_grows_by_folding_stays_within_the_column() -> None:
    long, other = "\ufdfa" * MAX_LENGTH, "\ufdfa" * (MAX_LENGTH - 1)
    assert len(normalize_contact("vk", long)) <= MAX_LENGTH
    assert normalize_contact("vk", long) != normalize_contact("vk", other)


def test_a_card_is_identified_by_everything_in_it_and_not_at_all_without_contacts() -> None:
    contact = Contact("vk", "id1")
    card = ClientCard(ClientKind.INDIVIDUAL, "Иван", (contact,))
    cards = [
        card,
        ClientCard(ClientKind.SOLE_PROPRIETOR, "Иван", (contact,)),
        ClientCard(ClientKind.INDIVIDUAL, "иван", (contact,)),
        ClientCard(ClientKind.INDIVIDUAL, "Иван", (Contact("vk", "ID1"),)),
        ClientCard(ClientKind.INDIVIDUAL, "Иван", (contact, contact)),
        ClientCard(ClientKind.INDIVIDUAL, "Иван", (contact,), Representative("Анна", "Доверенность")),
    ]
    assert len({compute_content_hash(one) for one in cards}) == len(cards)
    assert compute_content_hash(card) == compute_content_hash(ClientCard(ClientKind.INDIVIDUAL, "Иван", (contact,)))
    acting = Representative("Анна", "Доверенность", (contact,))
    assert compute_content_hash(ClientCard(ClientKind.INDIVIDUAL, "Иван", (), acting)) is None


def test_texts_are_masked_of_the_client_and_the_representative() -> None:
    acting = Representative("Петрова Анна", "Доверенность", (Contact("vk", "id77"),))
    card = ClientCard(ClientKind.INDIVIDUAL, "Кузякин", (Contact("vk", "id12345"),), acting)
    masked = mask_client("Кузякину и Петровой: id12345 и id77", card)
    assert not any(word in masked for word in ("Кузякин", "Петров", "id12345", "id77"))
