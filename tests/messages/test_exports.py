"""The export of messages and the printable case."""

import csv
import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from python_calamine import CalamineWorkbook

from app.core.db import require_no_transaction
from app.messages import case_pdf
from tests.callers import People
from tests.conftest import Api, JoinedDatabase
from tests.messages.factories import MESSAGES, act, approved, drafted, message_body, registered, triage_body
from tests.messages.test_closing import relayed

FORMULAS = ["=1+1", "+7 913", "-5", "@cmd", "'кавычка", "\t=1", '";=cmd']


def rows_of(content: bytes) -> list[dict[str, str]]:
    text = content.decode("utf-8-sig")
    return list(csv.DictReader(io.StringIO(text), delimiter=";"))


@pytest.mark.order("O-10")
async def test_a_head_exports_the_units_messages_with_replies(
    api: Api, people: People, database: JoinedDatabase
) -> None:
    path, reply = await approved(api, people)
    assert (await act(api, people.operator, reply, "send", {})).status_code == 202
    await relayed(database)
    await registered(api, people)
    await api.post(
        MESSAGES,
        headers=api.as_(people.other_operator),
        json=message_body(people, interaction_point_id=str(people.other_point_id)),
    )
    head = api.as_(people.unit_head)
    answer = await api.get(f"{MESSAGES}/export", headers=head)
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"].startswith("text/csv")
    rows = rows_of(answer.content)
    assert len(rows) == 2, "a message of another unit is not exported"
    data = (await api.get(path, headers=head)).json()
    row = next(row for row in rows if row["Номер"] == data["number"])
    assert row["Состояние"] == "дан ответ" and row["Потребность"] == data["need"]["summary"]
    assert row["Ответ"] == data["replies"][0]["text"] and row["Клиент"] == "Иван П."
    assert row["Точка взаимодействия"] == "Страница министерства «ВКонтакте»"
    only = await api.get(f"{MESSAGES}/export", params={"state": "received", "format": "xlsx"}, headers=head)
    sheet = CalamineWorkbook.from_filelike(io.BytesIO(only.content)).get_sheet_by_index(0).to_python()
    assert len(sheet) == 2 and sheet[1][5] == "получено"
    none = await api.get(f"{MESSAGES}/export", params={"from": "2020-01-01", "to": "2020-01-31"}, headers=head)
    assert rows_of(none.content) == []


@pytest.mark.parametrize("text", FORMULAS)
async def test_no_text_becomes_a_formula(api: Api, people: People, text: str) -> None:
    await registered(api, people, text=text, client={"kind": "individual", "name": text.strip()})
    head = api.as_(people.unit_head)
    content = (await api.get(f"{MESSAGES}/export", headers=head)).content
    (row,) = rows_of(content)
    for cell in (row["Текст"], row["Клиент"]):
        assert cell[0] not in "=+-@\t" and cell.removeprefix("'") in (text, text.strip())
    content = (await api.get(f"{MESSAGES}/export", params={"format": "xlsx"}, headers=head)).content
    sheet = CalamineWorkbook.from_filelike(io.BytesIO(content)).get_sheet_by_index(0).to_python()
    assert sheet[1][13] == text


@pytest.mark.order("O-2.5", "O-10")
async def test_a_case_is_rendered_to_pdf(api: Api, people: People, database: JoinedDatabase) -> None:
    path, reply = await approved(api, people)
    assert (await act(api, people.operator, reply, "send", {})).status_code == 202
    await relayed(database)
    answer = await api.get(f"{path}/case", headers=api.as_(people.operator))
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "application/pdf" and answer.content.startswith(b"%PDF-")
    assert (await api.get(f"{path}/case", headers=api.as_(people.other_operator))).status_code == 404


async def test_the_content_of_a_case(
    api: Api, people: People, database: JoinedDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Collect the data passed to the PDF template."""
    data: list[dict[str, Any]] = []

    def compiled(_: Path, one: dict[str, Any]) -> bytes:
        data.append(one)
        return b"%PDF-"

    monkeypatch.setattr(case_pdf, "render_pdf", compiled)
    representative = {"name": "Петрова Анна", "authority": "доверенность № 5", "contacts": []}
    client = {"kind": "legal_entity", "name": "ООО «Ромашка»", "contacts": [{"kind": "email", "value": "a@b.example"}]}
    attachments = [{"name": "договор.txt", "content_type": "text/plain", "content": "QQ=="}]
    more = {"client": client | {"representative": representative}, "attachments": attachments}
    path = f"{MESSAGES}/{(await registered(api, people, **more))['id']}"
    outside = triage_body(people, competence="unclear", reason="Похоже на вопрос банка")
    assert (await act(api, people.operator, path, "triage", outside)).status_code == 200
    returned = await drafted(api, people, path)
    assert (await act(api, people.operator, returned, "submit", {})).status_code == 200
    assert (await act(api, people.unit_head, returned, "return", {"reason": "Короче"})).status_code == 200
    reply = await drafted(api, people, path)
    assert (await act(api, people.operator, reply, "submit", {})).status_code == 200
    assert (await act(api, people.unit_head, reply, "approve", {})).status_code == 200
    assert (await act(api, people.operator, reply, "send", {})).status_code == 202
    await relayed(database)
    current = (await api.get(path, headers=api.as_(people.operator))).json()
    assert (await api.get(f"{path}/case", headers=api.as_(people.operator))).status_code == 200
    (printed,) = data
    facts = dict(printed["facts"])
    assert facts["Клиент"] == "ООО «Ромашка», юридическое лицо" and facts["Контакты"] == "email: a@b.example"
    assert facts["Представитель"] == "Петрова Анна, доверенность № 5" and facts["Вложения"] == "договор.txt"
    assert facts["Основание решения"] == "Похоже на вопрос банка"
    assert facts["Решение принято"].endswith(", Сотрудник operator"), "who decided"
    assert [row[:4] for row in printed["replies"]] == [
        ["ответ", "возвращён: Короче", "Сотрудник operator", "—"],
        ["ответ", "отправлен", "Сотрудник operator", "Сотрудник unit_head"],
    ]
    who = {row[1]: row[2] for row in printed["timeline"]}
    assert who["Сообщение зарегистрировано"] == "внешняя система"
    assert who["Рассмотрено: компетенция неясна: Похоже на вопрос банка"] == "Сотрудник operator"
    assert who["Ответ возвращён на доработку: Короче"] == "Сотрудник unit_head" and who["Дан ответ"] == "—"
    assert printed["number"] == current["number"] and facts["Состояние"] == "дан ответ"
    assert [entry[2] for entry in printed["thread"]] == [current["text"], current["replies"][1]["text"]]
    assert {row[2] for row in printed["deadlines"]} == {"исполнен"}
    assert "Дан ответ" in [row[1] for row in printed["timeline"]]


async def test_a_case_costs_a_constant_number_of_queries(
    api: Api,
    people: People,
    count_queries: Callable[[], int],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """More replies, joined messages and deadlines cost no more queries."""
    monkeypatch.setattr(case_pdf, "render_pdf", lambda *_: b"%PDF-")
    headers, more = api.as_(people.operator), {"thread_external_id": "wall-1_70"}
    path = f"{MESSAGES}/{(await registered(api, people, **more))['id']}"
    assert (await act(api, people.operator, path, "triage", triage_body(people))).status_code == 200
    await drafted(api, people, path)
    count_queries()
    assert (await api.get(f"{path}/case", headers=headers)).status_code == 200
    with_one = count_queries()
    for _ in range(3):
        await registered(api, people, **more)
        returned = await drafted(api, people, path)
        assert (await act(api, people.operator, returned, "submit", {})).status_code == 200
        assert (await act(api, people.unit_head, returned, "return", {"reason": "Короче"})).status_code == 200
    assert (await act(api, people.operator, path, "close", {"reason": "Снято"})).status_code == 200
    assert (await act(api, people.operator, path, "reopen", {"reason": "Не снято"})).status_code == 200
    read = (await api.get(path, headers=headers)).json()
    assert len(read["replies"]) == 4 and len(read["thread"]) == 4
    count_queries()
    assert (await api.get(f"{path}/case", headers=headers)).status_code == 200
    assert count_queries() == with_one


async def test_a_case_is_rendered_after_its_transaction(
    api: Api, people: People, monkeypatch: pytest.MonkeyPatch
) -> None:
    def rendered(*_: Any) -> bytes:
        require_no_transaction()
        return b"%PDF-"

    monkeypatch.setattr(case_pdf, "render_pdf", rendered)
    data = await registered(api, people)
    answer = await api.get(f"{MESSAGES}/{data['id']}/case", headers=api.as_(people.operator))
    assert answer.status_code == 200, answer.text


@pytest.mark.parametrize(
    "text", ['#panic("x")', "$x$ \\ @ref <label> *b* _i_ #{", "]]} #let case = 1", "```", "😀 ё\u202eabc"]
)
async def test_the_text_of_a_client_is_never_markup(api: Api, people: People, text: str) -> None:
    data = await registered(api, people, text=text)
    answer = await api.get(f"{MESSAGES}/{data['id']}/case", headers=api.as_(people.operator))
    assert answer.status_code == 200 and answer.content.startswith(b"%PDF-")
