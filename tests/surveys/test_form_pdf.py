"""The form on paper for any version and organization, with codes in brackets and the QR code of its page (A-1.fn)."""

import json
from typing import Any
from uuid import UUID

import pytest

from app.core import clock
from app.core.db import require_no_transaction
from app.surveys import form_pdf
from tests.callers import People
from tests.conftest import Api, JoinedDatabase
from tests.pdf import off_the_page, text_of
from tests.surveys.factories import subordinate
from tests.surveys.test_forms import CURRENT, FORMS, drafted, publish, sources


@pytest.fixture
def printed(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """Return a list that collects the printed data."""
    seen: list[dict[str, Any]] = []
    render = form_pdf.render_form_pdf

    async def record(data: str) -> bytes:
        require_no_transaction()
        seen.append(json.loads(data))
        return await render(data)

    monkeypatch.setattr(form_pdf, "render_form_pdf", record)
    return seen


@pytest.mark.order("A-1.fn", "A-1")
async def test_the_pdf_has_the_wording_and_codes_of_the_form(
    api: Api, people: People, printed: list[dict[str, Any]]
) -> None:
    form = (await api.get(CURRENT)).json()
    path = f"{FORMS}/{form['id']}/print"
    answer = await api.get(path, params={"point_id": str(people.point_id)})
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "application/pdf" and answer.content.startswith(b"%PDF")
    (data,) = printed
    assert data["title"] == form["title"] and data["version"] == 1
    assert data["address"] == f"http://service/survey/information-access?point={people.point_id}"
    assert data["qr"].startswith("<svg")
    statistical, assessment = form["blocks"]
    assert data["statistical"]["questions"] == [[q["number"], q["code"], q["text"]] for q in statistical["questions"]]
    questions = data["blocks"][0]["questions"]
    assert [(q["number"], q["code"], q["text"]) for q in questions] == [
        (q["number"], q["code"], q["text"]) for q in assessment["questions"]
    ]
    assert [row[:2] for row in questions[1]["rows"]] == [[f"5.{n}", f"22.{n}"] for n in range(1, 5)]
    assert [row[:2] for row in questions[2]["rows"]] == [[f"6.{n}", f"23.{n}"] for n in range(1, 5)]
    assert questions[2]["follow_up"]["text"] == assessment["questions"][2]["follow_up"]["text"]
    assert off_the_page(answer.content) == []
    paper = text_of(answer.content)
    for question in assessment["questions"]:
        assert f"{question['number']}. ({question['code']}). {question['text']}" in paper
        for option in question["options"]:
            assert option["text"] in paper
    assert assessment["questions"][2]["follow_up"]["text"] in paper
    for n, source in enumerate(form["sources"], 1):
        for row in (f"5.{n}. (22.{n}). {source['text']}", f"6.{n}. (23.{n}). {source['text']}"):
            assert row in paper

    known = await api.get(
        path, params={"point_id": str(people.point_id)}, headers={"If-None-Match": answer.headers["etag"]}
    )
    assert (known.status_code, known.content, len(printed)) == (304, b"", 1)
    other = await api.get(path)
    assert other.headers["etag"] != answer.headers["etag"]
    form_pdf._render.cache_clear()
    again = await api.get(path)
    assert again.content == other.content, "the same form gives the same file, byte for byte"


@pytest.mark.order("A-1.fn", "O-2.2", "O-3")
async def test_any_organization_and_version_is_printed(
    api: Api, people: People, database: JoinedDatabase, printed: list[dict[str, Any]]
) -> None:
    async with database.transaction() as session:
        theirs = str(await subordinate(session))
    common = (await api.get(CURRENT)).json()["id"]
    assert (await api.get(f"{FORMS}/{common}/print", params={"organization_id": theirs})).status_code == 200
    assert printed[-1]["statistical"]["questions"][0] == ["1", "11", "Учреждение"]
    assert printed[-1]["address"].endswith(f"/survey/information-access?organization={theirs}")
    tied = sources("max", "vk", interaction_point_id=str(people.point_id))
    draft = await drafted(api, people, organization_id=theirs, sources=tied)
    path = f"{FORMS}/{draft.json()['id']}/print"
    assert (await api.get(path)).status_code == 404, "drafts are visible only to form editors"
    assert (await api.get(path, headers=api.as_(people.client_centricity))).status_code == 200
    assert (await publish(api, people, draft)).is_success
    assert (await api.get(path)).status_code == 200
    assert printed[-1]["blocks"][0]["questions"][1]["rows"] == [
        ["5.1", "22.5", "Канал ведомства в мессенджере MAX"],
        ["5.2", "22.3", "Страница ведомства в социальной сети «ВКонтакте»"],
    ]
    ministry = (await api.get("/api/v1/organizations", headers=api.as_(people.admin))).json()["items"][-1]["id"]
    for query, name in (
        ({"organization_id": ministry}, "/organization_id"),
        ({"point_id": str(UUID(int=5))}, "/point_id"),
    ):
        refused = await api.get(path, params=query)
        assert (refused.status_code, [e["pointer"] for e in refused.json()["errors"]]) == (422, [name])
    suspended = {"reason": "Ремонт", "on": clock.today().isoformat()}
    headers = api.as_(people.admin) | {"If-Match": "*"}
    stop = await api.post(f"/api/v1/interaction-points/{people.point_id}/suspend", headers=headers, json=suspended)
    assert stop.is_success
    assert (await api.get(path, params={"point_id": str(people.point_id)})).status_code == 422
