"""Idempotency tokens: a request that comes again with its token gives what it made the first time."""

from collections.abc import Callable, Mapping
from datetime import datetime

from chalicelib.domain.idempotency import TokenUse
from chalicelib.errors import IdempotencyTokenError, LimitReachedError
from chalicelib.storage.bucket import Bucket
from chalicelib.storage.mark_table import Mark, MarkTable, token_mark
from chalicelib.storage.marked_put import MarkExistsError

__all__ = ["IdempotencyService"]


class IdempotencyService:
    """Keeps what tokens have made.

    Parameters
    ----------
    marks, files
        The stores.
    """

    def __init__(self, *, marks: MarkTable, files: Bucket) -> None:
        self._marks = marks
        self._files = files

    def put_once(
        self, put: Callable[[Mark | None], None], use: TokenUse | None, *, made_id: str, now: datetime, copy: str
    ) -> str:
        """Store a new record, unless its token has made one before; the new one's copy of the snapshot is removed then.

        Parameters
        ----------
        put
            Stores the record with the mark that it is given, both or none.
        use
            The request's token; None if it has none.
        made_id
            The record's id.
        now
            When it is made.
        copy
            Key of its copy of the snapshot.

        Returns
        -------
        str
            The record's id; the first one's, if the token has made it.

        Raises
        ------
        IdempotencyTokenError
            If the token was used for another request.
        """
        if use is None:
            put(None)
            return made_id
        try:
            put(token_mark(use, made_id, now))
        except MarkExistsError:
            first = self._marks.get_token(use, now)
            if not first or first["made_id"] != made_id:  # else the answer to this very write was lost
                self._files.delete(copy)
                return _made_by(first, use)
        return made_id

    def check_new(self, check: Callable[[], None], use: TokenUse | None, now: datetime) -> str | None:
        """Check that something new may be made; where it may not, give what the request's token has made before.

        Parameters
        ----------
        check
            Raises `LimitReachedError` if nothing new may be made.
        use
            The request's token; None if it has none.
        now
            When it is asked.

        Returns
        -------
        str | None
            The id of what the token has made before; None if something new may be made.

        Raises
        ------
        LimitReachedError
            If there is a limit, and the token has made nothing.
        IdempotencyTokenError
            If the token was used for another request.
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
        """Give the id of what a token has made; None if nothing.

        Raises
        ------
        IdempotencyTokenError
            If the token was used for another request.
        """
        first = self._marks.get_token(use, now)
        return _made_by(first, use) if first else None


def _made_by(first: Mapping[str, str] | None, use: TokenUse) -> str:
    if not first or first["fingerprint"] != use.fingerprint:
        raise IdempotencyTokenError.for_token(use.token)
    return first["made_id"]
