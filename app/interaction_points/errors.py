"""Problems of interaction points."""

from app.core.problems import Conflict, NotFound


class PointNotFound(NotFound):
    """The point does not exist, or the API client has no access to it."""

    code = "point_not_found"
    title_ru, title_en = "Точка взаимодействия не найдена", "Interaction point not found"


class PointNotInForce(Conflict):
    """The point is not in force on the date (O-3)."""

    code = "point_not_in_force"
    title_ru, title_en = "Точка взаимодействия не действует", "Interaction point not in force"
    detail_ru = "На указанную дату точка взаимодействия не утверждена, приостановлена или исключена из перечня."
    detail_en = "The interaction point is not approved, is suspended or is withdrawn on this date."


class ChannelKindExists(Conflict):
    """A channel kind with this key already exists."""

    code = "channel_kind_exists"
    title_ru, title_en = "Вид канала с таким ключом уже существует", "Channel kind already exists"
    constraints = ("uq_channel_kinds_key",)


class PointExists(Conflict):
    """The organization already has a point with this name."""

    code = "point_exists"
    title_ru, title_en = "Точка взаимодействия с таким названием уже существует", "Interaction point already exists"
    constraints = ("uq_interaction_points_name",)
