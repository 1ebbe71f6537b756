"""`mp demo`: what this is for, shown on invented data."""


def tour(session: object) -> None: ...
