"""Who is asked to reply to whose check-in."""

from collections.abc import Collection


def choose_partners(members: Collection[int], number: int) -> dict[int, int | None]:
    """The partner of each member in the week with this number; None for who is alone.

    The members stand in a circle, and each week everybody's partner is one place further on. So over as many weeks in
    a row as there are others, everybody has had everybody else, while the members stay the same.
    """
    circle = sorted(members)
    if len(circle) < 2:
        return dict.fromkeys(circle)
    step = 1 + number % (len(circle) - 1)
    return {member: circle[(place + step) % len(circle)] for place, member in enumerate(circle)}
