"""Problems of interaction points."""

from app.core.problems import Conflict, NotFound


class PointNotFound(NotFound):
    """There is no such point, or it is not granted to the API client."""

    code = "point_not_found"
    title_ru, title_en = "Точка взаимодействия не найдена", "Interaction point not found"


class PointNotInForce(Conflict):
    """The point is not approved on that date (O-3)."""

    code = "point_not_in_force"
    title_ru, title_en = "Точка взаимодействия не действует", "Interaction point is not in force"
    detail_ru = "На эту дату точка не утверждена, приостановлена или исключена."
    detail_en = "On that date the point is not approved, suspended or withdrawn."


class ChannelKindExists(Conflict):
    """There is a kind of channel with this key."""

    code = "channel_kind_exists"
    title_ru, title_en = "Вид канала с таким ключом уже есть", "A kind of channel with this key exists"
    constraints = ("uq_channel_kinds_key",)


class PointExists(Conflict):
    """The organization has a point of this name."""

    code = "point_exists"
    title_ru, title_en = "Точка с таким названием уже есть", "A point with this name exists"
    constraints = ("uq_interaction_points_name",)
