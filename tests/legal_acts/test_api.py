"""Tests of legal acts over HTTP, including the three orders with their official titles."""

import pytest

from tests.callers import People
from tests.conftest import Api

PATH = "/api/v1/legal-acts"


@pytest.mark.order("O-2.7")
async def test_the_orders_have_their_official_titles(api: Api, people: People) -> None:
    acts = (await api.get(PATH, params={"kind": "order"}, headers=api.as_(people.admin))).json()["items"]
    acts_by_number = {act["number"]: (act["signed_on"], act["short_title"], act["title"]) for act in acts}
    assert acts_by_number == {
        "27": (
            "2024-02-15",
            "Приказ от 15.02.2024 № 27",
            "Об утверждении перечня точек взаимодействия с внешними и внутренними клиентами "
            "в министерстве экономического развития Новосибирской области",
        ),
        "105": (
            "2023-07-28",
            "Приказ от 28.07.2023 № 105",
            "Об организации размещения информации о деятельности министерства экономического развития Новосибирской "
            "области и подведомственных ему государственных учреждений Новосибирской области на их официальных сайтах "
            "в информационно-телекоммуникационной сети «Интернет»",
        ),
        "122": (
            "2019-11-25",
            "Приказ от 25.11.2019 № 122",
            "Об утверждении Инструкции о порядке организации работы с обращениями граждан "
            "в министерстве экономического развития Новосибирской области",
        ),
    }


async def test_a_legal_act_is_created_changed_and_closed(api: Api, people: People) -> None:
    headers = api.as_(people.admin)
    body = {"kind": "order", "number": "31", "signed_on": "2026-03-02", "title": "О внесении изменений"}
    created = await api.post(PATH, headers=headers, json=body)
    assert created.status_code == 201 and created.json()["issuer"] is None
    assert (await api.post(PATH, headers=headers, json=body)).json()["code"] == "legal_act_exists"
    path, tag = f"{PATH}/{created.json()['id']}", {"If-Match": created.headers["etag"]}
    closed = await api.patch(path, headers=headers | tag, json={"closed_on": "2027-01-01"})
    assert closed.json()["closed_on"] == "2027-01-01"
    assert (await api.patch(path, headers=headers | tag, json={"issuer": "x"})).status_code == 412
    refused = await api.post(PATH, headers=headers, json=body | {"signed_on": "02.03.2026"})
    assert refused.json()["errors"][0]["pointer"] == "/signed_on"
