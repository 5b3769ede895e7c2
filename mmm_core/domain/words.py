"""How every room writes a number of things."""


def counted(count: int, one: str, many: str | None = None) -> str:
    """1 control, 3 controls; ``many`` where an s does not make it."""
    return f"{count} {one if count == 1 else many or one + 's'}"
