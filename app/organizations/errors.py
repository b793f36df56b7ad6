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
    title_ru, title_en = "Организация с таким кодом уже существует", "The organization already exists"
    constraints = ("uq_organizations_key",)


class UnitExists(Conflict):
    """The organization already has a unit with this name."""

    code = "unit_exists"
    title_ru, title_en = "Подразделение с таким названием уже существует", "The unit already exists"
    constraints = ("uq_units_name",)


class TopicExists(Conflict):
    """The unit already has a topic with this name."""

    code = "topic_exists"
    title_ru, title_en = "Тема с таким названием уже существует", "The topic already exists"
    constraints = ("uq_topics_name",)


class MunicipalityExists(Conflict):
    """Another municipality already has this OKTMO code."""

    code = "municipality_exists"
    title_ru, title_en = "Муниципальное образование с таким кодом уже существует", "The municipality already exists"
    constraints = ("uq_municipalities_oktmo",)
