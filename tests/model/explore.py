"""Explore every reachable world breadth first, and record the path to each."""

from collections import deque
from collections.abc import Callable, Iterable
from typing import NamedTuple

from tests.model.steps import Step
from tests.model.world import World

__all__ = ["Explored", "explore"]


class Explored(NamedTuple):
    """The result of an exploration."""

    worlds: list[World]
    parents: list[tuple[int, str]]
    """For each world, the world and the step from which it was first reached."""
    sure: list[list[int]]
    """For each world, the worlds from which a sure step leads to it."""

    def story(self, number: int) -> list[str]:
        """Return the shortest sequence of steps from the start to a world."""
        names: list[str] = []
        while number:
            number, step = self.parents[number]
            names.append(step)
        return names[::-1]

    def unable_to_reach(self, goal: Callable[[World], bool]) -> list[int]:
        """Return the worlds from which no sure steps lead to a goal."""
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
    """Explore all worlds that are reachable from the start.

    Parameters
    ----------
    start
        The first world.
    steps
        Yields the possible next steps.
    check
        Returns what is wrong with a step, or None.
    most
        The largest number of worlds to explore.

    Raises
    ------
    AssertionError
        If a step is wrong, with the path that leads to it; or if there are more worlds.
    """
    numbers, found = {start: 0}, Explored([start], [(0, "")], [[]])
    for number, world in enumerate(found.worlds):
        for step in steps(world):
            if wrong := check(world, step):
                path = "\n  ".join([*found.story(number), step.name])
                raise AssertionError(f"{wrong}\n  {path}\nbefore: {world}\nafter: {step.world}")
            following = numbers.get(step.world)
            if following is None:
                following = numbers[step.world] = len(found.worlds)
                found.worlds.append(step.world)
                found.parents.append((number, step.name))
                found.sure.append([])
                assert following < most, "there are more worlds than expected; check the model or raise the limit"
            if step.is_sure and following != number:
                found.sure[following].append(number)
    return found
