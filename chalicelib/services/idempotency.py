"""Idempotency tokens: a repeated request with the same token returns what the first one created."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from chalicelib.domain.idempotency import TokenSpace, TokenUse
from chalicelib.errors import IdempotencyTokenError, LimitReachedError
from chalicelib.storage.bucket import Bucket
from chalicelib.storage.definition_table import DefinitionTable
from chalicelib.storage.job_table import JobTable
from chalicelib.storage.mark_table import Mark, MarkExistsError, MarkTable, token_mark

__all__ = ["IdempotencyService"]


@dataclass(frozen=True, kw_only=True)
class IdempotencyService:
    """Remembers what tokens have created."""

    marks: MarkTable
    jobs: JobTable
    definitions: DefinitionTable
    files: Bucket

    def put_once(
        self, put: Callable[[Mark | None], None], use: TokenUse | None, *, new_id: str, now: datetime, copy: str
    ) -> str:
        """Store a new record, unless its token has created one before; then the new record's copy of the snapshot is deleted.

        Parameters
        ----------
        put
            Stores the record with a mark, both or none.
        use
            The request's token; None if it has none.
        new_id
            The record's id.
        now
            When it is created.
        copy
            Key of its copy of the snapshot.

        Returns
        -------
        str
            The record's id; if the token has created one before, the first record's.

        Raises
        ------
        IdempotencyTokenError
            If the token was used for another request, or what it created was deleted.
        """
        if use is None:
            put(None)
            return new_id
        try:
            put(token_mark(use, new_id, now))
        except MarkExistsError:
            first = self.marks.get_token(use, now)
            if not first or first["made_id"] != new_id:  # else this is a retry whose first response was lost
                self.files.delete(copy)
                return self._created_by(first, use, now)
        return new_id

    def check_new(self, check: Callable[[], None], use: TokenUse | None, now: datetime) -> str | None:
        """Check that something new may be created; if not, return what the request's token has created before.

        Parameters
        ----------
        check
            Raises `LimitReachedError` if nothing new may be created.
        use
            The request's token; None if it has none.
        now
            The time of the request.

        Returns
        -------
        str | None
            The id of what the token has created before; None if something new may be created.

        Raises
        ------
        LimitReachedError
            If nothing new may be created, and the token has created nothing before.
        IdempotencyTokenError
            If the token was used for another request, or what it created was deleted.
        """
        try:
            check()
        except LimitReachedError:
            first = self.find(use, now) if use else None
            if first is None:
                raise
            return first
        return None

    def find(self, use: TokenUse, now: datetime) -> str | None:
        """Return the id of what a token has created; None if nothing.

        Raises
        ------
        IdempotencyTokenError
            If the token was used for another request, or what it created was deleted.
        """
        first = self.marks.get_token(use, now)
        return self._created_by(first, use, now) if first else None

    def _created_by(self, first: Mapping[str, str] | None, use: TokenUse, now: datetime) -> str:
        """Return what a token has created. If it is deleted, nothing is created in its place: the request may be a late repetition."""
        if not first or first["fingerprint"] != use.fingerprint:
            raise IdempotencyTokenError.for_token(use.token)
        made_id = first["made_id"]
        made = (
            self.definitions.get(use.owner_id, made_id)
            if use.space is TokenSpace.DEFINITION
            else self.jobs.get(use.owner_id, made_id, now)
        )
        if made is None:
            raise IdempotencyTokenError.for_deleted(use.token, made_id)
        return made_id
