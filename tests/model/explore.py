"""Explores every world that can be reached, breadth first, and tells how it was reached."""

from collections import deque
from collections.abc import Callable, Iterable
from typing import NamedTuple

from tests.model.steps import Step
from tests.model.world import World

__all__ = ["Explored", "explore"]


class Explored(NamedTuple):
    """All that was found."""

    worlds: list[World]
    parents: list[tuple[int, str]]
    """From which world each was first reached, and by which step."""
    sure: list[list[int]]
    """For each world those from which a sure step leads to it."""

    def story(self, number: int) -> list[str]:
        """Tell how a world is reached from the beginning, by the fewest steps."""
        told: list[str] = []
        while number:
            number, step = self.parents[number]
            told.append(step)
        return told[::-1]

    def unable_to_reach(self, goal: Callable[[World], bool]) -> list[int]:
        """Find the worlds from which no sure steps lead to a goal."""
        able = {number for number, world in enumerate(self.worlds) if goal(world)}
        waiting = deque(able)
        while waiting:
            new = set(self.sure[waiting.popleft()]) - able
            able |= new
            waiting.extend(new)
        return [number for number in range(len(self.worlds)) if number not in able]


def explore(
    start: World, steps: Callable[[World], Iterable[Step]], check: Callable[[World, Step], str | None], most: int
) -> Explored:
    """Explore.

    Parameters
    ----------
    start
        The first world.
    steps
        Finds what may happen next.
    check
        Says what is wrong with a step, if anything is.
    most
        Number of worlds after which exploring is given up.

    Raises
    ------
    AssertionError
        If a step is wrong, with the story that leads to it; or if there are more worlds.
    """
    numbers, found = {start: 0}, Explored([start], [(0, "")], [[]])
    for number, world in enumerate(found.worlds):
        for step in steps(world):
            if wrong := check(world, step):
                told = "\n  ".join([*found.story(number), step.name])
                raise AssertionError(f"{wrong}\n  {told}\nbefore: {world}\nafter: {step.world}")
            following = numbers.get(step.world)
            if following is None:
                following = numbers[step.world] = len(found.worlds)
                found.worlds.append(step.world)
                found.parents.append((number, step.name))
                found.sure.append([])
                assert following < most, "there are more worlds than were expected; look closer or farther"
            if step.is_sure and following != number:
                found.sure[following].append(number)
    return found
