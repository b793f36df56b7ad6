"""Problems of organizations, units, topics and municipalities."""

from app.core.problems import Conflict, NotFound


class OrganizationNotFound(NotFound):
    """There is no such organization."""

    code = "organization_not_found"
    title_ru, title_en = "Организация не найдена", "Organization not found"


class UnitNotFound(NotFound):
    """There is no such structural unit."""

    code = "unit_not_found"
    title_ru, title_en = "Подразделение не найдено", "Unit not found"


class TopicNotFound(NotFound):
    """There is no such competence topic in the unit."""

    code = "topic_not_found"
    title_ru, title_en = "Тема не найдена", "Topic not found"


class MunicipalityNotFound(NotFound):
    """There is no such municipality."""

    code = "municipality_not_found"
    title_ru, title_en = "Муниципальное образование не найдено", "Municipality not found"


class OrganizationExists(Conflict):
    """Another organization has this key."""

    code = "organization_exists"
    title_ru, title_en = "Организация с таким ключом уже есть", "An organization with this key exists"
    constraints = ("uq_organizations_key",)


class UnitExists(Conflict):
    """The organization has a unit of this name."""

    code = "unit_exists"
    title_ru, title_en = "Подразделение с таким названием уже есть", "A unit with this name exists"
    constraints = ("uq_units_name",)


class TopicExists(Conflict):
    """The unit has a topic of this name."""

    code = "topic_exists"
    title_ru, title_en = "Тема с таким названием уже есть", "A topic with this name exists"
    constraints = ("uq_topics_name",)


class MunicipalityExists(Conflict):
    """There is a municipality with this code."""

    code = "municipality_exists"
    title_ru, title_en = "Муниципальное образование с таким кодом уже есть", "A municipality with this code exists"
    constraints = ("uq_municipalities_oktmo",)
