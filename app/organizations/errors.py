"""Problems of organizations, units, topics and municipalities."""

from app.core.problems import Conflict, NotFound


class OrganizationNotFound(NotFound):
    """The organization does not exist."""

    code = "organization_not_found"
    title_ru, title_en = "Организация не найдена", "Organization not found"


class UnitNotFound(NotFound):
    """The structural unit does not exist."""

    code = "unit_not_found"
    title_ru, title_en = "Подразделение не найдено", "Unit not found"


class TopicNotFound(NotFound):
    """The competence topic does not exist in the unit."""

    code = "topic_not_found"
    title_ru, title_en = "Тема не найдена", "Topic not found"


class MunicipalityNotFound(NotFound):
    """The municipality does not exist."""

    code = "municipality_not_found"
    title_ru, title_en = "Муниципальное образование не найдено", "Municipality not found"


class OrganizationExists(Conflict):
    """Another organization already has this key."""

    code = "organization_exists"
    title_ru, title_en = "Такая организация уже существует", "The organization already exists"
    detail_ru, detail_en = "Код организации уже занят.", "The key is already in use."
    constraints = ("uq_organizations_key",)


class UnitExists(Conflict):
    """The organization already has a unit with this name."""

    code = "unit_exists"
    title_ru, title_en = "Такое подразделение уже существует", "The unit already exists"
    detail_ru = "В организации уже есть подразделение с таким названием."
    detail_en = "The organization already has a unit with this name."
    constraints = ("uq_units_name",)


class TopicExists(Conflict):
    """The unit already has a topic with this name."""

    code = "topic_exists"
    title_ru, title_en = "Такая тема уже существует", "The topic already exists"
    detail_ru = "В подразделении уже есть тема с таким названием."
    detail_en = "The unit already has a topic with this name."
    constraints = ("uq_topics_name",)


class MunicipalityExists(Conflict):
    """Another municipality already has this OKTMO code."""

    code = "municipality_exists"
    title_ru, title_en = "Такое муниципальное образование уже существует", "The municipality already exists"
    detail_ru, detail_en = "Код ОКТМО уже занят.", "The OKTMO code is already in use."
    constraints = ("uq_municipalities_oktmo",)
