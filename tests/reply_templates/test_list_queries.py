"""A list of 50 rows needs as many statements as a list of 2."""

from collections.abc import Awaitable, Callable
from datetime import date
from typing import Any
from uuid import UUID

import pytest
from sqlmodel.ext.asyncio.session import AsyncSession

from app.core import clock
from app.core.ids import new_id
from app.core.security import Principal
from app.reply_templates.models import (
    GapDismissal,
    ReplyTemplate,
    TemplateGap,
    TemplateReview,
    TemplateShare,
    TemplateVersion,
)
from app.reply_templates.rules.gaps import GapReason
from app.reply_templates.rules.states import TemplateState
from app.reply_templates.search.models import SynonymGroup, TemplateChoice
from app.reply_templates.search.rules.synonyms import SynonymKind
from tests.callers import People
from tests.conftest import Api, JoinedDatabase
from tests.reply_templates.factories import PATH

ONE_OF_MANY = UUID(int=7)
"""The template whose versions and reviews are listed."""
WORDS = ["ежевика", "ёжик", "заём", "экспорт", "ярмарка", "дирижабль", "корабль", "слон", "выставка", "субсидия"]


def unit_of(caller: Principal) -> UUID:
    assert caller.unit_id is not None
    return caller.unit_id


async def add_template(session: AsyncSession, unit_id: UUID, template_id: UUID, word: str = WORDS[0]) -> None:
    moment = clock.now()
    row = ReplyTemplate(
        id=template_id,
        unit_id=unit_id,
        key=template_id.hex,
        state=TemplateState.PUBLISHED,
        published_version=1,
        search_text=" ежевика ",
        published_search_text=" ежевика ",
        created_at=moment,
        updated_at=moment,
        reviewed_at=moment,
    )
    session.add(row)
    await session.flush()
    session.add(build_version(template_id, 1, word))


def build_version(template_id: UUID, number: int, word: str = WORDS[0]) -> TemplateVersion:
    lists: dict[str, Any] = {"keywords": [word], "examples": [f"Когда поспеет {word}?"], "topic_ids": []}
    text = "Ежевика поспеет до 1 марта 2020 года."
    return TemplateVersion(
        template_id=template_id, number=number, title=word, text=text, **lists, created_at=clock.now()
    )


async def add_templates(session: AsyncSession, people: People, first: int, last: int) -> None:
    """Add templates of the operator's unit and as many of another unit, shared with each other."""
    here, there = unit_of(people.operator), unit_of(people.other_operator)
    for number in range(first, last):
        for owner, reader in ((here, there), (there, here)):
            template_id, word = new_id(), WORDS[number % len(WORDS)]
            await add_template(session, owner, template_id, word)
            session.add(TemplateShare(template_id=template_id, unit_id=reader))
            session.add(TemplateChoice(template_id=template_id, forms=[word], chosen_at=clock.now()))


async def add_versions_and_reviews(session: AsyncSession, people: People, first: int, last: int) -> None:
    if first == 0:
        await add_template(session, unit_of(people.operator), ONE_OF_MANY)
    for number in range(first, last):
        session.add(build_version(ONE_OF_MANY, number + 2))
        session.add(
            TemplateReview(
                template_id=ONE_OF_MANY,
                number=1,
                reviewed_at=clock.now(),
                reviewed_by=people.unit_head.id,
                next_review_on=date(2030, 1, 1),
            )
        )


async def add_gaps(session: AsyncSession, people: People, first: int, last: int) -> None:
    """Add a group of its own for each message, half of them dismissed."""
    unit_id = unit_of(people.operator)
    for number in range(first, 2 * last):
        dismissal = GapDismissal(
            unit_id=unit_id, reason="Нет", dismissed_at=clock.now(), dismissed_by=people.operator.id
        )
        session.add(dismissal)
        await session.flush()
        session.add(
            TemplateGap(
                message_id=new_id(),
                unit_id=unit_id,
                reason=GapReason.NO_TEMPLATE,
                text=f"Вопрос {number}",
                forms=[f"слово{number}", f"другое{number}"],
                dismissal_id=dismissal.id if number % 2 else None,
                noted_at=clock.now(),
            )
        )


async def add_synonym_groups(session: AsyncSession, people: People, first: int, last: int) -> None:
    for number in range(first, last):
        session.add(SynonymGroup(kind=SynonymKind.NEAR, name=f"группа {number}", terms=[f"а{number}", f"б{number}"]))


Add = Callable[[AsyncSession, People, int, int], Awaitable[None]]


@pytest.mark.parametrize(
    ("path", "who", "add"),
    [
        (f"{PATH}?limit=200&with_count=true", "operator", add_templates),
        (f"{PATH}?limit=200&q=ежевика&sort=key", "operator", add_templates),
        (f"{PATH}/outdated?limit=200", "operator", add_templates),
        (f"{PATH}/export", "operator", add_templates),
        (f"{PATH}/{ONE_OF_MANY}/versions", "operator", add_versions_and_reviews),
        (f"{PATH}/{ONE_OF_MANY}/reviews?limit=200", "operator", add_versions_and_reviews),
        (f"{PATH}/gaps?limit=200", "operator", add_gaps),
        (f"{PATH}/gaps?limit=200&dismissed=true", "operator", add_gaps),
        ("/api/v1/synonym-groups?limit=200&kind=near", "admin", add_synonym_groups),
    ],
)
async def test_a_list_needs_equally_many_statements_for_2_and_for_50_rows(
    api: Api,
    people: People,
    database: JoinedDatabase,
    count_queries: Callable[[], int],
    path: str,
    who: str,
    add: Add,
) -> None:
    counted, lengths = [], []
    for first, last in ((0, 2), (2, 50)):
        async with database.transaction() as session:
            await add(session, people, first, last)
        await api.get(path, headers=api.as_(getattr(people, who)))  # the caches know the new rows
        count_queries()
        answer = await api.get(path, headers=api.as_(getattr(people, who)))
        counted.append(count_queries())
        assert answer.status_code == 200, answer.text
        lengths.append(len(answer.text.splitlines()) if "export" in path else len(answer.json()["items"]))
    assert lengths[1] - lengths[0] >= 48
    assert counted[0] == counted[1], counted


async def test_suggestions_need_equally_many_statements_for_2_and_for_50_templates(
    api: Api, people: People, database: JoinedDatabase, count_queries: Callable[[], int]
) -> None:
    async def suggest() -> int:
        count_queries()
        answer = await api.post(
            f"{PATH}/suggest", headers=api.as_(people.operator), json={"text": "Когда поспеет ёжик?"}
        )
        assert answer.status_code == 200 and answer.json()["items"], answer.text
        return count_queries()

    counted = []
    for first, last in ((0, 2), (2, 50)):
        async with database.transaction() as session:
            await add_templates(session, people, first, last)
        new, known = await suggest(), await suggest()
        counted.append(known)
    assert counted[0] == counted[1]
    assert new == known + 1, "48 new templates are loaded with one statement"
