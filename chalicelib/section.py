"""The base of the sections of `scheduler.toml`."""

from pydantic import BaseModel, ConfigDict

__all__ = ["Section"]


class Section(BaseModel):
    """A section that does not change and accepts no unknown settings; pydantic builds it when it is first used."""

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)
