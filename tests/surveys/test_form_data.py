"""The loaded form has the exact wording and codes of Appendix 1 (A-1)."""

import pytest

from tests.conftest import Api

TITLE = (
    "Опрос для проведения оценки удовлетворенности внешних клиентов доступностью, "
    "составом и качеством информации о деятельности ведомства"
)
QUESTIONS = {
    "11": "Министерство экономического развития Новосибирской области",
    "12": "Муниципальный район или городской округ",
    "13": "Дата и время получения услуги / заполнения анкеты",
    "21": "Вы скорее удовлетворены или скорее не удовлетворены доступностью, составом "
    "и качеством информации в целом о деятельности ведомства",
    "22": "Какими источниками Вы пользуетесь для получения информации о деятельности ведомства "
    "и как часто Вы ими пользуетесь",
    "23": "Оцените, пожалуйста, насколько просто или сложно найти необходимую информацию "
    "о ведомстве на следующих ресурсах",
}
SOURCES = [
    (1, "official_site", "Официальный сайт ведомства"),
    (2, "telegram", "Телеграм-канал ведомства"),
    (3, "vk", "Страница ведомства в социальной сети «ВКонтакте»"),
    (4, "ok", "Страница ведомства в социальной сети «Одноклассники»"),
]


@pytest.mark.order("A-1", "A-1.23x", "A-1.11–13")
async def test_the_form_has_the_exact_wording_and_codes(api: Api) -> None:
    answer = await api.get("/api/v1/survey-forms/information-access")
    form = answer.json()
    assert (form["title"], form["version"], form["state"]) == (TITLE, 1, "published")
    assert [block["title"] for block in form["blocks"]] == [
        "Статистический",
        "Оценка доступности, состава и качества информации",
    ]
    assert form["blocks"][0]["note"] == "заполняется автоматически частично или полностью"
    questions = {q["code"]: q for block in form["blocks"] for q in block["questions"]}
    assert {code: q["text"] for code, q in questions.items()} == QUESTIONS
    assert [q["number"] for q in questions.values()] == ["1", "2", "3", "4", "5", "6"]
    assert [(o["value"], o["text"]) for o in questions["21"]["options"]] == [
        (1, "Скорее удовлетворен"),
        (2, "Скорее не удовлетворен"),
    ]
    assert [(o["value"], o["text"]) for o in questions["22"]["options"]] == [
        (1, "Пользуюсь постоянно"),
        (2, "Пользуюсь время от времени"),
        (3, "Вообще не пользуюсь"),
    ]
    assert questions["23"]["scale"] == {
        "min": 1,
        "max": 5,
        "min_text": "очень сложно / вообще нет нужной информации",
        "max_text": "очень легко найти нужную информацию",
    }
    assert questions["23"]["follow_up"] == {
        "row_at_most": 3,
        "required": False,
        "text": "Уточните, пожалуйста, какую конкретно информацию Вы не нашли или в чем именно "
        "состояло неудобство поиска информации",
    }
    assert [(s["suffix"], s["key"], s["text"]) for s in form["sources"]] == SOURCES
    assert (await api.get(answer.url.path, headers={"If-None-Match": answer.headers["etag"]})).status_code == 304
    listed = await api.get("/api/v1/survey-forms")
    assert listed.json()["items"] == [form]
    missing = await api.get("/api/v1/survey-forms/nothing")
    assert (missing.status_code, missing.json()["code"]) == (404, "form_not_found")
