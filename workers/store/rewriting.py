"""What was deleted leaves the store's disk only when its append-only file is written anew.

hl:rewritten   string: the file is written anew at most once a day on our behalf; lives so long

A small store never does so by itself: the file would have to double, and to reach 64 MB. Whoever
copies the file, for a back-up, sets the key first, so that no rewriting begins meanwhile.
"""

import redis

from workers.store.connection import Connection, our_errors

EVERY_S = 86_400
KEY = "hl:rewritten"


class Rewriting(Connection):
    """The files of the store's servers."""

    def rewrite_files(self) -> bool:
        """Have each server write its file anew; False if one is about it: ask again then.

        What it is about may hold what was deleted since it began. Raises StoreDown where that may
        not be asked for. A replica's own file is not reached.
        """
        with our_errors():
            if not self._cluster:
                return self._rewrite()
            begun = [self._rewrite(target_nodes=each) for each in self.redis.get_primaries()]
            return all(begun)

    def daily_rewriting(self) -> bool:
        """Return True, once a day, to the one that is to have the files written anew."""
        with our_errors():
            return bool(self.redis.set(KEY, "1", nx=True, ex=EVERY_S))

    def _rewrite(self, **to: object) -> bool:
        about = self.redis.info("persistence", **to)
        if not about["aof_enabled"]:
            return True
        if about["aof_rewrite_in_progress"]:
            return False
        try:
            self.redis.bgrewriteaof(**to)
        except redis.ResponseError as error:
            if "in progress" in str(error):
                return False
            raise
        return True
